"""SetEventCallback and GetEventCallback: the one notification target that IMS's jobs name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobs.dialects.reading import Fields
from jobs.notices import targets
from jobs.notices.models import NotifyTarget

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call

PREFIX = "ice-callback-"
HTTP = f"{PREFIX}http"
KEY_CHARS = 32


def set_callback(call: Call) -> Answer:
    """SetEventCallback: an address for HTTP, or a queue's name, whose address is given here elsewhere."""
    fields = Fields(call.params)
    kind = fields.one_of("CallbackType", {"HTTP": NotifyTarget.Kind.TOPIC, "MNS": NotifyTarget.Kind.QUEUE}, NotifyTarget.Kind.TOPIC)
    values: dict[str, Any] = {"kind": kind, "events": [word for word in fields.text("EventTypeList", most=4096).split(",") if word.strip()]}
    if kind == NotifyTarget.Kind.TOPIC:
        fields.need("CallbackURL")
        values |= {"name": HTTP, "url": fields.text("CallbackURL", most=2000)}
    else:
        fields.need("CallbackQueueName")
        name = fields.text("CallbackQueueName", most=120)
        if not name.startswith(PREFIX):
            raise fields.bad("CallbackQueueName", f"Names of queues for callbacks begin with {PREFIX}.")
        values["name"] = name
    key = fields.text("AuthKey", most=KEY_CHARS)
    if fields.one_of("AuthSwitch", {"on": True, "off": False}, False) and not key:
        fields.need("AuthKey")
    if key and not key.isalnum():
        raise fields.bad("AuthKey", "Letters and digits are expected.")
    row = current()
    if row is None:
        targets.create(secret=key, **values)
    else:
        targets.update(row, values, secret=key)
    return {"Success": True}


def get_callback(call: Call) -> Answer:
    """GetEventCallback; the key is not told again."""
    row = current()
    if row is None:
        return {"CallbackType": "HTTP", "CallbackURL": "", "CallbackQueueName": "", "EventTypeList": "", "AuthSwitch": "off", "AuthKey": ""}
    queue = row.kind == NotifyTarget.Kind.QUEUE
    return {
        "CallbackType": "MNS" if queue else "HTTP",
        "CallbackURL": row.url,
        "CallbackQueueName": row.name if queue else "",
        "EventTypeList": ",".join(row.events),
        "AuthSwitch": "on",
        "AuthKey": "",
    }


def topic() -> str | None:
    """What jobs name; None: no callback is set, so their pipelines' topics."""
    row = current()
    return row.name if row else None


def current() -> NotifyTarget | None:
    """The target, if one was set."""
    return NotifyTarget.objects.filter(name__startswith=PREFIX).order_by("-updated_at").first()
