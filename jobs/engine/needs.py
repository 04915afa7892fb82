"""Which objects a transcode reads besides its input. Pure: walks spec and templates, so a new field with an address needs nothing here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from jobs.engine.address import Address
from jobs.engine.types import Strict

if TYPE_CHECKING:
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template

Loc = tuple[str | int, ...]
Role = Literal["media", "mark", "text"]
"""media: probed like an input; mark: a picture or moving picture to lay over (stills are allowed); text: read by us, never by ffmpeg."""
ROLES: dict[tuple[str, str], Role] = {
    ("watermarks", "image"): "mark",
    ("subtitle", "address"): "text",
    ("edit", "after_list"): "text",
}
"""By the first and the last name of the place; everything else is media."""


def addresses(spec: TranscodeSpec, templates: Sequence[Template] | Mapping[int, Template]) -> Iterator[tuple[Loc, Address, Role]]:
    """Every address but that of the job's input and of the outputs, with its place in the spec: («inputs», 0, «address») or
    («outputs», 1, «overrides», «watermarks», 0, «image»). One object may come several times. ``templates``: of all outputs, or of some by their indices."""
    for index, named in enumerate(spec.inputs):
        yield ("inputs", index, "address"), named.address, "media"
    for index, template in templates.items() if isinstance(templates, Mapping) else enumerate(templates):
        for place, address in _within(template, ()):
            yield ("outputs", index, "overrides", *place), address, ROLES.get((str(place[0]), str(place[-1])), "media")


def _within(value: Any, place: Loc) -> Iterator[tuple[Loc, Address]]:
    if isinstance(value, Address):
        yield place, value
    elif isinstance(value, Strict):
        for name in type(value).model_fields:
            yield from _within(getattr(value, name), (*place, name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _within(item, (*place, number))
