"""Django's name for the app of jobs."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("jobs.checks")
