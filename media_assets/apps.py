"""Django's name for the app of media and buckets."""

from __future__ import annotations

from django.apps import AppConfig


class MediaAssetsConfig(AppConfig):
    name = "media_assets"
