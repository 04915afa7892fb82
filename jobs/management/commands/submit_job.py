"""``manage.py submit_job FILE --template NAME [--wait]``: transcode a file from the command line."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from jobs import services
from jobs.defaults import in_turn, output_address
from jobs.engine.address import SCHEME, Address
from jobs.engine.errors import Refused
from jobs.management.arguments import json_object
from jobs.models import Job
from jobs.payloads import read_job_request
from jobs.states import JobState
from media_assets.storage import storage

BAR = 30
CHUNK = 1 << 20


class Command(BaseCommand):
    """Submits one transcode; copies a local file into the input bucket first."""

    help = "Transcode FILE (a local file, or oss://bucket/key) with one or more templates."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options as in the JSON API."""
        parser.add_argument("file", help="a local file, or an address oss://bucket/key")
        parser.add_argument("--template", "-t", action="append", required=True, help="id or name; may be given several times: one output each")
        parser.add_argument(
            "--output", "-o", action="append", default=[], help="address of each output; default: oss://output/<folder>/<name>-<template>.<ext>"
        )
        parser.add_argument("--overrides", type=json_object, default={}, help="a partial template as JSON, for all outputs")
        parser.add_argument("--pipeline", default="default")
        parser.add_argument("--priority", type=int, default=None, choices=range(1, 11), metavar="1-10")
        parser.add_argument("--start", type=float, default=None, help="where the clip begins, s")
        parser.add_argument("--duration", type=float, default=None, help="length of the clip, s")
        parser.add_argument("--user-data", default="")
        parser.add_argument("--quality", action="store_true", help="measure the outputs against the source afterwards")
        parser.add_argument("--wait", action="store_true", help="wait for the end, with a progress bar; exit status 1 if it fails")

    def handle(self, *args: Any, **options: Any) -> None:
        """Submit, print the id, perhaps wait."""
        try:
            job = self._submit(self._source(options["file"]), options)
        except Refused as error:
            places = "".join(f"\n  {'.'.join(map(str, problem.loc))}: {problem.message}" for problem in error.problems)
            raise CommandError(f"{error.code}: {error.message}{places}") from None
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(job.id)
        if options["wait"]:
            self._wait(job.id)

    @in_turn()
    def _submit(self, source: Address, options: Mapping[str, Any]) -> Job:
        """The job, with default names for outputs that have none. Raises Refused, ValueError."""
        request = read_job_request(
            {
                "kind": "transcode",
                "pipeline": options["pipeline"],
                "priority": options["priority"],
                "user_data": options["user_data"],
                "input": {"address": str(source), "start": options["start"], "duration": options["duration"]},
                "outputs": [
                    {"template": name, "address": address, "overrides": options["overrides"], "quality": options["quality"]}
                    for name, address in self._outputs(source, options["template"], options["output"])
                ],
            }
        )
        about: dict[str, Any] = {"pipeline": request.pipeline, "priority": request.priority, "user_data": request.user_data}
        return services.submit(spec=request.spec, **about, notify_topic=request.notify, source=Job.Source.CLI)

    def _source(self, text: str) -> Address:
        """The address given, or a local file copied to the bucket «input»."""
        if text.startswith(SCHEME):
            return Address.parse(text)
        path = Path(text)
        if not path.is_file():
            raise CommandError(f"There is no file {text}.")
        address = Address.parse(f"{SCHEME}input/{path.name}")
        with path.open("rb") as file:
            storage(address.bucket).put(address.key, iter(lambda: file.read(CHUNK), b""))
        return address

    def _outputs(self, source: Address, templates: list[str], given: list[str]) -> list[tuple[str, str]]:
        """Template and address of each output."""
        if given and len(given) != len(templates):
            raise CommandError("Give one --output for each --template, or none.")
        if given:
            return list(zip(templates, given, strict=True))
        return [(name, str(output_address(source, name))) for name in templates]

    def _wait(self, job_id: str) -> None:
        """Follow the job to its end."""
        bar = sys.stderr.isatty()
        while True:
            close_old_connections()
            job = Job.objects.get(pk=job_id)
            if bar:
                filled = BAR * job.progress // 100
                speed = f" {job.speed:.1f}×" if job.speed else ""
                self.stderr.write(f"\r{'█' * filled}{'░' * (BAR - filled)} {job.progress:3d} % {job.state}{speed}   ", ending="")
            if job.is_final:
                break
            time.sleep(0.3)
        if bar:
            self.stderr.write("")
        for output in job.outputs.order_by("index"):
            self.stdout.write(f"{output.state} {output} {output.message}".rstrip())
        if job.state != JobState.SUCCEEDED:
            raise CommandError(f"{job.code}: {job.message}")
