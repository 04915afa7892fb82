"""XML answers, and the XML that clients send. Pure but for Django's response."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.http import HttpResponse

from jobs.dialects.call import OssRefusal
from jobs.dialects.envelope import text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
OWNER = {"ID": "reelmill", "DisplayName": "reelmill"}
STORAGE_CLASS = "Standard"


def answered(root: str, document: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """An XML document. Members of a list become elements of the same name; None is left out."""
    return HttpResponse(HEAD + "".join(_elements(root, document)), status=status, content_type="application/xml")


def _elements(name: str, value: Any) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, list | tuple):
        for one in value:
            yield from _elements(name, one)
        return
    yield f"<{name}>"
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _elements(key, inner)
    else:
        yield text(str(value).lower() if isinstance(value, bool) else str(value))
    yield f"</{name}>"


def read(data: bytes, root: str) -> Element:
    """What a client sent. Raises OssRefusal MalformedXML for anything that declares entities or is another document."""
    try:
        found: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise malformed() from None
    if local(found.tag) != root:
        raise malformed()
    return found


def malformed() -> OssRefusal:
    """The refusal of XML that cannot be used."""
    return OssRefusal("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.")


def local(tag: str) -> str:
    """An element's name without its namespace."""
    return tag.rpartition("}")[2]


def child(element: Element, name: str) -> str | None:
    """Text of the first child of this name; None where there is none."""
    for one in element:
        if local(one.tag) == name:
            return one.text or ""
    return None


def moment(at: dt.datetime) -> str:
    """A time as documents have it: ISO 8601, UTC, ms."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def encoded(name: str, encoding: str) -> str:
    """A key as the answer has it: percent-encoded where the client asked for «url»."""
    return quote(name, safe="/") if encoding == "url" else name
