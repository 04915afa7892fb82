"""Text tracks: those of the input, and files beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jobs.engine.address import Address
from jobs.engine.types import Strict
from jobs.engine.vocabulary.units import Language, Title

Charset = Literal["auto", "utf-8", "gbk", "big5", "utf-16", "shift_jis", "euc-kr", "windows-1252"]


class SubtitleFile(Strict):
    """A subtitle file: SRT, ASS, SSA or WebVTT."""

    address: Address
    charset: Charset = Field("auto", description="character encoding of the file; auto: found by its bytes, which may guess wrong")
    language: Language | None = Field(None, description="not said: und")
    title: Title | None = Field(None, description="name of the track in players")
    default: bool = Field(False, description="shown without being asked for")
    burn: bool = Field(False, description="drawn into the picture instead of being a track of its own")
    font: str | None = Field(
        None,
        max_length=64,
        pattern=r"^[^,{}\\\x00-\x1f\x7f]+$",
        description="burnt text: name of a font of the worker; not said: one that has the characters, or those of an ASS file",
    )
    offset_seconds: float = Field(0.0, ge=-3600, le=3600, description="shifts all times")


class Subtitle(Strict):
    """Text tracks of the output."""

    remove: bool = Field(
        False,
        description="drop the input's subtitle streams; not said: those that the container can hold are kept; of hls only in a set that has a master anyway",
    )
    streams: tuple[int, ...] | None = Field(None, max_length=32, description="which of the input's subtitle streams to keep, counted from 0; not said: all")
    languages: tuple[Language, ...] | None = Field(None, max_length=32, description="keep only the input's streams of these languages")
    burn_stream: int | None = Field(None, ge=0, le=99, description="draw this subtitle stream of the input into the picture, counted from 0")
    files: tuple[SubtitleFile, ...] = Field((), max_length=20, description="files beside the input")
