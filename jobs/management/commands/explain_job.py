"""``manage.py explain_job``: show the plan and the command lines of a job, run nothing."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError

from jobs.engine.argv import commands
from jobs.engine.combinations import check
from jobs.engine.errors import ReelmillError
from jobs.engine.probe import Probe
from jobs.engine.resolve import resolve
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template, merge
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.management.arguments import json_object
from jobs.models import Job
from templates_app.queries import find

if TYPE_CHECKING:
    from jobs.engine.plan import Plan


class Command(BaseCommand):
    """Resolves without running: a job's id shows what was or will be run; a file and templates show what would be."""

    help = "Show the plan and the ffmpeg command lines of a job (by id) or of a file with templates. Runs no encoder."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to explain."""
        parser.add_argument("job", help="id of a job, or a local media file")
        parser.add_argument("--template", "-t", action="append", default=[], help="id or name; with a file")
        parser.add_argument("--overrides", type=json_object, default={}, help="a partial template as JSON; with a file")
        parser.add_argument("--start", type=float, default=None)
        parser.add_argument("--duration", type=float, default=None)
        parser.add_argument("--json", action="store_true", help="plan and commands as one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the plan, then one shell-quoted line per command."""
        try:
            plan = self._of_file(options) if Path(options["job"]).is_file() else self._of_job(options["job"])
        except (ReelmillError, ValidationError) as error:
            raise CommandError(str(error)) from None
        work = commands(plan)
        if options["json"]:
            self.stdout.write(
                json.dumps({"plan": plan.model_dump(mode="json"), "commands": [c.model_dump(mode="json") for c in work]}, indent=2, ensure_ascii=False)
            )
            return
        self.stdout.write(plan.model_dump_json(indent=2))
        for command in work:
            self.stdout.write("\n" + shlex.join([command.program, *command.argv]))

    def _of_job(self, job_id: str) -> Plan:
        job = Job.objects.filter(pk=job_id, kind="transcode").first()
        if job is None:
            raise CommandError(f"There is no file and no transcode job {job_id}.")
        if job.probe is None:
            raise CommandError("The input of this job has not been probed yet.")
        rows = list(job.outputs.order_by("index"))
        return resolve(
            TranscodeSpec.model_validate(job.spec, strict=False),
            [Template.model_validate(row.effective, strict=False) for row in rows],
            Probe.model_validate(job.probe, strict=False),
            overrides=[row.overrides for row in rows],
        )

    def _of_file(self, options: dict[str, Any]) -> Plan:
        if not options["template"]:
            raise CommandError("Name at least one --template.")
        path = Path(options["job"]).resolve()
        overrides = options["overrides"]
        templates = []
        for name in options["template"]:
            version = find(name).current
            template = merge(Template.model_validate(version.params if version else {}, strict=False), overrides)
            if problems := check(template):
                raise CommandError("; ".join(problem.message for problem in problems))
            templates.append(template)
        found = ffprobe.probe(path, tools=tools.find(settings.REELMILL_FFMPEG, settings.REELMILL_FFPROBE), cwd=path.parent)
        document = {
            "input": {"address": "oss://input/explained", "start": options["start"], "duration": options["duration"]},
            "outputs": [{"template": name, "address": f"oss://output/o{index}.m3u8", "overrides": overrides} for index, name in enumerate(options["template"])],
        }
        return resolve(TranscodeSpec.model_validate(document, strict=False), templates, found, overrides=[overrides] * len(templates))
