"""Tasks and DetectMediaMeta. Thin: translate, call services, answer."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from django.db.models.fields.json import KeyTransform
from django.utils.dateparse import parse_datetime

from console.lib.paging import page
from jobs.dialects.documents import spec_of
from jobs.dialects.imm import answers
from jobs.dialects.imm.errors import at_places, no_attachment
from jobs.dialects.imm.own_size import with_own_sizes
from jobs.dialects.imm.translate import Document, read_task
from jobs.dialects.infos import info_of
from jobs.dialects.locations import object_at
from jobs.dialects.looking import probed
from jobs.dialects.media_meta import media_meta
from jobs.dialects.reading import Fields
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.foreign import projects
from jobs.foreign import tasks as foreign_tasks
from jobs.foreign.models import ForeignTask
from jobs.models import Job
from jobs.states import JobState

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from jobs.dialects.call import Answer, Call
    from jobs.engine.probe import Probe
    from jobs.engine.spec import AnySpec

TYPE = "MediaConvert"
STATES = {"Running": (JobState.QUEUED, JobState.RUNNING), "Succeeded": (JobState.SUCCEEDED,), "Failed": (JobState.FAILED, JobState.CANCELLED)}


def create_task(call: Call) -> Answer:
    """CreateMediaConvertTask."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    projects.find_project(fields.text("ProjectName"))
    wanted = read_task(call.params, _look_into)
    if projects.unattached(set(wanted.sources)):
        raise no_attachment()
    for document in wanted.documents:
        with_own_sizes(document.spec)
    parts = [foreign_tasks.Part(_spec(document), {"places": list(document.places)}) for document in wanted.documents]
    try:
        task = foreign_tasks.submit_task(
            f"{TYPE}-{uuid.uuid4()}",
            parts,
            product="imm",
            type=TYPE,
            owner=call.caller.user,
            project=wanted.project,
            user_data=wanted.user_data,
            tags=wanted.tags,
            request={**wanted.request, "RequestId": call.request_id},
            notify=wanted.notify,
            topic=wanted.topic,
        )
    except Refused as error:
        raise at_places(error, [document.places for document in wanted.documents]) from error
    return {"TaskId": task.id, "EventId": answers.event_id(task.id)}


def get_task(call: Call) -> Answer:
    """GetTask; also of tasks that the object store's interface made."""
    fields = Fields(call.params)
    for name in ("ProjectName", "TaskType", "TaskId"):
        fields.need(name)
    task = foreign_tasks.find_task(fields.text("TaskId"), states_only=True, project=fields.text("ProjectName"), type=fields.text("TaskType"))
    return {**answers.task(task, definition=fields.flag("RequestDefinition")), "ProjectName": task.project, "EventId": answers.event_id(task.id)}


def list_tasks(call: Call) -> Answer:
    """ListTasks."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    name = projects.find_project(fields.text("ProjectName")).name
    rows = foreign_tasks.own(ForeignTask.objects.filter(product__in=("imm", "oss"), project=name))
    if types := [str(value) for value in fields.items("TaskTypes", 100)]:
        rows = rows.filter(type__in=types)
    if states := fields.one_of("Status", STATES, ()):
        rows = foreign_tasks.in_state(rows, *states)
    if tag := fields.text("TagSelector"):
        key, _, value = tag.partition("=")
        rows = rows.annotate(tag=KeyTransform(key, "tags")).filter(tag=value)
    rows = _within(rows, fields, "StartTimeRange", "created_at")
    rows = _within(rows, fields, "EndTimeRange", "parts__job__finished_at").distinct()
    sort = fields.one_of("Sort", {"TaskId": "id", "StartTime": "created_at"}, "id")
    sign = fields.one_of("Order", {"asc": "", "desc": "-"}, "")
    size = fields.whole("MaxResults", 1, 100) or 100
    ordered = rows.order_by(*dict.fromkeys((f"{sign}{sort}", f"{sign}id")))
    found = page(foreign_tasks.with_states(ordered), fields.text("NextToken"), size=size)
    definition = fields.flag("RequestDefinition")
    return {
        "Tasks": [answers.task(task, definition=definition) for task in found.items],
        "NextToken": found.next or "",
        "MaxResults": str(size),  # a text in this product's answers
        "ProjectName": name,
    }


def detect_meta(call: Call) -> Answer:
    """DetectMediaMeta: waits for the answer."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    fields.need("SourceURI")
    projects.find_project(fields.text("ProjectName"))
    if fields.child("CredentialConfig").values:
        raise fields.bad("CredentialConfig", "Chains of roles are not offered here: the bucket's own credentials are used.")
    try:
        address = object_at(fields.text("SourceURI"))
    except ValueError as error:
        raise fields.bad("SourceURI", str(error)) from None
    if projects.unattached({address.bucket}):
        raise no_attachment()
    return media_meta(info_of(address, source=Job.Source.IMM, owner=call.caller.user))


def _look_into(address: str) -> Probe:
    """What is in a source, which must be attached before anybody looks. Raises Refusal, ReelmillError."""
    found = Address.parse(address)
    if projects.unattached({found.bucket}):
        raise no_attachment()
    return probed(found)


# --- details ----------------------------------------------------------------------------------------------------------
def _spec(document: Document) -> AnySpec:
    """The job that a document means. Raises Bad with the place of the request."""

    def place(loc: tuple[str | int, ...]) -> str:
        index = next((part for part in loc if isinstance(part, int)), 0)
        return document.places[index] if "outputs" in loc or len(document.places) == 1 else "Sources"

    return spec_of(document.spec, place)


def _within(rows: QuerySet[ForeignTask], fields: Fields, name: str, column: str) -> QuerySet[ForeignTask]:
    wanted = fields.child(name)
    for edge, way in (("Start", "gte"), ("End", "lte")):
        if text := wanted.text(edge):
            rows = rows.filter(**{f"{column}__{way}": _moment(wanted, edge, text)})
    return rows


def _moment(fields: Fields, name: str, text: str) -> dt.datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise fields.bad(name, "Write the time as 2026-01-31T12:00:00.000Z.")
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
