"""How IMM says no. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.dialects.call import Refusal
from jobs.dialects.reading import Bad
from jobs.dialects.refusals import SAID, refusal
from jobs.engine.errors import ReelmillError, Refused

UNATTACHED = "The specified resource Attachment is not found."
CODES: dict[str, tuple[str, int]] = {
    "NotFound": ("ResourceNotFound", 400),
    "BucketNotFound": ("ResourceNotFound", 400),
    "ObjectNotFound": ("ResourceNotFound", 400),
    "TemplateNotFound": ("ResourceNotFound", 400),
    "PipelineNotFound": ("ResourceNotFound", 400),
    "ObjectAlreadyExists": ("ResourceAlreadyExists", 400),
    "QueueFull": ("LimitExceededError", 400),
    "PermissionDenied": ("Forbidden.RAM", 403),
    "BucketRoleMissing": ("Forbidden.RAM", 403),
    "BucketAccessDenied": ("Forbidden.RAM", 403),
    "BucketUnreachable": ("ServiceUnavailable", 503),
    "NotFinishedYet": ("ServiceUnavailable", 503),
    "InternalError": ("InternalError", 500),
}


def failure(error: Exception) -> Refusal | None:
    """The product's refusal for a mistake of reading or for ours; None: not one of these."""
    if isinstance(error, Bad):
        if error.missing:
            return Refusal("InvalidArgument", f"The parameter {error.place} is required but not provided.")
        return Refusal("InvalidArgument", f"The parameter {error.place} is invalid. {error.message}")
    if isinstance(error, ReelmillError):
        return refusal(error, CODES, "InvalidArgument")
    return None


def at_places(error: Refused, places: Sequence[Sequence[str]]) -> Refused | Refusal:
    """A refusal of :func:`jobs.services.submit_all` with the places of the request. ``places``: of each order's outputs."""
    told = []
    for problem in error.problems[:SAID]:
        order = problem.loc[1] if len(problem.loc) > 1 and isinstance(problem.loc[1], int) else 0
        rest = problem.loc[2:]
        index = rest[1] if rest[:1] == ("outputs",) and len(rest) > 1 and isinstance(rest[1], int) else None
        own = places[order]
        place = "Sources" if rest[:1] in (("input",), ("inputs",)) else own[index] if index is not None else own[0] if len(own) == 1 else ""
        told.append(f"{place}: {problem.message}" if place else problem.message)
    code, status = CODES.get(error.code, ("InvalidArgument", 400))
    return Refusal(code, " ".join(dict.fromkeys(told)) or error.message, status)


def no_attachment() -> Refusal:
    """A bucket of the request is attached to no project."""
    return Refusal("ResourceNotFound", UNATTACHED)
