"""What the door hands to a dialect, and what a dialect hands back: a verified call, an action, a refusal.

RPC products are packages with ``dialect.DIALECT``; the object store is a package with ``service.answer`` and ``service.SERVED``.
``jobs.dialects.registry`` names them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from console.auth import Caller

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One RPC call whose signature was verified.

    ``params``: every parameter of query and form as it was sent, decoded once, always text (nested values are JSON text inside).
    ``request_id``: upper-case UUID; the door puts it into every answer. ``endpoint``: scheme and host that the caller used.
    """

    version: str
    action: str
    params: Mapping[str, str]
    caller: Caller
    request_id: str
    endpoint: str = ""


class Refusal(Exception):
    """A call that a dialect refuses with the product's own code. The door writes the envelope; nothing was done."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        """``code`` as the product spells it; ``message`` one plain sentence; ``status`` HTTP."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Action:
    """One action of a product: what it does, who may, and how much of it is served (the interop page is made from this).

    ``run`` gets the call and gives the answer without RequestId; ``missing`` says in a sentence what a «partly» leaves out.
    """

    run: Callable[[Call], Answer]
    role: str
    coverage: Literal["served", "partly"] = "served"
    missing: str = ""


@dataclass(frozen=True)
class Dialect:
    """One product: its version string selects it, its actions by name, and the actions that are known and not served (name → why)."""

    product: str
    version: str
    actions: Mapping[str, Action]
    not_served: Mapping[str, str]
    failure: Callable[[Exception], Refusal | None] = lambda error: None
    """Turns our errors (``jobs.engine.errors.Refused`` and others) into the product's code; None: the door's own table decides."""


@dataclass(frozen=True)
class OssCall:
    """One request to the object store whose signature was verified, however it was addressed and signed.

    ``bucket``: empty for the service itself (ListBuckets). ``key``: decoded once, empty for the bucket itself.
    ``query``: name and value, decoded once, in the order they came, blank values kept, without the parameters of a signed address.
    ``headers``: lower-case names; values as sent, decoded as UTF-8 where that is possible. ``body``: to be read once, in pieces; the door has limited its size.
    ``length``: of the body in bytes, as it was announced; None where it comes in chunks. ``endpoint``: scheme and host that the caller used, without the bucket.
    The caller's policy is in force while the call is answered: storage refuses other buckets; the role that an action needs is asked by the service.
    """

    method: str
    bucket: str
    key: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: IO[bytes]
    length: int | None
    caller: Caller
    request_id: str
    endpoint: str = ""

    def asks(self, name: str) -> bool:
        """Whether this sub-resource or parameter is there, with or without a value."""
        return any(key == name for key, _value in self.query)

    def value(self, name: str, default: str = "") -> str:
        """Value of the first parameter of this name."""
        return next((value for key, value in self.query if key == name), default)


class OssRefusal(Exception):
    """A request that the object store refuses with the product's own code. The door writes the XML (or, for HEAD, the header)."""

    def __init__(self, code: str, message: str, status: int = 400, **more: str) -> None:
        """``more``: further elements of the XML, such as Key or BucketName; ``status`` HTTP. ``headers`` of the answer can be set afterwards."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.more = more
        self.headers: dict[str, str] = {}
