"""An output of ours as MPS's Job: its id is the output's. Reads rows that were fetched, writes nothing."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jobs.dialects import answer_template
from jobs.dialects.mps import answer_edit, answer_media
from jobs.dialects.mps.errors import job_code
from jobs.dialects.mps.reading import encoded, said
from jobs.dialects.times import utc
from jobs.states import JobState

if TYPE_CHECKING:
    from jobs.models import Job, Output

STATES: dict[str, str] = {
    JobState.QUEUED: "Submitted",
    JobState.RUNNING: "Transcoding",
    JobState.SUCCEEDED: "TranscodeSuccess",
    JobState.FAILED: "TranscodeFail",
    JobState.CANCELLED: "TranscodeCancelled",
}
LOCATION = "oss-local"
"""Of jobs that no request of MPS has sent."""


def job(output: Output, *, secret: bool, message: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One Job. ``secret``: its template's parameters are not for the caller; ``message``: what became of the message about its end."""
    row = output.job
    failed = output.state == JobState.FAILED
    return said(
        JobId=output.id,
        State=STATES[output.state],
        Code=job_code(output.code) if failed else None,
        Message=output.message if failed else None,
        PipelineId=row.pipeline_id,
        CreationTime=utc(row.created_at),
        SubmitTime=utc(row.created_at),
        FinishTime=utc(output.published_at or row.finished_at) if output.state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED) else None,
        Input=said(Bucket=row.input_bucket, Location=location(row), Object=encoded(row.input_key)) | said(**_input_words(row)),
        Output=told(output, secret=secret),
        MNSMessageResult=message,
    ) | {"Percent": output.progress}


def told(output: Output, *, secret: bool) -> dict[str, Any]:
    """The Output of a Job: where it goes, how it is made, and, once it is there, what is in it."""
    row, params = output.job, output.effective
    place = {"Bucket": output.bucket, "Location": row.foreign.get("OutputLocation") or location(row)}
    found = said(
        OutputFile=said(**place, Object=encoded(output.key), RoleArn=row.foreign.get("OutputRoleArn")),
        TemplateId=output.template.template_id if output.template else None,
        UserData=output.user_data,
        Priority=str(row.priority),
    )
    if secret:
        return found
    picture = params.get("video") or {}
    found |= answer_template.parts(params, removals=False)
    found |= said(
        Rotate=str(picture["rotate"]) if picture.get("rotate") else None,
        AudioStreamMap=_stream_map(params),
        WaterMarkList=answer_edit.marks(params, place["Location"]),
        SubtitleConfig=answer_edit.subtitles(params, place["Location"]),
        Encryption=_encryption(params.get("encryption")),
        DeWatermark=answer_edit.delogos(params),
        AmixList=_mixed(params),
    )
    found |= answer_edit.edit(params, place["Location"])
    if output.state == JobState.SUCCEEDED and output.media_info:
        info = output.media_info | ({"size": output.size} if output.size is not None else {})
        found["Properties"] = properties(info, output.key.rpartition(".")[2])
    return found


def properties(info: Mapping[str, Any], extension: str) -> dict[str, Any]:
    """What came out. Answers about jobs spell colours with a small letter, those about media info with a capital one: both are told here."""
    found = answer_media.properties(info, extension)
    for stream in found["Streams"]["VideoStreamList"]["VideoStream"]:
        stream.update({f"color{name}": stream[f"Color{name}"] for name in ("Primaries", "Transfer") if f"Color{name}" in stream})
    return found


def location(row: Job) -> str:
    """Where the request said that the buckets are; told again and nothing more."""
    return str(row.foreign.get("Location") or LOCATION)


def _input_words(row: Job) -> dict[str, Any]:
    return {name: row.foreign.get(name) for name in ("Referer", "RoleArn")}


def _stream_map(params: Mapping[str, Any]) -> str | None:
    tracks = params.get("audios") or []
    return f"0:a:{tracks[0]['stream']}" if len(tracks) == 1 and tracks[0].get("stream") is not None else None


def _mixed(params: Mapping[str, Any]) -> dict[str, Any]:
    sound = params.get("audio") or {}
    numbers = (sound.get("mix_streams") or [])[1:] if sound.get("mix") else []
    return {"Amix": [{"AmixURL": "input", "Map": f"0:a:{number}"} for number in numbers]} if numbers else {}


def _encryption(params: Mapping[str, Any] | None) -> dict[str, str]:
    """What a player may know: never the key."""
    if not params:
        return {}
    uri = params.get("key_uri")
    method = "hls-aes-128" if params.get("method") == "aes-128" else str(params.get("method"))
    return said(Type=method, KeyType="Base64", KeyUri=base64.b64encode(uri.encode()).decode() if uri else None)
