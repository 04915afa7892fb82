"""The steps of a workflow: what can be said of them, and what is wrong with them. Pure.

A workflow is a list of steps in order; each is done when the one it stands under has succeeded, or at the start. The one above stands before it in the list, so
a list is always a tree. A step holds what a job is asked for, without its input: that is the object that the execution is about.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import pydantic_core
from django.utils.translation import gettext as _
from pydantic import Field, TypeAdapter, ValidationError

from console.lib.problems import problems_of
from jobs import placeholders
from jobs.engine.address import Address, key_mistake
from jobs.engine.errors import Problem, Refused
from jobs.engine.kinds import cover
from jobs.engine.rules import preview as preview_rules
from jobs.engine.rules import snapshot as snapshot_rules
from jobs.engine.rules import sprite as sprite_rules
from jobs.engine.spec import JOB_SPEC, AnySpec, CoverSpec, PreviewSpec, SnapshotSpec, SpriteSpec, TranscodeSpec
from jobs.engine.types import Strict

STEPS_MAX = 50
VIDEO = (
    "mp4",
    "m4v",
    "mov",
    "mkv",
    "webm",
    "avi",
    "flv",
    "f4v",
    "wmv",
    "asf",
    "mpg",
    "mpeg",
    "ts",
    "m2ts",
    "mts",
    "vob",
    "3gp",
    "mxf",
    "ogv",
    "rm",
    "rmvb",
    "gif",
)
AUDIO = ("mp3", "m4a", "aac", "wav", "flac", "ogg", "oga", "opus", "wma", "ac3", "eac3", "aif", "aiff", "amr", "ape", "mka")
FILE_TYPES = (*VIDEO, *AUDIO)
"""Endings of the files that start an execution where a workflow says nothing else."""
SETS = frozenset({"hls", "dash", "cmaf"})
KINDS: Mapping[str, tuple[str, ...]] = {
    "analyse": ("analysis", "mediainfo", "inspect"),
    "transcode": ("transcode",),
    "snapshot": ("snapshot", "sprite", "cover", "preview"),
    "package": ("transcode",),
    "publish": (),
}
"""Which kinds of jobs a step can be; the first one is meant where it says none."""
ENCODES = frozenset({"transcode", "package"})
APART = frozenset({"FileName", "key", "basename", "barename", "RunId", "MediaId", "DestMd5"})
"""Placeholders that give every file names of its own."""
Loc = tuple[str | int, ...]


class Step(Strict):
    """One step of a workflow."""

    name: str = Field(min_length=1, max_length=64, description="once in a workflow")
    type: Literal["analyse", "transcode", "snapshot", "package", "publish"]
    under: str = Field("", max_length=64, description="name of the step that must have succeeded before, which stands before it in the list; empty: none")
    job: dict[str, Any] = Field(
        default_factory=dict,
        description="what POST /jobs takes, without input, pipeline, priority, user_data and notify. kind: analyse: analysis (not said), mediainfo or inspect; "
        "snapshot: snapshot (not said), sprite, cover or preview; transcode and package: transcode. Addresses may have {RunId} and {MediaId}",
    )
    mode: Literal["manual", "all", "first"] = Field(
        "manual",
        description="publish: manual: left to people; all: when all other steps have succeeded; first: when the first output of a transcode or package is ready",
    )

    @property
    def kind(self) -> str:
        """The kind of its job; empty: it has none."""
        kinds = KINDS[self.type]
        said = self.job.get("kind")
        return said if isinstance(said, str) else kinds[0] if kinds else ""


Steps = Annotated[tuple[Step, ...], Field(min_length=1, max_length=STEPS_MAX)]
STEPS: TypeAdapter[tuple[Step, ...]] = TypeAdapter(Steps)


def read(steps: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Steps as they were kept."""
    return STEPS.validate_python([dict(step) for step in steps], strict=False)


