"""``manage.py serve``: everything of a node under one supervisor: web, beat, worker groups."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.node.running import CannotStart, run_node


class Command(BaseCommand):
    """Run web and workers until Ctrl-C."""

    help = "Runs web and workers until Ctrl-C. Settings come from the environment (REELMILL_HOST, REELMILL_PORT, REELMILL_WORKERS …)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Only what one wants to say at the prompt."""
        parser.add_argument(
            "--workers", type=int, default=settings.REELMILL_WORKERS, help="worker groups for encodes (default: REELMILL_WORKERS, else one per core)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and exit with its status."""
        try:
            sys.exit(run_node(workers=options["workers"], host=settings.REELMILL_HOST, port=settings.REELMILL_PORT, say=self.say))
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def say(self, text: str) -> None:
        """One line to the terminal, at once."""
        self.stdout.write(text)
        self.stdout.flush()
