"""``manage.py explain_job``: show the plan and the command lines of a job, run nothing."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic import ValidationError

from jobs.engine import join_list
from jobs.engine.argv import commands
from jobs.engine.combinations import check
from jobs.engine.encryption import STAND_IN
from jobs.engine.errors import JobError, ReelmillError
from jobs.engine.needs import addresses
from jobs.engine.probe import Probe
from jobs.engine.resolve import resolve
from jobs.engine.sources import Fetched, Material
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template, merge
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import stills, tools
from jobs.management.arguments import json_object
from jobs.models import Job
from jobs.readables import read_list
from media_assets.storage import storage
from templates_app.marks.resolution import with_marks
from templates_app.queries import find

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from jobs.engine.needs import Role
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
        spec = TranscodeSpec.model_validate(job.spec, strict=False)
        material, templates = _known(
            spec, [Template.model_validate(row.effective, strict=False) for row in rows], Probe.model_validate(job.probe, strict=False)
        )
        return resolve(spec, templates, material, overrides=[row.overrides for row in rows])

    def _of_file(self, options: dict[str, Any]) -> Plan:
        if not options["template"]:
            raise CommandError("Name at least one --template.")
        path = Path(options["job"]).resolve()
        overrides = options["overrides"]
        templates = []
        for name in options["template"]:
            version = find(name).current
            template, unfit = with_marks(merge(Template.model_validate(version.params if version else {}, strict=False), overrides), ())
            if problems := (*(problem for _code, problem in unfit), *check(template)):
                raise CommandError("; ".join(problem.message for problem in problems))
            templates.append(template)
        found = ffprobe.probe(path, tools=tools.find(settings.REELMILL_FFMPEG, settings.REELMILL_FFPROBE), cwd=path.parent)
        document = {
            "input": {"address": "oss://input/explained", "start": options["start"], "duration": options["duration"]},
            "outputs": [{"template": name, "address": f"oss://output/o{index}.m3u8", "overrides": overrides} for index, name in enumerate(options["template"])],
        }
        spec = TranscodeSpec.model_validate(document, strict=False)
        material, templates = _known(spec, templates, found)
        return resolve(spec, templates, material, overrides=[overrides] * len(templates))


def _known(spec: TranscodeSpec, templates: list[Template], probe: Probe) -> tuple[Material, list[Template]]:
    """The input and whatever else is read, looked at and not kept, under the names that a worker gives; lists are replaced by their parts. Nothing is
    measured, and keys are stand-ins, since the real ones are nobody's to see."""
    templates = [
        join_list.with_parts(template, read_list(template.edit.after_list)) if template.edit.after_list is not None else template for template in templates
    ]
    files = {spec.input.address: Fetched("input", probe)}
    with TemporaryDirectory() as folder:
        for _place, address, role in sorted(addresses(spec, templates), key=lambda found: found[2] == "mark"):
            if address not in files:
                files[address] = _looked_at(Path(folder), address, role, f"{'mark' if role == 'mark' else 'm'}{len(files)}")
    keys = {index: STAND_IN for index, template in enumerate(templates) if template.encryption}
    return Material(probe, files, keys=keys), templates


def _looked_at(room: Path, address: Address, role: Role, name: str) -> Fetched:
    try:
        path, programs = storage(address.bucket).pin(address.key, room, name), tools.find(settings.REELMILL_FFMPEG, settings.REELMILL_FFPROBE)
        if role == "text":
            return Fetched(name, data=path.read_bytes())
        return Fetched(name, stills.mark(path, tools=programs, cwd=room) if role == "mark" else ffprobe.probe(path, tools=programs, cwd=room))
    except ReelmillError as error:
        return Fetched(name, problem=JobError(error.code, error.message))
