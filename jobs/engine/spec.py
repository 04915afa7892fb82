"""JobSpec: what somebody sent. Told apart by ``kind``; frozen; unknown keys are refused; every mistake is reported with its place."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, field_validator

from jobs.engine.address import Address
from jobs.engine.types import Seconds, Strict

USER_DATA_BYTES = 1024
OUTPUTS_MAX = 64


class InputSpec(Strict):
    """One input object, whole or a clip of it."""

    address: Address
    start: Seconds | None = Field(None, lt=86_400, description="where the clip begins, s; not said: 0")
    duration: Seconds | None = Field(None, gt=0, lt=86_400, description="length of the clip, s; not said: to the end")


class OutputSpec(Strict):
    """One output of a transcode."""

    template: str = Field(min_length=1, max_length=128, description="id or unique name of a template")
    address: Address = Field(description="where the file, or the playlist of a set, appears")
    overrides: dict[str, Any] = Field(default_factory=dict, description="a partial template, for this job only")
    overwrite: bool = Field(True, description="replace an existing object (atomically); false: fail instead")
    user_data: str = Field("", description="returned as it is")

    @field_validator("user_data")
    @classmethod
    def _short(cls, value: str) -> str:
        return bounded(value)


class TranscodeSpec(Strict):
    """One input, one or many outputs."""

    kind: Literal["transcode"] = "transcode"
    input: InputSpec
    outputs: tuple[OutputSpec, ...] = Field(min_length=1, max_length=OUTPUTS_MAX)

    @field_validator("input", mode="before")
    @classmethod
    def _plain_address(cls, value: Any) -> Any:
        return {"address": value} if isinstance(value, str | Address) else value


class MediaInfoSpec(Strict):
    """Tell what is in a file. A light kind: takes no slot."""

    kind: Literal["mediainfo"] = "mediainfo"
    input: InputSpec

    @field_validator("input", mode="before")
    @classmethod
    def _plain_address(cls, value: Any) -> Any:
        return {"address": value} if isinstance(value, str | Address) else value


JobSpec = Annotated[TranscodeSpec | MediaInfoSpec, Field(discriminator="kind")]
JOB_SPEC: TypeAdapter[TranscodeSpec | MediaInfoSpec] = TypeAdapter(JobSpec)
LIGHT_KINDS = frozenset({"mediainfo"})


def bounded(value: str) -> str:
    """User data: at most 1,024 bytes of UTF-8 (MPS UserData)."""
    size = len(value.encode())
    if size > USER_DATA_BYTES:
        raise ValueError(f"{size} of {USER_DATA_BYTES} bytes")
    return value
