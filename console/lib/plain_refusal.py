"""Refusals that are written before any view runs, in words that every kind of caller reads: our JSON, the envelope of the RPC products, the object store's XML."""

from __future__ import annotations

import json
import re
from xml.sax.saxutils import escape

OURS = re.compile(r"/(?:admin|api|console|healthz|keys|links|metrics|objects|readyz|static)(?:/|\Z)")


def written(path: str, host: str, *, code: str, message: str, request_id: str) -> tuple[str, bytes]:
    """Content type and body. «/» is where RPC calls go, the first parts of other addresses are the site's own or names of buckets."""
    if path in ("", "/"):
        document = {"RequestId": request_id, "HostId": host, "Code": code, "Message": message}
        return "application/json;charset=utf-8", json.dumps(document).encode()
    if OURS.match(path):
        return "application/json", json.dumps({"code": code, "message": message, "errors": [], "request_id": request_id}).encode()
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in (("Code", code), ("Message", message), ("RequestId", request_id), ("HostId", host)))
    return "application/xml", f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}</Error>'.encode()
