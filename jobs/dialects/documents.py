"""Job documents that translators made, read as specs; a mistake is told with the place of the request. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pydantic_core
from pydantic import ValidationError

from jobs.dialects.reading import Bad
from jobs.engine.spec import JOB_SPEC, AnySpec


def spec_of(document: Mapping[str, Any], place: Callable[[tuple[str | int, ...]], str]) -> AnySpec:
    """The spec. ``place``: where in the request a place of the document came from. Raises Bad."""
    try:
        return JOB_SPEC.validate_json(pydantic_core.to_json(document))
    except ValidationError as error:
        row = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Bad(place(row["loc"]), row["msg"].removeprefix("Value error, ")) from None
