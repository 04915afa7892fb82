"""Where an object is, in the forms that the products' requests have. Pure.

``oss://bucket/key``: the key as it is. ``http(s)://bucket.any-host/key`` and ``http(s)://our-host/bucket/key``: the key percent-encoded. All of them mean
object «key» of our bucket «bucket»; no host is ever asked anything.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import unquote, urlsplit

from jobs.engine.address import SCHEME, Address


def object_at(location: str, endpoint: str = "") -> Address:
    """Read a location. ``endpoint``: scheme and host that the caller used, whose locations are path style. Raises ValueError with one plain sentence."""
    bucket, key = parts_of(location, endpoint)
    return Address.parse(f"{SCHEME}{bucket}/{key}")


def parts_of(location: str, endpoint: str = "") -> tuple[str, str]:
    """Bucket and key of a location; the key may be empty, end with a slash, or hold placeholders. Raises ValueError with one plain sentence."""
    if location.startswith(SCHEME):
        bucket, _, key = location.removeprefix(SCHEME).partition("/")
        return bucket, key
    try:
        parts = urlsplit(location)
        host = (parts.hostname or "").lower()
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise ValueError("A location is oss://bucket/key or https://bucket.host/key.")
    if parts.query or parts.fragment:
        raise ValueError("A location has no query and no fragment.")
    try:
        path = unquote(parts.path.removeprefix("/"), errors="strict")
    except UnicodeDecodeError:
        raise ValueError("The key is not valid UTF-8.") from None
    if path_style(host, endpoint):
        bucket, _, key = path.partition("/")
        return bucket, key
    return host.partition(".")[0], path


def path_style(host: str, endpoint: str = "") -> bool:
    """Whether the bucket stands in the path: behind an IP address, a host name without dots, and the host that the caller itself used."""
    if host == (urlsplit(endpoint).hostname or "").lower() or "." not in host:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