def document(step: Step, address: Address, *, run_id: str, media_id: str) -> dict[str, Any]:
    """What the step's job is asked for over this object, {RunId} and {MediaId} filled in; other placeholders are the job's own."""
    job = copy.deepcopy(step.job)
    values = dict(zip(placeholders.OF_WORKFLOWS, (run_id, media_id), strict=True))
    for loc, pattern in patterns(job):
        place: Any = job
        for part in loc[:-1]:
            place = place[part]
        place[loc[-1]] = placeholders.partly(pattern, values)
    return {**job, "kind": step.kind, "input": str(address)}


def spec(asked: Mapping[str, Any]) -> AnySpec:
    """A job's document as its spec. Raises Refused with every mistake and its place."""
    try:
        return JOB_SPEC.validate_json(pydantic_core.to_json(dict(asked)))
    except ValidationError as error:
        raise Refused("InvalidParameter", problems=problems_of(error, tags=frozenset().union(*KINDS.values()))) from None


def patterns(job: Mapping[str, Any]) -> Iterator[tuple[Loc, str]]:
    """The addresses that a job's document writes to, each with its place; what is no text is left out."""
    outputs = job.get("outputs")
    for number, output in enumerate(outputs if isinstance(outputs, list | tuple) else ()):
        if isinstance(output, Mapping) and isinstance(output.get("address"), str):
            yield ("outputs", number, "address"), output["address"]
    for name in ("output", "index", "singles"):
        said = job.get(name)
        if isinstance(said, str):
            yield (name,), said
        elif isinstance(said, Mapping) and isinstance(said.get("address"), str):
            yield (name, "address"), said["address"]


def is_below(address: Address, bucket: str, path: str) -> bool:
    """Whether an object lies below an input path."""
    return address.bucket == bucket and address.key.startswith(path)


# --- what is wrong ----------------------------------------------------------------------------------------------------
RUN_ID = "0" * 32
SAMPLES = ("f0c4a1.mp4", "f0c4a1/f0c4b2/f0c4c3.mp4")  # names below the path that no pattern hits by chance
SAID_ABOVE = frozenset({"input", "pipeline", "priority", "user_data", "notify"})
MOMENT = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
Problems = list[Problem]


def check(steps: Sequence[Step], bucket: str, path: str) -> tuple[Problem, ...]:
    """Everything that can be seen without looking anywhere; places begin with («steps», index)."""
    problems: Problems = []
    written: dict[Address, int] = {}
    for number, step in enumerate(steps):
        here: Loc = ("steps", number)
        problems += (Problem((*here, *problem.loc), problem.message) for problem in (*_place(step, steps[:number]), *_job(step, bucket, path)))
        for address in {address for _loc, address in targets(step, Address(bucket, path + SAMPLES[0]))}:
            if address in written:
                text = _("Steps «%(one)s» and «%(other)s» write the same object.") % {"one": steps[written[address]].name, "other": step.name}
                problems.append(Problem((*here, "job"), text))
            written.setdefault(address, number)
    return tuple(problems)


def _place(step: Step, before: Sequence[Step]) -> Iterator[Problem]:
    """Its name, and what it stands under."""
    if any(other.name == step.name for other in before):
        yield Problem(("name",), _("Another step has this name."))
    if step.type == "publish" and any(other.type == "publish" for other in before):
        yield Problem(("type",), _("One step that publishes is enough."))
    if step.mode != "manual" and step.type != "publish":
        yield Problem(("mode",), _("Only a step that publishes has a mode."))
    if not step.under:
        return
    above = next((other for other in before if other.name == step.under), None)
    if above is None:
        yield Problem(("under",), _("There is no step «%(name)s» before this one.") % {"name": step.under})
    elif above.type == "publish":
        yield Problem(("under",), _("Nothing comes after publishing."))
    elif above.type == "package" and step.type in ENCODES:
        yield Problem(("under",), _("Nothing is encoded after packaging: put this step above it."))


