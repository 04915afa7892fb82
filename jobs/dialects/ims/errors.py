"""How IMS says no. Pure."""

from __future__ import annotations

from jobs.dialects.call import Refusal
from jobs.dialects.reading import Bad
from jobs.dialects.refusals import refusal
from jobs.engine.errors import ReelmillError

CODES: dict[str, tuple[str, int]] = {
    "NotFound": ("ResourceNotFound", 404),
    "PipelineNotFound": ("PipelineNotFound", 404),
    "TemplateNotFound": ("TemplateNotFound", 404),
    "BucketNotFound": ("InvalidParameter.BucketNotFound", 400),
    "ObjectNotFound": ("InvalidParameter.ResourceNotFound", 400),
    "ObjectAlreadyExists": ("InvalidParameter.AlreadyExists", 400),
    "WrongState": ("OperationDenied", 400),
    "PermissionDenied": ("Forbidden", 403),
    "BucketRoleMissing": ("Forbidden", 403),
    "BucketAccessDenied": ("Forbidden", 403),
    "QueueFull": ("Throttling", 400),
    "BucketUnreachable": ("ServiceUnavailable", 503),
    "NotFinishedYet": ("ServiceUnavailable", 503),
    "InternalError": ("InternalError", 500),
}


def failure(error: Exception) -> Refusal | None:
    """The product's refusal for a mistake of reading or for ours; None: not one of these."""
    if isinstance(error, Bad):
        if error.missing and "." not in error.place and "[" not in error.place:
            return Refusal(f"Missing{error.place}", f"{error.place} is mandatory for this action.")
        return Refusal("InvalidParameter", f"Specified parameter {error.place} is not valid. {error.message}")
    if isinstance(error, ReelmillError):
        return refusal(error, CODES, "InvalidParameter")
    return None


def not_found(what: str, name: str) -> Refusal:
    """There is no such thing. ``what``: Job, Pipeline, Template."""
    return Refusal(f"{what}NotFound", f"The specified {what.lower()} {name[:64]} is not found.", 404)
