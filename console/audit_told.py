"""What an entry of the trail tells beside its name, as rows for readers: what changed from what to what, and what else is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import Promise

NOTHING = "–"
# Names of what entries are written with (see audit.record), by the last part of a path.
NAMES: Mapping[str, Promise] = {
    "access_key_id": gettext_lazy("AccessKey ID"),
    "actions": gettext_lazy("Actions"),
    "address": gettext_lazy("Address"),
    "bucket": gettext_lazy("Bucket"),
    "buckets": gettext_lazy("Buckets"),
    "credentials": gettext_lazy("Credentials"),
    "default_priority": gettext_lazy("Default priority"),
    "direct_links": gettext_lazy("Downloads straight from the store"),
    "direct_uploads": gettext_lazy("Uploads straight to the store"),
    "driver": gettext_lazy("Kind of storage"),
    "email": gettext_lazy("E-mail"),
    "endpoint": gettext_lazy("Endpoint"),
    "events": gettext_lazy("Events"),
    "execution": gettext_lazy("Execution"),
    "fields": gettext_lazy("Changed"),
    "file_types": gettext_lazy("File types"),
    "files": gettext_lazy("Files"),
    "folder": gettext_lazy("Folder"),
    "form": gettext_lazy("Form"),
    "input": gettext_lazy("Input"),
    "is_active": gettext_lazy("Active"),
    "is_input": gettext_lazy("Input"),
    "is_output": gettext_lazy("Output"),
    "job": gettext_lazy("Job"),
    "jobs_to": gettext_lazy("Its jobs went to"),
    "keys": gettext_lazy("Keys"),
    "kind": gettext_lazy("Type"),
    "max_queued": gettext_lazy("Most waiting jobs"),
    "media": gettext_lazy("Media"),
    "name": gettext_lazy("Name"),
    "notify_topic": gettext_lazy("Notification"),
    "number": gettext_lazy("Number"),
    "output": gettext_lazy("Output"),
    "path": gettext_lazy("Path"),
    "path_style": gettext_lazy("Bucket in the path"),
    "pipeline": gettext_lazy("Pipeline"),
    "policy": gettext_lazy("Policy"),
    "prefix": gettext_lazy("Prefix"),
    "priority": gettext_lazy("Priority"),
    "public_endpoint": gettext_lazy("Endpoint for browsers"),
    "read_only": gettext_lazy("Read only"),
    "reason": gettext_lazy("Reason"),
    "region": gettext_lazy("Region"),
    "remote": gettext_lazy("Bucket in the store"),
    "role": gettext_lazy("Role"),
    "roles": gettext_lazy("Roles"),
    "seconds": gettext_lazy("Seconds"),
    "secret": gettext_lazy("Secret"),
    "slots": gettext_lazy("Slots"),
    "steps": gettext_lazy("Steps"),
    "to": gettext_lazy("Pipeline"),
    "trigger": gettext_lazy("Trigger"),
    "type": gettext_lazy("Type"),
    "url": gettext_lazy("URL"),
    "user": gettext_lazy("User"),
    "version": gettext_lazy("Version"),
    "workflow": gettext_lazy("Workflow"),
}
BEFORE: Mapping[str, Promise] = {"job.prioritised": gettext_lazy("Priority"), "job.cancelled": gettext_lazy("State before")}
"""What «was», and «now» beside it, is about."""
VALUES: Mapping[str, Promise] = {
    "nothing": gettext_lazy("None"),
    "outputs": gettext_lazy("Outputs"),
    "all": gettext_lazy("All"),
    "local": gettext_lazy("Folder"),
}


@dataclass(frozen=True)
class Told:
    """One row. ``before``: None where nothing was there to change, then ``now`` is a plain fact."""

    label: str
    before: str | None
    now: str


def told(action: str, data: Mapping[str, Any]) -> list[Told]:
    """The rows of an entry, changes first. Of what holds several values only those are told that differ."""
    known = dict(data)
    rows = []
    if "was" in known:
        before, now = known.pop("was"), known.pop("now", None)
        label = str(BEFORE.get(action, _("Before")))
        rows.append(Told(label, None, _value(before)) if now is None else Told(label, _value(before), _value(now)))
    for name, value in sorted(known.items()):
        rows += _changes(_name(name), *value) if _is_change(name, value) else _facts(name, value)
    return sorted(rows, key=lambda row: row.before is None)


def _is_change(name: str, value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and name not in ("buckets", "fields", "keys")


def _changes(label: str, before: Any, now: Any) -> Iterator[Told]:
    if not isinstance(before, Mapping) and not isinstance(now, Mapping):
        yield Told(label, _value(before), _value(now))
        return
    one, other = before or {}, now or {}
    for name in dict.fromkeys((*one, *other)):
        if one.get(name) != other.get(name):
            yield from _changes(f"{label}: {_name(name)}", one.get(name), other.get(name))


def _facts(name: str, value: Any) -> Iterator[Told]:
    if isinstance(value, Mapping):
        for inner, one in value.items():
            yield Told(f"{_name(name)}: {_name(inner)}", None, _value(one))
    elif name == "fields":
        yield Told(_name(name), None, ", ".join(_name(one) for one in value) or NOTHING)
    else:
        yield Told(_name(name), None, _value(value))


def _name(name: str) -> str:
    return str(NAMES.get(name, name))


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, Mapping):
        return "; ".join(f"{_name(name)}: {_value(one)}" for name, one in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(_value(one) for one in value)
    return str(VALUES.get(value, value)) if isinstance(value, str) else str(value)
