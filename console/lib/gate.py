"""The one gate through which this service calls addresses that people gave it: callbacks, and whatever else is fetched.

Refused unless the operator allows them (REELMILL_PRIVATE_CALLBACKS): addresses that are not public. The name is resolved once and the connection goes to
the address that was checked, so a name that changes its mind in between gains nothing. No redirects, bounded answers, bounded time.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import urllib3
from django.conf import settings
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

URL_MAX = 2000
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
ANSWER_MAX = 4096  # bytes of an answer that are looked at


class Closed(Exception):
    """The gate does not let this through; its text is a sentence for people."""


@dataclass(frozen=True)
class Reply:
    """What came back. ``status`` None: nothing did, and ``error`` says why. ``text``: the beginning of the answer."""

    status: int | None
    milliseconds: int
    text: str = ""
    error: str = ""

    @property
    def taken(self) -> bool:
        """Whether the other side said that it has it."""
        return self.status is not None and 200 <= self.status < 300


def check(url: str) -> SplitResult:
    """The parts of an address that may be called as far as its text tells. Raises Closed."""
    if len(url) > URL_MAX or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
        raise Closed("The address must be at most 2,000 characters without spaces.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Closed("This is no address of the form https://host/path.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise Closed("This is no address of the form https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise Closed("Names and passwords do not belong into the address.")
    if port == 0:
        raise Closed("This is no address of the form https://host/path.")
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return parts
    _check_ip(ip)
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """Send ``body`` with POST. Everything that goes wrong on the way is told in the reply; raises Closed for what may not be called."""
    parts = check(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    host = parts.hostname or ""
    began = time.monotonic()
    try:
        ip = _resolved(host, port)
    except OSError as error:
        return Reply(None, _since(began), error=f"The name cannot be resolved: {error.strerror or error}.")
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    path = parts.path or "/"
    target = f"{path}?{parts.query}" if parts.query else path
    pool: urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        pool = urllib3.HTTPSConnectionPool(ip, port, timeout=timeout, server_hostname=host, assert_hostname=host, cert_reqs="CERT_REQUIRED")
    else:
        pool = urllib3.HTTPConnectionPool(ip, port, timeout=timeout)
    with pool:
        try:
            reply = pool.urlopen("POST", target, body=body, headers={**headers, "Host": parts.netloc}, redirect=False, retries=False, preload_content=False)
            text = reply.read(ANSWER_MAX, decode_content=False)
            reply.close()
        except (HTTPError, OSError, ValueError) as error:
            return Reply(None, _since(began), error=_words(error))
    return Reply(reply.status, _since(began), text.decode("utf-8", "replace"))


def _resolved(host: str, port: int) -> str:
    """An address of the host that may be called. Raises Closed if one of them may not: nobody should have to guess which one a client takes."""
    found = [ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for ip in found:
        _check_ip(ip)
    return str(found[0])


def _check_ip(ip: Ip) -> None:
    plain: Ip = ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip
    if any(plain in network for network in settings.REELMILL_PRIVATE_CALLBACKS if network.version == plain.version):
        return
    if not plain.is_global or plain.is_multicast:
        raise Closed("The address is a private one; an administrator can allow it with REELMILL_PRIVATE_CALLBACKS.")


def _since(began: float) -> int:
    return round(1000 * (time.monotonic() - began))


def _words(error: Exception) -> str:
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # first: it is a ConnectTimeoutError too
        return "No connection."
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError | urllib3.exceptions.ReadTimeoutError):
        return "No answer in time."
    if isinstance(error, urllib3.exceptions.SSLError):
        return "The certificate was not accepted."
    return f"The connection broke ({type(error).__name__})."
