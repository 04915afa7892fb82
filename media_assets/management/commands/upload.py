"""``manage.py upload FILE…``: put local files into an input bucket and the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.engine.errors import Refused
from media_assets.uploads import IF_EXISTS, upload

CHUNK = 1 << 20


class Command(BaseCommand):
    """Uploads without a browser; a folder goes with everything below it."""

    help = "Put FILEs (or folders) into an input bucket and the library; prints the address and the media of each."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options as in the console."""
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--bucket", default="input")
        parser.add_argument("--folder", default="", help="in the bucket")
        parser.add_argument("--if-exists", choices=IF_EXISTS, default="fail", dest="if_exists")

    def handle(self, *args: Any, **options: Any) -> None:
        """All of them; a file that is refused does not stop the others, and the exit status tells."""
        refused = 0
        folder = options["folder"].strip("/")
        for path, name in [pair for given in options["files"] for pair in _named(given)]:
            key = f"{folder}/{name}" if folder else name
            try:
                with path.open("rb") as file:
                    media = upload(options["bucket"], key, iter(lambda: file.read(CHUNK), b""), if_exists=options["if_exists"])
            except (Refused, OSError) as error:
                refused += 1
                self.stderr.write(f"{path}: {error.message if isinstance(error, Refused) else error}")
                continue
            self.stdout.write(f"oss://{media.bucket}/{media.key} {media.id}")
        if refused:
            raise CommandError(f"{refused} not uploaded.")


def _named(given: Path) -> list[tuple[Path, str]]:
    """Files and the names that they get: of a folder, with the folder's own name before."""
    if not given.is_dir():
        return [(given, given.name)]
    root = given.resolve().parent
    return [(path, str(path.resolve().relative_to(root))) for path in sorted(given.rglob("*")) if path.is_file()]
