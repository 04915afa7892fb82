"""What is wrong with a workflow, as far as rows and buckets tell. Reads, writes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from console.lib.policy import require_bucket
from console.lib.problems import problems_of
from jobs import documents, queries
from jobs.admission import ENDINGS
from jobs.analysing.admission import is_intelligent
from jobs.engine.address import Address, key_mistake
from jobs.engine.codecs import CONTAINERS
from jobs.engine.combinations import check as combined
from jobs.engine.errors import Problem, Refused
from jobs.engine.spec import OutputSpec, TranscodeSpec
from jobs.engine.template import Template, merge
from jobs.workflows import tree
from jobs.workflows.models import Workflow
from media_assets.models import Bucket
from templates_app.marks.resolution import with_marks
from templates_app.queries import find

NAME_BYTES = 128
TYPES_MAX = 100
_ENDING = re.compile(r"[a-z0-9]{1,10}\Z")
Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Wanted:
    """A workflow as somebody wants it. ``path``: «talks/», «talks» (the same) or empty; ``pipeline``: id or name; ``file_types`` empty: video and audio."""

    name: str
    bucket: str
    steps: tuple[tree.Step, ...]
    path: str = ""
    pipeline: str = "default"
    priority: int | None = None
    file_types: tuple[str, ...] = ()
    notify_topic: str = ""
    trigger: str = Workflow.Trigger.AUTOMATIC


def problems(wanted: Wanted, workflow: Workflow | None) -> tuple[Problem, ...]:
    """Everything that is wrong with it, each with its place; ``wanted`` as :func:`tidied` gives it; ``workflow``: the one that is edited."""
    found = [*_name(wanted.name, workflow), *_start(wanted)]
    steps = []
    for number, step in enumerate(wanted.steps):
        try:
            steps.append(_completed(step))
        except Refused as error:
            places = error.problems or (Problem((), error.message),)
            found += (Problem(("steps", number, "job", *problem.loc), problem.message) for problem in places)
            steps.append(step)
    found += tree.check(steps, wanted.bucket, wanted.path)
    bad = {problem.loc[1] for problem in found if problem.loc[:1] == ("steps",) and len(problem.loc) > 1}
    for number, step in enumerate(steps):
        if number not in bad and step.kind:
            found += (Problem(("steps", number, "job", *problem.loc), problem.message) for problem in _job(step, wanted))
    return tuple(found)


def completed(asked: dict[str, Any]) -> dict[str, Any]:
    """A job's document with the values of its snapshot template. Raises Refused TemplateNotFound, InvalidParameter."""
    return documents.completed(asked)


def tidied_path(path: str) -> str:
    """«talks», «/talks/» and «talks/» are the same; empty is the whole bucket."""
    plain = path.strip().strip("/")
    return f"{plain}/" if plain else ""


def tidied_types(types: Sequence[str]) -> tuple[str, ...]:
    """Endings without dot, lower-case, each once."""
    return tuple(dict.fromkeys(one.strip().lstrip(".").lower() for one in types if one.strip()))


def _completed(step: tree.Step) -> tree.Step:
    return step.model_copy(update={"job": documents.completed({**step.job, "kind": step.kind})}) if step.kind else step


def _name(name: str, workflow: Workflow | None) -> Iterator[Problem]:
    here: Loc = ("name",)
    size = len(name.encode())
    if not name or not name[0].isalnum():
        yield Problem(here, _("Start the name with a letter or a digit."))
    elif size > NAME_BYTES:
        yield Problem(here, f"{size} of {NAME_BYTES} bytes.")
    elif Workflow.objects.filter(name=name).exclude(pk=workflow.pk if workflow else "").exists():
        yield Problem(here, _("A workflow with this name exists."))


def _start(wanted: Wanted) -> Iterator[Problem]:
    """Where it begins: bucket, path, pipeline, file types."""
    yield from _bucket(wanted.bucket, ("bucket",), output=False)
    if wanted.path and (mistake := key_mistake(wanted.path + "x")):
        yield Problem(("path",), mistake)
    try:
        queries.find_pipeline(wanted.pipeline)
    except Refused as error:
        yield from error.problems
    if len(wanted.file_types) > TYPES_MAX or not all(_ENDING.match(one) for one in wanted.file_types):
        yield Problem(("file_types",), _("File types are endings such as mp4: 1 to 10 letters and digits, at most 100 of them."))
    if wanted.trigger not in Workflow.Trigger.values:
        yield Problem(("trigger",), _("Choose one of: %(values)s.") % {"values": ", ".join(Workflow.Trigger.values)})


def _bucket(name: str, loc: Loc, *, output: bool) -> Iterator[Problem]:
    try:
        require_bucket(name)
    except Refused as error:
        yield Problem(loc, error.message)
        return
    row = Bucket.objects.filter(name=name).first() if "\x00" not in name else None
    if row is None:
        yield Problem(loc, f"There is no bucket {name}.")
    elif output and not row.is_output:
        yield Problem(loc, f"The bucket {name} is not bound as output.")
    elif not output and not row.is_input:
        yield Problem(loc, f"The bucket {name} is not bound as input.")


def _job(step: tree.Step, wanted: Wanted) -> Iterator[Problem]:
    """What is wrong with the job of a step that reads well: buckets and templates. Places within the job."""
    source = Address(wanted.bucket, wanted.path + tree.SAMPLES[0])
    spec = tree.spec(tree.document(step, source, run_id=tree.RUN_ID, media_id=tree.RUN_ID))
    for loc, address in tree.targets(step, source):
        yield from _bucket(address.bucket, loc, output=True)
    if isinstance(spec, TranscodeSpec):
        for number, output in enumerate(spec.outputs):
            yield from _output(output, ("outputs", number), packages=step.type == "package")


def _output(output: OutputSpec, here: Loc, *, packages: bool) -> Iterator[Problem]:
    """One output of a transcode: its template, what is laid over it, and whether both fit the address and the step."""
    try:
        version = find(output.template).current if output.template else None
    except Refused:
        yield Problem((*here, "template"), f"There is no template {output.template}.")
        return
    try:
        if version is None:
            effective = Template.model_validate_json(json.dumps(output.overrides))
        else:
            base = Template.model_validate(version.params, strict=False)
            effective = merge(base, {} if version.template.is_opaque else output.overrides)
    except ValidationError as error:
        yield from (Problem((*here, "overrides", *problem.loc), problem.message) for problem in problems_of(error))
        return
    effective, unfit = with_marks(effective)
    impossible = () if is_intelligent(version) else combined(effective)  # its values come from the analysis of each file
    for problem in (*(problem for _code, problem in unfit), *impossible):
        section = problem.loc[0] if problem.loc else ""
        yield Problem((*here, "overrides" if section in output.overrides else "template", *problem.loc), problem.message)
    container = effective.container.format
    if packages and container not in tree.SETS:
        yield Problem((*here, "template"), _("A package is a set: choose a template with HLS, DASH or CMAF."))
    if (ending := ENDINGS.get(container)) and not output.address.key.endswith((ending, ".{autoext}")):
        yield Problem((*here, "address"), f"The address of outputs in {CONTAINERS[container].name} ends with {ending}.")
