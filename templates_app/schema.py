"""The engine's vocabulary as a form sees it: leaves, groups and rows, read from the pydantic models and nothing else."""

from __future__ import annotations

import functools
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen
from pydantic import TypeAdapter

from jobs.engine.address import Address
from jobs.engine.template import Template
from jobs.engine.types import Strict

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Kind = Literal["bool", "choice", "int", "float", "text", "address", "length", "mixed", "list"]


@dataclass(frozen=True)
class Leaf:
    """One value. ``choices`` of a choice, or the words that a mixed field takes beside numbers; ``unsaid``: may be left out with a meaning of its own."""

    name: str
    owner: type[Strict]
    kind: Kind
    unsaid: bool
    required: bool
    default: Any
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    item: type | None = None

    def read(self, value: Any) -> Any:
        """The value as the engine's own type takes it. Raises pydantic.ValidationError."""
        return _adapter(self.owner, self.name).validate_python(value)


@dataclass(frozen=True)
class Group:
    """Values that belong together. ``words`` may stand instead of them («auto»); ``unsaid``: the whole may be left out."""

    name: str
    owner: type[Strict]
    model: type[Strict]
    unsaid: bool
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Any number of groups, up to ``most``."""

    name: str
    owner: type[Strict]
    model: type[Strict]
    most: int


Node = Leaf | Group | Rows


@functools.cache
def nodes(model: type[Strict]) -> tuple[Node, ...]:
    """The fields of a model."""
    return tuple(_node(model, name, info) for name, info in model.model_fields.items())


def node(path: str, model: type[Strict] = Template) -> Node:
    """The field at a place without row numbers: «video.crf», «watermarks.text.content». Raises KeyError."""
    found: Node | None = None
    for name in path.split("."):
        found = next((row for row in nodes(model) if row.name == name), None)
        if found is None:
            raise KeyError(path)
        model = found.owner if isinstance(found, Leaf) else found.model
    if found is None:
        raise KeyError(path)
    return found


def leaves(model: type[Strict] = Template, prefix: str = "") -> list[str]:
    """The places of all values of a model, without row numbers."""
    found: list[str] = []
    for row in nodes(model):
        found += [prefix + row.name] if isinstance(row, Leaf) else leaves(row.model, f"{prefix}{row.name}.")
    return found


def _node(owner: type[Strict], name: str, info: FieldInfo) -> Node:
    members, unsaid = _members(info.annotation)
    limits = _limits(info)
    longest = next((rule.max_length for rule in info.metadata if isinstance(rule, MaxLen)), None)
    common: dict[str, Any] = {"unsaid": unsaid, "required": info.is_required(), "default": None if info.is_required() else info.default}
    models = [member for member in members if isinstance(member, type) and issubclass(member, Strict)]
    words = tuple(word for member in members if get_origin(member) is Literal for word in get_args(member))
    if models:
        return Group(name, owner, models[0], unsaid, words)
    if words and len(members) > 1:
        return Leaf(name, owner, "mixed", choices=words, **common)
    only = members[0]
    if get_origin(only) is tuple:
        item = _members(get_args(only)[0])[0][0]
        if isinstance(item, type) and issubclass(item, Strict):
            return Rows(name, owner, item, longest or 100)
        return Leaf(name, owner, "list", item=item, longest=longest, **common)
    if words:
        return Leaf(name, owner, "choice", choices=words, **common)
    if set(members) == {int, float}:
        return Leaf(name, owner, "length", **common)
    kinds: dict[Any, Kind] = {bool: "bool", int: "int", float: "float", str: "text", Address: "address"}
    return Leaf(name, owner, kinds[only], longest=longest, **limits, **common)


def _members(annotation: Any) -> tuple[list[Any], bool]:
    """The types that a value may have, without «or nothing» and without their units; and whether nothing is allowed."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        found: list[Any] = []
        for member in get_args(annotation):
            found += [] if member is type(None) else _members(member)[0]
        return found, type(None) in get_args(annotation)
    return [annotation], False


def _limits(info: FieldInfo) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for rule in info.metadata:
        if isinstance(rule, Ge | Gt):
            found["least"] = rule.ge if isinstance(rule, Ge) else rule.gt
        elif isinstance(rule, Le | Lt):
            found["most"] = rule.le if isinstance(rule, Le) else rule.lt
    return found


@functools.cache
def _adapter(owner: type[Strict], name: str) -> TypeAdapter[Any]:
    info = owner.model_fields[name]
    kind: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
    return TypeAdapter(kind)
