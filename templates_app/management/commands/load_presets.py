"""Bring the shipped presets into the database; safe to run at every start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from templates_app import services


class Command(BaseCommand):
    """Loads presets."""

    help = "Bring the shipped presets into the database. Running it again changes nothing; presets that ship with other parameters get a new version."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load and say how many changed."""
        self.stdout.write(f"{services.load_presets()} presets new or changed")
