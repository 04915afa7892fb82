"""The steps of a workflow: what can be said of them, and what is wrong with them. Pure.

A workflow is a list of steps in order; each is done when the one it stands under has succeeded, or at the start. The one above stands before it in the list, so
a list is always a tree. A step holds what a job is asked for, without its input: that is the object that the execution is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

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
