"""Answers of the RPC products as text: JSON or XML, with the request's id; and errors in the shape that the SDKs read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

JSON_TYPE, XML_TYPE = "application/json;charset=utf-8", "text/xml;charset=utf-8"  # the Tea SDKs read XML only under exactly this name
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\Z")
HEAD = "<?xml version='1.0' encoding='UTF-8'?>"


def answered(document: Mapping[str, Any], *, action: str, xml: bool) -> bytes:
    """A document (RequestId included) as the body of an answer."""
    if not xml:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return f"{HEAD}{''.join(_elements(f'{action}Response', document))}".encode("utf-8", "replace")


def refused(code: str, message: str, *, request_id: str, host: str, recommend: str, xml: bool) -> bytes:
    """An error as the body of an answer."""
    document = {"RequestId": request_id, "HostId": host, "Code": code, "Message": message, "Recommend": recommend}
    if not xml:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return f"{HEAD}{''.join(_elements('Error', document))}".encode("utf-8", "replace")


def _elements(name: str, value: Any) -> Iterator[str]:
    """An element, or one for each member of a list. A name that XML cannot hold becomes an attribute."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _elements(name, one)
        return
    opened = f"<{name}>" if NAME.match(name) else f'<entry key="{text(name)}">'
    yield opened
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _elements(str(key), inner)
    elif value is not None:
        yield text(str(value).lower() if isinstance(value, bool) else str(value))
    yield f"</{name if NAME.match(name) else 'entry'}>"


def text(value: str) -> str:
    """Text for an element or an attribute: escaped, without the characters that XML forbids."""
    return escape(NOT_XML.sub("\ufffd", value), {'"': "&quot;"})