def _job(step: Step, bucket: str, path: str) -> Iterator[Problem]:
    """What its job is asked for; places begin with «job»."""
    here: Loc = ("job",)
    if step.type == "publish":
        if step.job:
            yield Problem(here, _("Publishing needs no job."))
        return
    for name in sorted(SAID_ABOVE & step.job.keys()):
        yield Problem((*here, name), _("The workflow says this for all of its jobs."))
    if step.kind not in KINDS[step.type]:
        yield Problem((*here, "kind"), _("Choose one of: %(values)s.") % {"values": ", ".join(KINDS[step.type])})
        return
    if SAID_ABOVE & step.job.keys():
        return
    sample = Address(bucket, path + SAMPLES[0])
    try:
        wanted = spec(document(step, sample, run_id=RUN_ID, media_id=RUN_ID))
    except Refused as error:
        yield from (Problem((*here, *problem.loc), problem.message) for problem in error.problems)
        return
    yield from (Problem((*here, *problem.loc), problem.message) for problem in _rules(wanted))
    yield from (Problem((*here, *problem.loc), problem.message) for problem in _addresses(step, bucket, path))


def _rules(wanted: AnySpec) -> Sequence[Problem]:
    """What cannot be of a light job. Of transcodes only their templates can tell."""
    if isinstance(wanted, SpriteSpec):
        given = (Problem(("mode",), _("A workflow makes sprites of its file, not of given pictures.")),) if wanted.mode == "images" else ()
        return (*given, *sprite_rules.check(wanted))
    if isinstance(wanted, SnapshotSpec):
        return tuple(snapshot_rules.check(wanted))
    if isinstance(wanted, CoverSpec):
        return tuple(snapshot_rules.check(cover.as_snapshots(wanted)))
    return tuple(preview_rules.check(wanted)) if isinstance(wanted, PreviewSpec) else ()


def _addresses(step: Step, bucket: str, path: str) -> Iterator[Problem]:
    """What is wrong with where it writes: unknown placeholders, one object for all files, an endless loop."""
    for loc, pattern in patterns(step.job):
        if not placeholders.names(pattern) & APART:
            yield Problem(loc, _("Every file would write the same object: put {FileName}, {MediaId} or {RunId} into the address."))
            continue
        for name in SAMPLES:
            try:
                target = _target(step, loc, pattern, Address(bucket, path + name))
            except ValueError as error:
                yield Problem(loc, str(error))
                break
            if is_below(target, bucket, path):
                yield Problem(loc, _("The output path lies inside the input path: an endless loop."))
                break


def targets(step: Step, source: Address) -> Iterator[tuple[Loc, Address]]:
    """Where its outputs would go for this object, as far as it is known before; what cannot be is left out."""
    for loc, pattern in patterns(step.job):
        try:
            yield loc, _target(step, loc, pattern, source)
        except ValueError:
            continue


def _target(step: Step, loc: Loc, pattern: str, source: Address) -> Address:
    """Where one output would go; names that only the outputs have stay placeholders. Raises ValueError with one plain sentence."""
    late = {"transcode": placeholders.LATE, "snapshot": placeholders.OF_PICTURES, "cover": placeholders.OF_PICTURES, "sprite": placeholders.OF_SHEETS}
    named = {"index": (), "singles": placeholders.OF_PICTURES}.get(str(loc[0]), late.get(step.kind, ()))
    address = Address.parse(placeholders.partly(pattern, dict.fromkeys(placeholders.OF_WORKFLOWS, RUN_ID)))
    facts = placeholders.Facts(source, extension="mp4", label="label", resolution="1x1", uploaded=MOMENT, created=MOMENT)
    key = placeholders.fill(address.key, facts, named)
    if mistake := key_mistake(key):
        raise ValueError(mistake)
    return Address(address.bucket, key)


def outputs(wanted: AnySpec) -> Sequence[Any]:
    """The outputs of a transcode; nothing of other kinds."""
    return wanted.outputs if isinstance(wanted, TranscodeSpec) else ()
