"""``manage.py worker``: a node without web, for further hosts on the same database."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.node.running import CannotStart, run_node


class Command(BaseCommand):
    """Run workers until Ctrl-C."""

    help = "Runs workers without web until Ctrl-C, on as many hosts as wanted. DATABASE_URL names the common database; REELMILL_SECRET_KEY must be the same everywhere."

    def add_arguments(self, parser: CommandParser) -> None:
        """Only what one wants to say at the prompt."""
        parser.add_argument(
            "--workers", type=int, default=settings.REELMILL_WORKERS, help="worker groups for encodes (default: REELMILL_WORKERS, else one per core)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and exit with its status."""
        try:
            sys.exit(run_node(workers=options["workers"], say=self.say))
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def say(self, text: str) -> None:
        """One line to the terminal, at once."""
        self.stdout.write(text)
        self.stdout.flush()
