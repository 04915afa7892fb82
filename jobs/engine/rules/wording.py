"""How refusals speak of choices. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jobs.engine.containers import CONTAINERS, Container

if TYPE_CHECKING:
    from jobs.engine.types import Strict


def said(section: Strict) -> list[str]:
    """Fields that say something, besides «remove»."""
    return [name for name, field in type(section).model_fields.items() if name != "remove" and getattr(section, name) != field.default]


def either(values: Iterable[str]) -> str:
    """«MP4, TS or HLS»."""
    words = list(values)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def formats(can: Callable[[Container], bool]) -> str:
    """The formats that can."""
    return either(dict.fromkeys(c.name for c in CONTAINERS.values() if can(c)))


def hertz(rate: int) -> str:
    """«44 100 Hz»."""
    return f"{rate:,} Hz".replace(",", " ")


def cannot_hold(container: Container, codec: str, name: str, can: Callable[[Container], bool]) -> str:
    """Why this codec is not for this container, and which one is."""
    choices = formats(can)
    if reason := container.reasons.get(codec) or container.reasons.get(""):
        return f"{container.name} cannot hold {name}. {reason} Use {choices}."
    return f"{container.name} cannot hold {name}. Use {choices}."
