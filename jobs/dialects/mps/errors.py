"""How MPS says no: its codes for ours and for values that cannot be used. Pure."""

from __future__ import annotations

from jobs.dialects.call import Refusal
from jobs.dialects.reading import Bad
from jobs.engine.errors import ReelmillError
from jobs.engine.vocabulary.products import NAMES

NOT_FOUND = "InvalidParameter.ResourceNotFound"
TEMPLATE_NOT_FOUND = "InvalidParameter.TemplateNotFound"
KINDS: dict[str, tuple[str, str]] = {
    "value": ("InvalidParameter", 'The specified parameter "{}" is invalid.'),
    "json": ("InvalidParameter.JsonFormatInvalid", 'The parameter "{}" does not conform to the JSON specification.'),
    "object": ("InvalidParameter.JsonObjectFormatInvalid", 'The parameter "{}" does not conform to the JSON Object specification.'),
    "array": ("InvalidParameter.JsonArrayFormatInvalid", 'The parameter "{}" does not conform to the JSON Array specification.'),
    "number": ("InvalidParameter.NumberFormatInvalid", 'The specified parameter "{}" is not a number.'),
    "range": ("InvalidParameter.OutOfRange", 'The specified parameter "{}" is out of range.'),
    "list": ("InvalidParameter.ListSizeExceed", 'The list "{}" has too many elements.'),
    "unsupported": ("InvalidParameter.NotSupported", 'The specified parameter "{}" is not supported.'),
    "feature": ("Parameters.NotSupported", 'The specified parameter "{}" is not supported.'),
    "base64": ("InvalidParameter.InvalidBase64Format", 'The specified parameter "{}" is not valid Base64.'),
    "key": ("InvalidParameter.ObjectKeyInvalid", 'The object key "{}" is invalid.'),
    "bucket": ("InvalidParameter.BucketNameInvalid", 'The bucket name "{}" is invalid.'),
    "container": ("DataEncryption.ContainerFormatNotSupported", 'The container does not support "{}".'),
}
"""By what is wrong with a value: the code, and its sentence with a place for the parameter's name."""
CODES: dict[str, tuple[str, int]] = {
    "InvalidParameter": ("InvalidParameter", 400),
    "InvalidAddress": ("InvalidParameter.ObjectKeyInvalid", 400),
    "ImpossibleCombination": ("InvalidParameter.NotSupported", 400),
    "NotFound": (NOT_FOUND, 404),
    "PipelineNotFound": (NOT_FOUND, 404),
    "TemplateNotFound": (TEMPLATE_NOT_FOUND, 404),
    "BucketNotFound": (NOT_FOUND, 404),
    "ObjectNotFound": (NOT_FOUND, 404),
    "ObjectAlreadyExists": ("InvalidParameter", 400),
    "OutputOverwritesInput": ("InvalidParameter", 400),
    "OutputConflict": ("InvalidParameter", 400),
    "BucketRoleMissing": ("PermissionDenied.ResourceAccess", 403),
    "BucketAccessDenied": ("PermissionDenied.ResourceAccess", 403),
    "BucketUnreachable": ("ServiceUnavailable", 503),
    "QueueFull": ("PermissionDenied.ResourceQuotaExceed", 403),
    "CapabilityMissing": ("Parameters.NotSupported", 400),
    "PermissionDenied": ("Forbidden.RAM", 403),
    "WrongState": ("InvalidParameter.InvalidState", 400),
    "StorageFull": ("ServiceUnavailable", 503),
    "IdempotencyConflict": ("InvalidParameter", 400),
    # of jobs
    "InputNotReadable": ("InvalidParameter.ResourceContentBad", 400),
    "InputForbidden": ("InvalidParameter.ResourceNotSupported", 400),
    "InputTooLarge": ("InvalidParameter.ResourceNotSupported", 400),
    "InputChanged": ("InvalidParameter.ResourceContentBad", 400),
    "ResourceContentBad": ("InvalidParameter.ResourceContentBad", 400),
    "NoVideoStream": ("InvalidParameter.ResourceContentBad", 400),
    "NoAudioStream": ("InvalidParameter.NoAudioStream", 400),
    "NoStreamLeft": ("InvalidParameter.ResourceContentBad", 400),
    "TrackNotFound": ("InvalidParameter.ResourceNotSupported", 400),
    "SubtitleNotReadable": ("InvalidParameter.ResourceContentBad", 400),
    "JoinListNotReadable": ("InvalidParameter.ResourceContentBad", 400),
    "ClipOutOfRange": ("InvalidParameter.OutOfRange", 400),
    "TimeOutOfRange": ("InvalidParameter.OutOfRange", 400),
    "WatermarkNotReadable": ("InvalidParameter.WaterMarkFileFormatNotSupported", 400),
    "WatermarkTooLarge": ("InvalidParameter.WaterMarkFileFormatNotSupported", 400),
    "AnalysisNeeded": ("InvalidParameter.TemplateNotSupported", 400),
    "TemplateUnfit": ("InvalidParameter.TemplateNotSupported", 400),
    "SourceTooSmall": ("InvalidParameter.TemplateNotSupported", 400),
    "AreaOutsidePicture": ("InvalidParameter.OutOfRange", 400),
}
"""By our code: MPS's, and the HTTP status where the whole request is refused. What is not here is ``InternalError``."""


def refused(kind: str, place: str, message: str = "") -> Refusal:
    """A value that cannot be used; ``message``: one more sentence about why."""
    code, sentence = KINDS[kind]
    return Refusal(code, " ".join(filter(None, (sentence.format(place), message))))


def absent(place: str) -> Refusal:
    """A parameter that must be there."""
    return Refusal("InvalidParameter.NullValue", f'The specified parameter "{place}" cannot be null.')


def not_found(what: str) -> Refusal:
    """Something that is named and not there."""
    return Refusal(NOT_FOUND, f'The resource operated "{what}" cannot be found.', 404)


def no_template(what: str) -> Refusal:
    """A template that is named and not there."""
    return Refusal(TEMPLATE_NOT_FOUND, f'The Template operated "{what}" cannot be found.', 404)


def failure(error: Exception) -> Refusal | None:
    """MPS's refusal for an error of ours; None: no error that it has a word for."""
    if isinstance(error, Bad):
        return absent(error.place) if error.missing else refused(error.kind, error.place, error.message)
    if not isinstance(error, ReelmillError):
        return None
    code, status = CODES.get(error.code, ("", 0))
    return Refusal(code, sentence(error), status) if code else None


def sentence(error: ReelmillError) -> str:
    """What is wrong, with MPS's name of the first value that is."""
    if not error.problems:
        return error.message
    first = error.problems[0]
    place = named(first.loc)
    if first.loc[-1:] == ("address",):  # one word of ours, two of theirs
        place = ("Input" if "input" in first.loc else "Output") + ("Bucket" if error.code.startswith("Bucket") else "Object")
    return f'The specified parameter "{place}" is invalid. {first.message}' if place else first.message


def job_code(code: str) -> str:
    """MPS's code for what ended a job or an output."""
    return CODES[code][0] if code in CODES else "InternalError" if code else ""


def named(loc: tuple[str | int, ...]) -> str:
    """MPS's name of a place among our parameters: ``("params", "video", "crf")`` is ``Video.Crf``."""
    words = [part for part in loc if isinstance(part, str) and part not in ("params", "overrides", "outputs", "template")]
    for size in range(len(words), 0, -1):
        row = NAMES.get(".".join(words[:size]))
        if row is not None and row.mps != "–":
            return row.mps
    return ".".join(word.title().replace("_", "") for word in words)
