"""The base of every model of the engine's vocabulary, and its few units."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """Frozen, and an unknown key is an error: a misspelt key must not be a surprise. No implicit conversion of text to numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Seconds = Annotated[float, Field(ge=0, description="seconds")]
Kbps = Annotated[int, Field(description="kbit/s (1 kbit = 1000 bit)")]
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$", description="32 lower-case hexadecimal digits")]
