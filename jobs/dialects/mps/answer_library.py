"""Media as MPS tells them. Reads rows that were fetched, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jobs.dialects.answer_template import texts
from jobs.dialects.mps import answer_media
from jobs.dialects.mps.reading import said
from jobs.dialects.times import utc
from jobs.models import Activity, Execution
from media_assets import library
from media_assets.models import Media, MediaFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

PARTS = ("MediaInfo", "PlayList", "SnapshotList", "SummaryList")
STATES: dict[str, str] = {Media.State.UNPUBLISHED: "UnPublish", Media.State.PUBLISHED: "Published"}


def rows() -> QuerySet[Media]:
    """The caller's media with what an answer tells of them."""
    return library.own(Media.objects.select_related("category").prefetch_related("tags", "files"))


def url(bucket: str, key: str, endpoint: str) -> str:
    """Where an object is at this site, path style; the caller's own key opens it."""
    return f"{endpoint}/{bucket}/{quote(key)}"


def runs_of(media_ids: Iterable[str]) -> dict[str, list[str]]:
    """The executions of workflows over each of these media, the oldest first. One read."""
    found: dict[str, list[str]] = {}
    for media_id, run_id in Execution.objects.filter(media_id__in=list(media_ids)).order_by("created_at", "id").values_list("media_id", "id"):
        found.setdefault(media_id, []).append(run_id)
    return found


def medias(rows: Iterable[Media], endpoint: str) -> list[dict[str, Any]]:
    """Many media."""
    found = list(rows)
    runs = runs_of(row.pk for row in found)
    return [media(row, endpoint, runs) for row in found]


def media(row: Media, endpoint: str, runs: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    """A media. ``runs``: see :func:`runs_of`, where they were read already."""
    info = row.info or {}
    picture = answer_media.shown(info)
    width, height = answer_media.size(picture)
    source = next((file for file in row.files.all() if file.role == MediaFile.Role.SOURCE), None)
    return (
        said(
            MediaId=row.id,
            Title=row.title,
            Description=row.description,
            CoverURL=url(row.cover_bucket, row.cover_key, endpoint) if row.cover_key else None,
            CateId=row.category_id,
            CreationTime=utc(row.created_at),
            Format=row.key.rpartition("/")[2].rpartition(".")[2] if "." in row.key.rpartition("/")[2] else None,
        )
        | texts(
            Duration=answer_media.decimal(info.get("duration")),
            Size=source.size if source else info.get("size"),
            Bitrate=info.get("bitrate_kbps"),
            Fps=answer_media.rate(picture.get("fps")),
            Width=width,
            Height=height,
        )
        | {
            "Tags": {"Tag": [tag.name for tag in row.tags.all()]},
            "File": {"URL": url(row.bucket, row.key, endpoint), "State": "Normal"},
            "PublishState": STATES[row.state],
            "CensorState": "Initiated",
            "RunIdList": {"RunId": (runs_of([row.pk]) if runs is None else runs).get(row.pk, [])},
        }
    )


def full(row: Media, endpoint: str, parts: frozenset[str]) -> dict[str, Any]:
    """A media with the parts that were asked for."""
    found = media(row, endpoint)
    files = sorted(row.files.all(), key=lambda file: (file.created_at, file.pk))
    if "MediaInfo" in parts and row.info:
        found["MediaInfo"] = {"Format": answer_media.format_(row.info), "Streams": answer_media.streams(row.info)}
    made = _makers(files) if parts & {"PlayList", "SnapshotList"} else {}
    if "PlayList" in parts:
        found["PlayList"] = {"Play": [_play(file, endpoint) | made.get(file.job_id, {}) for file in files if file.role == MediaFile.Role.RENDITION]}
    if "SnapshotList" in parts:
        found["SnapshotList"] = {"Snapshot": [_snapshots(file, endpoint) | made.get(file.job_id, {}) for file in files if file.role == MediaFile.Role.SNAPSHOT]}
    if "SummaryList" in parts:
        found["SummaryList"] = {"Summary": []}
    return found


def _makers(files: Iterable[MediaFile]) -> dict[str, dict[str, str]]:
    """By id of the job: the activity and the workflow that it was of. One read."""
    rows = Activity.objects.filter(job__in={file.job_id for file in files} - {""}).select_related("execution")
    return {
        str(row.job_id): said(ActivityName=row.name, MediaWorkflowId=row.execution.workflow_id, MediaWorkflowName=row.execution.workflow_name) for row in rows
    }


def _play(file: MediaFile, endpoint: str) -> dict[str, Any]:
    return facts(file) | {"File": {"URL": url(file.bucket, file.key, endpoint), "State": "Normal"}}


def facts(file: MediaFile) -> dict[str, str]:
    """What is known of a rendition."""
    info = file.info or {}
    picture = answer_media.shown(info)
    width, height = answer_media.size(picture)
    return texts(
        Format=file.key.rpartition(".")[2].lower(),
        Size=file.size,
        Bitrate=info.get("bitrate_kbps"),
        Fps=answer_media.rate(picture.get("fps")),
        Width=width,
        Height=height,
        Duration=answer_media.decimal(info.get("duration")),
    )


def _snapshots(file: MediaFile, endpoint: str) -> dict[str, Any]:
    number = 1 + len(file.parts)
    return {"File": {"URL": url(file.bucket, file.key, endpoint), "State": "Normal"}, "Type": "Series" if number > 1 else "Single", "Count": str(number)}
