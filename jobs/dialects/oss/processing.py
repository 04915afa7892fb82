"""Media processing: «x-oss-async-process» as jobs, «x-oss-process» at once. Thin: parse, translate, call services, answer."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from pydantic import ValidationError

from console.models import Role
from jobs.dialects.call import OssCall, OssRefusal
from jobs.dialects.infos import info_of
from jobs.dialects.looking import probed
from jobs.dialects.media_meta import media_meta
from jobs.dialects.oss import looking
from jobs.dialects.oss.grammar import LENGTH, Wanted, invalid, parse
from jobs.dialects.oss.parameters import ASYNC, AT_ONCE, check
from jobs.dialects.oss.translate import needs_probe, to_spec
from jobs.dialects.oss.words import address_of, require
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.foreign import projects
from jobs.foreign import tasks as foreign_tasks
from jobs.models import Job
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from jobs.engine.spec import AnySpec

TYPE = "MediaConvert"
# Where a message about the task tells what was made, in IMM's words.
PLACES = {
    "transcode": "Targets[0]",
    "snapshot": "Targets[0].Image.Snapshots[0]",
    "sprite": "Targets[0].Image.Sprites[0]",
    "animation": "Targets[0].Image.Animations[0]",
}
SERVED: dict[str, tuple[str, str]] = {
    "x-oss-async-process=video/convert": ("served", ""),
    "x-oss-async-process=video/concat": ("served", ""),
    "x-oss-async-process=video/snapshots": ("partly", "No m_dhash; ss only with inter or with num_1; several pictures need {index} in the key."),
    "x-oss-async-process=video/sprite": ("partly", "m_inter and m_avg only; several sheets need {index} in the key."),
    "x-oss-async-process=video/animation": ("partly", "Played at a hundredth of the source's speed to a hundred times it (fps times inter)."),
    "x-oss-async-process=audio/convert": ("served", ""),
    "x-oss-async-process=audio/concat": ("served", ""),
    "x-oss-process=video/snapshot": ("partly", "Pictures are always upright, whatever ar says; h and w turn them. No playlists."),
    "x-oss-process=video/info": ("served", ""),
    "x-oss-process=audio/info": ("served", ""),
    "x-oss-process=image/…, doc/…, style/…": ("no", "Only video and audio are processed here."),
}


# --- as jobs ----------------------------------------------------------------------------------------------------------
def as_job(call: OssCall) -> HttpResponse:
    """ProcessObject, asynchronous. The task is read with GetTask of IMM, in the project that the bucket is attached to."""
    require(call, Role.OPERATOR)
    text = _asked(call, "x-oss-async-process")
    wanted = parse(text)
    if wanted.operation in AT_ONCE:
        raise invalid(f"{wanted.operation} is supported only synchronously, with x-oss-process.")
    checked = check(wanted, ASYNC)
    source = address_of(call)
    if storage(source.bucket).stat(source.key) is None:
        raise Refused("ObjectNotFound")
    project = _project(source.bucket)
    probe = probed(source) if needs_probe(checked) else None
    spec = _spec(to_spec(checked, wanted, source, probe))
    task = foreign_tasks.submit_task(
        f"{TYPE}-{uuid.uuid4()}",
        [foreign_tasks.Part(spec, {"places": [PLACES[spec.kind if checked.operation != "video/animation" else "animation"]]})],
        product="oss",
        type=TYPE,
        owner=call.caller.user,
        topic=wanted.topic or "",
        project=project,
        request={"RequestId": call.request_id, "Sources": [{"URI": str(source)}], "Process": text},
        notify={"MNS": {"TopicName": wanted.topic}} if wanted.topic else {},
    )
    event = task.id.partition("-")[2].replace("-", "").upper()
    body = json.dumps({"EventId": event, "RequestId": call.request_id, "TaskId": task.id})
    return HttpResponse(body, content_type="application/json;charset=utf-8")


def _asked(call: OssCall, name: str) -> str:
    """The request's text: in the body, or as the value of the parameter. Raises OssRefusal InvalidArgument."""
    if value := call.value(name):
        return value
    data = call.body.read(LENGTH + 1024)
    try:
        said, sep, text = data.decode().partition("=")
    except UnicodeDecodeError:
        raise invalid("The request body is not UTF-8.") from None
    if said.strip() != name or not sep or not text.strip():
        raise invalid(f"The request body is {name}=<operation>.")
    return text.strip()


def _project(bucket: str) -> str:
    """The project that the bucket is attached to. Raises OssRefusal ResourceNotFound."""
    try:
        return projects.attachment_of(bucket).project.name
    except Refused as error:
        if error.code != "NotFound":
            raise
        raise OssRefusal("ResourceNotFound", "The specified resource Attachment is not found.", 400) from None


def _spec(document: dict[str, Any]) -> AnySpec:
    try:
        return JOB_SPEC.validate_python(document, strict=False)
    except ValidationError as error:
        sentences = dict.fromkeys(f"{row['loc'][-1]}: {row['msg'].removeprefix('Value error, ')}" for row in error.errors())
        raise invalid("; ".join(list(sentences)[:3])) from None


def refused(call: OssCall) -> HttpResponse:
    """ProcessObject, synchronous with sys/saveas: for images only, which are not processed here."""
    require(call, Role.OPERATOR)
    wanted = parse(_asked(call, "x-oss-process"))
    raise invalid(_why_not(wanted, "Saving what is made at once is not supported here."))


# --- at once ----------------------------------------------------------------------------------------------------------
def at_once(call: OssCall) -> HttpResponse:
    """GetObject with «x-oss-process»: a picture of a video, or what is in the object."""
    require(call, Role.VIEWER)
    wanted = parse(call.value("x-oss-process"))
    if wanted.operation not in AT_ONCE or wanted.saved or wanted.topic:
        raise invalid(_why_not(wanted, f"The operation {wanted.operation} is not supported here."))
    checked = check(wanted, AT_ONCE)
    source = address_of(call)
    if storage(source.bucket).stat(source.key) is None:
        raise Refused("ObjectNotFound")
    if wanted.operation != "video/snapshot":
        return _info(call, source, video=wanted.operation == "video/info")
    form = checked.value("f", "jpg")
    data = looking.picture(
        source,
        seconds=checked.values["t"] / 1000,
        format_=form,
        width=checked.value("w") or None,
        height=checked.value("h") or None,
        key=checked.value("m") == "fast",
        turn=checked.value("ar", "auto"),
    )
    return HttpResponse(data, content_type="image/jpeg" if form == "jpg" else "image/png")


def _info(call: OssCall, source: Address, *, video: bool) -> HttpResponse:
    """What DetectMediaMeta of IMM tells, as JSON."""
    require(call, Role.OPERATOR)
    found = media_meta(info_of(source, source=Job.Source.OSS, owner=call.caller.user))
    if video and not found.get("VideoStreams"):
        raise invalid("The object has no video.")
    return HttpResponse(json.dumps({"RequestId": call.request_id, **found}, ensure_ascii=False), content_type="application/json;charset=utf-8")


def _why_not(wanted: Wanted, otherwise: str) -> str:
    if wanted.operation in ASYNC:
        return f"{wanted.operation} is supported only asynchronously, with x-oss-async-process."
    return otherwise
