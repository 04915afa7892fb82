"""JSON in and out, the same for every endpoint: bodies read strictly with all mistakes at once, errors always of one shape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import pydantic_core
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from pydantic import BaseModel, TypeAdapter, ValidationError

from console.error_texts import translated
from console.lib.ids import new_id
from console.lib.problems import problems_of
from jobs.engine.errors import CODES, Problem, ReelmillError, Refused

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    class HtmxRequest(HttpRequest):
        """A request that went through django-htmx's middleware."""

        htmx: HtmxDetails


Model = TypeVar("Model", bound=BaseModel)
Loc = tuple[str | int, ...]
DEPTH = 64  # of nested objects and lists; ours need six
PROBLEMS_MAX = 100


# --- out --------------------------------------------------------------------------------------------------------------
def answer(document: Any, status: int = 200) -> HttpResponse:
    """A JSON answer; times as ISO 8601 in UTC with Z."""
    return HttpResponse(pydantic_core.to_json(document, inf_nan_mode="null"), status=status, content_type="application/json")


def iso(moment: dt.datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds and Z, or None."""
    return None if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def error_document(request: HttpRequest, code: str, message: str = "", problems: Iterable[Problem] = ()) -> dict[str, Any]:
    """The one shape of errors, in the caller's language."""
    return {
        "code": code,
        "message": translated(message or CODES[code].sentence),
        "remedy": translated(CODES[code].remedy),
        "errors": [{"loc": list(problem.loc), "message": translated(problem.message)} for problem in list(problems)[:PROBLEMS_MAX]],
        "request_id": getattr(request, "id", "") or new_id(),
    }


def error_answer(request: HttpRequest, error: ReelmillError) -> HttpResponse:
    """Answer with an error of ours."""
    response = answer(error_document(request, error.code, error.message, error.problems), error.status)
    if error.code == "NotAuthenticated":
        response.headers["WWW-Authenticate"] = 'Bearer realm="reelmill"'
    if error.code == "QueueFull":
        response.headers["Retry-After"] = "5"
    return response


def failure(request: HttpRequest, status: int) -> HttpResponse:
    """Answer with an error that only has an HTTP status: from Django, or a bug."""
    codes = {401: "NotAuthenticated", 403: "PermissionDenied", 404: "NotFound", 405: "MethodNotAllowed", 413: "BodyTooLarge"}
    code = codes.get(status, "InvalidParameter" if status < 500 else "InternalError")
    return answer(error_document(request, code), status)


# --- in ---------------------------------------------------------------------------------------------------------------
def read_json(request: HttpRequest) -> Any:
    """The body as JSON values that any database can hold. Raises Refused: not JSON, NUL characters, too deep, too large."""
    try:
        body = request.body
    except RequestDataTooBig:
        raise Refused("BodyTooLarge") from None
    except UnreadablePostError:
        raise Refused("InvalidParameter", _("The request's body was cut off.")) from None
    if not body.strip():
        raise Refused("InvalidParameter", _("The request has no body; send JSON."))
    try:
        document = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError as error:  # also too deep, not UTF-8, lone surrogates, numbers of thousands of digits
        raise Refused("InvalidParameter", _("The body is not JSON: %(reason)s.") % {"reason": error}) from None
    problems = tuple(_unusable(document, ()))
    if problems:
        raise Refused("InvalidParameter", problems=problems)
    return document


def read_object(request: HttpRequest, *, empty: bool = False) -> dict[str, Any]:
    """The body as a JSON object. ``empty``: no body at all counts as ``{}``."""
    if empty and not request.body.strip():
        return {}
    document = read_json(request)
    if not isinstance(document, dict):
        raise Refused("InvalidParameter", _("The body must be a JSON object."))
    return document


def read(model: type[Model], request: HttpRequest, *, empty: bool = False) -> Model:
    """The body as ``model``. Raises Refused with every mistake and its place."""
    return validate(TypeAdapter(model), read_object(request, empty=empty))


def validate(adapter: TypeAdapter[Model], document: Any) -> Model:
    """Check a JSON value strictly. Raises Refused with every mistake and its place."""
    try:
        return adapter.validate_json(pydantic_core.to_json(document))
    except ValidationError as error:
        raise Refused("InvalidParameter", problems=problems_of(error)) from None


def known_parameters(request: HttpRequest, *names: str) -> None:
    """Refuse query parameters that this address does not know: a misspelt filter would silently show everything."""
    problems = tuple(Problem((name,), _("This parameter is not known here.")) for name in request.GET if name not in names)
    if problems:
        raise Refused("InvalidParameter", problems=problems)


def whole_number(request: HttpRequest, name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number from the query string. Raises Refused outside of its range."""
    text = request.GET.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 19 and lowest <= int(text) <= highest):
        problem = Problem((name,), _("Write a whole number from %(lowest)d to %(highest)d.") % {"lowest": lowest, "highest": highest})
        raise Refused("InvalidParameter", problems=(problem,))
    return int(text)


def plain_text(request: HttpRequest, name: str, longest: int = 1024) -> str:
    """A text from the query string that a database and a file system can be asked for."""
    text = request.GET.get(name, "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "\x00"
    if "\x00" in text or len(text) > longest:
        raise Refused("InvalidParameter", problems=(Problem((name,), _("This value has characters that cannot be used.")),))
    return text


def _unusable(value: Any, loc: Loc) -> Iterable[Problem]:
    """Texts with NUL, whole numbers beyond 64 bits, and values nested too deeply."""
    if len(loc) > DEPTH:
        yield Problem(loc[:8], _("This is nested too deeply."))
    elif isinstance(value, str):
        if "\x00" in value:
            yield Problem(loc, _("NUL characters cannot be kept."))
    elif isinstance(value, bool):
        return
    elif isinstance(value, int):
        if abs(value) >= 2**63:
            yield Problem(loc, _("This number is too large."))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if "\x00" in key:
                yield Problem(loc, _("NUL characters cannot be kept."))
            else:
                yield from _unusable(inner, (*loc, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unusable(inner, (*loc, index))
