"""The text of a processing request, taken apart. Pure.

    operation,k_v,k_v[/node,k_v …][|sys/saveas,b_<bucket>,o_<key>[/notify,topic_<topic>]]

Buckets, keys and topics are URL-safe Base64, with or without padding. What the values mean is for ``parameters.py``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jobs.dialects.call import OssRefusal

LENGTH = 32 * 1024  # bytes of a request; the longest sensible one (ten joined parts with keys of 1,023 bytes) has 15 kB
_NAME = re.compile(r"[a-z][a-z0-9]*\Z")
_BASE64 = re.compile(r"[A-Za-z0-9_-]+={0,2}\Z")


@dataclass(frozen=True)
class Node:
    """``name,k_v,k_v``: a name and its parameters, as text."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Wanted:
    """One processing request. ``operation``: «video/convert»; ``nodes``: what stands behind it («segment», «pre», «sur»), in order.

    ``bucket`` and ``key``: of sys/saveas, decoded; empty where not said. ``topic``: of notify.
    """

    operation: str
    values: Mapping[str, str]
    nodes: tuple[Node, ...] = ()
    bucket: str = ""
    key: str = ""
    topic: str = ""

    @property
    def saved(self) -> bool:
        """Whether there is a sys/saveas."""
        return bool(self.key)


def invalid(message: str) -> OssRefusal:
    """The refusal of everything that is wrong with a request."""
    return OssRefusal("InvalidArgument", message, 400)


def parse(text: str) -> Wanted:
    """Take a request apart. Raises OssRefusal InvalidArgument with what is wrong."""
    if len(text.encode("utf-8", "surrogatepass")) > LENGTH:
        raise invalid(f"The processing request is longer than {LENGTH} bytes.")
    doing, *system = text.strip().split("|")
    if not doing:
        raise invalid("The processing request is empty.")
    category, *parts = doing.split("/")
    if not parts:
        raise invalid(f"The operation {category.partition(',')[0]} is not supported.")
    main, *behind = (_node(part) for part in parts)
    nodes, topic = [], ""
    for node in behind:
        if node.name == "notify":
            topic = _topic(node, topic)
        else:
            nodes.append(node)
    bucket, key, topic = _system(system, topic)
    return Wanted(f"{category}/{main.name}", main.values, tuple(nodes), bucket, key, topic)


def _system(parts: list[str], topic: str) -> tuple[str, str, str]:
    """Bucket, key and topic of ``sys/saveas`` and ``notify``."""
    bucket = key = ""
    for part in parts:
        category, *rest = part.split("/")
        if category != "sys" or not rest:
            raise invalid(f"The action {part.partition(',')[0]} is not supported.")
        for node in map(_node, rest):
            if node.name == "notify":
                topic = _topic(node, topic)
            elif node.name == "saveas":
                if key:
                    raise invalid("sys/saveas is given twice.")
                _only(node, "o", "b")
                if "o" not in node.values:
                    raise invalid("sys/saveas needs the parameter o.")
                key = decoded(node.values["o"], "o of sys/saveas")
                bucket = decoded(node.values["b"], "b of sys/saveas") if "b" in node.values else ""
            else:
                raise invalid(f"The action sys/{node.name} is not supported.")
    return bucket, key, topic


def _topic(node: Node, earlier: str) -> str:
    if earlier:
        raise invalid("notify is given twice.")
    _only(node, "topic")
    if "topic" not in node.values:
        raise invalid("notify needs the parameter topic.")
    return decoded(node.values["topic"], "topic of notify")


def _only(node: Node, *names: str) -> None:
    for name in node.values:
        if name not in names:
            raise invalid(f"The parameter {name} of {node.name} is not supported.")


def _node(text: str) -> Node:
    name, *pairs = text.split(",")
    if not _NAME.match(name):
        raise invalid(f"The operation {name} is not supported." if name else "The name of an operation is missing.")
    values: dict[str, str] = {}
    for pair in pairs:
        key, sep, value = pair.partition("_")
        if not sep or not _NAME.match(key) or not value:
            raise invalid(f"The parameter {pair} of {name} is not written as name_value.")
        if key in values:
            raise invalid(f"The parameter {key} of {name} is given twice.")
        values[key] = value
    return Node(name, MappingProxyType(values))


def decoded(text: str, what: str) -> str:
    """URL-safe Base64 of UTF-8, padded or not. Raises OssRefusal InvalidArgument."""
    try:
        if not _BASE64.match(text):
            raise ValueError
        found = base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise invalid(f"The parameter {what} is not URL-safe Base64 of UTF-8.") from None
    if not found:
        raise invalid(f"The parameter {what} is empty.")
    return found
