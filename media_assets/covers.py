"""A picture from outside as the cover of a media. Its header is read by us, the sandboxed program opens it; what is kept is a JPEG that we made.

The upright picture, at most SIDE px a side, never enlarged, transparent parts white, without what the sender wrote into it (place, camera, author).
It lies among the snapshots of the media, in an output bucket. A media has one such picture: a new one replaces it.
"""

from __future__ import annotations

import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from console.lib.ids import new_id
from console.lib.policy import current
from jobs import pictures
from jobs.engine.codecs import decoders
from jobs.engine.errors import JobError, Refused
from jobs.ffmpeg import sandbox, stills
from jobs.ffmpeg.limits import for_probe
from jobs.media_tools import media_tools
from media_assets import snapshots
from media_assets.models import Bucket, Media, MediaFile
from media_assets.storage import discard_later, storage

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from jobs.engine.probe import VideoStream

BYTES_MAX = 10_000_000
PIXELS_MAX = 50_000_000
SIDE = 1920  # px
SECONDS = 15.0  # that making it may take
FORMATS = {"mjpeg": "jpeg_pipe", "png": "png_pipe", "webp": "webp_pipe"}
"""What may be a cover, by codec; the demuxer that opens it. No moving pictures."""
USUAL = "output"  # bucket
QUALITY = "3"  # mjpeg's scale: 2 is best
GIVEN, MADE = "mark0", "cover.jpg"  # files of the first name are the only ones that are opened as pictures, see jobs.ffmpeg.guard
AT_ONCE = 2  # in one web process
WAIT = 5.0  # s for a place
_places = threading.BoundedSemaphore(AT_ONCE)


def from_file(media: Media, file: BinaryIO) -> None:
    """Make what this file holds the cover. Raises Refused: InputForbidden (no picture), BodyTooLarge, InputTooLarge, ResourceContentBad (damaged), QueueFull,
    BucketRoleMissing (no output bucket), and what the bucket refuses."""
    data = file.read(BYTES_MAX + 1)
    if len(data) > BYTES_MAX:
        raise Refused("BodyTooLarge", _("A cover may have at most %(limit)s MB.") % {"limit": BYTES_MAX // 1_000_000})
    _keep(media, _made(data))


def from_object(media: Media, address: Address) -> None:
    """The same of an object. Raises Refused as well: ObjectNotFound, BucketNotFound, PermissionDenied."""
    place = storage(address.bucket)
    facts = place.stat(address.key)
    if facts is None:
        raise Refused("ObjectNotFound")
    if facts.size > BYTES_MAX:
        raise Refused("BodyTooLarge", _("A cover may have at most %(limit)s MB.") % {"limit": BYTES_MAX // 1_000_000})
    with place.open(address.key) as file:
        from_file(media, file)


# --- making -----------------------------------------------------------------------------------------------------------
def _made(data: bytes) -> tuple[bytes, int, int]:
    """The JPEG, its width and its height."""
    with _place(), tempfile.TemporaryDirectory(dir=_folder(), prefix="room-") as name:
        room = Path(name)
        (room / GIVEN).write_bytes(data)
        stream = _looked_at(room)
        answer = sandbox.call(media_tools().ffmpeg, _argv(stream), cwd=room, limits=for_probe(SECONDS), timeout=SECONDS)
        seen = pictures.look(room / MADE) if answer.exit_code == 0 and (room / MADE).exists() else None
        if seen is None or _complained(answer.stderr):  # half a picture is decoded too, but not without a word
            raise Refused("ResourceContentBad", _("This picture is damaged."))
        return (room / MADE).read_bytes(), seen.width, seen.height


def _looked_at(room: Path) -> VideoStream:
    """What its header says."""
    try:
        stream = stills.image(room / GIVEN, most=PIXELS_MAX, shown="cover").picture
    except JobError as error:
        text = {
            "InputTooLarge": _("This picture has more than %(most)s million pixels.") % {"most": PIXELS_MAX // 1_000_000},
            "InputNotReadable": _("This picture is damaged."),
        }.get(error.code, _no_picture())
        raise Refused("ResourceContentBad" if error.code == "InputNotReadable" else error.code, text) from None
    if stream is None or stream.codec not in FORMATS:
        raise Refused("InputForbidden", _no_picture())
    return stream


def _no_picture() -> str:
    return _("A cover is a JPEG, PNG or WebP that does not move.")


def _argv(stream: VideoStream) -> list[str]:
    format_ = FORMATS[stream.codec]
    small = f"scale=w='min({SIDE},iw)':h='min({SIDE},ih)':force_original_aspect_ratio=decrease:flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
    laid = "format=rgba,split[over][under];[under]lutrgb=r=255:g=255:b=255:a=255[white];[white][over]overlay=format=rgb"
    values = "scale=out_color_matrix=smpte170m:out_range=full:flags=accurate_rnd+full_chroma_int,format=yuvj420p"
    return [
        *("-nostdin", "-v", "error", "-y", "-threads", "1", "-err_detect", "crccheck", "-protocol_whitelist", "file"),
        *("-format_whitelist", format_, "-codec_whitelist", ",".join(decoders(stream.codec)), "-f", format_, "-i", GIVEN),
        *("-vf", f"{small},setsar=1,{laid},{values}", "-frames:v", "1", "-map_metadata", "-1"),
        *("-c:v", "mjpeg", "-qmin:v", "1", "-q:v", QUALITY, "-f", "image2", "-update", "1", MADE),
    ]


def _complained(said: str) -> bool:
    """Whether the decoder told of damage; odd notes of a camera beside the picture are none."""
    return any(line.strip() and "APP fields" not in line for line in said.splitlines())


def _folder() -> Path:
    """Where rooms are: on the disk of the data, not in the memory of /tmp."""
    place = Path(settings.REELMILL_DATA) / "previews"
    place.mkdir(exist_ok=True)
    return place


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=WAIT):
        raise Refused("QueueFull", _("Too many pictures at once; try again."))
    try:
        yield
    finally:
        _places.release()


# --- keeping ----------------------------------------------------------------------------------------------------------
def _keep(media: Media, made: tuple[bytes, int, int]) -> None:
    data, width, height = made
    bucket = _bucket()
    place = storage(bucket)
    facts = place.put(f"covers/{media.id}-{new_id()[:8]}.jpg", [data], overwrite=False)  # a new name: nobody sees the old picture out of a cache
    picture = {"time": 0.0, "bucket": bucket, "key": facts.key, "size": facts.size, "width": width, "height": height, "uploaded": True}
    with transaction.atomic():
        there = Media.objects.select_for_update().filter(pk=media.pk).exists()
        if there:
            old = [row for row in MediaFile.objects.filter(media=media, role=MediaFile.Role.SNAPSHOT, job_id="") if row.info and row.info.get("uploaded")]
            MediaFile.objects.create(
                media=media,
                role=MediaFile.Role.SNAPSHOT,
                bucket=bucket,
                key=facts.key,
                size=facts.size,
                etag=facts.etag,
                info={"count": 1, "uploaded": True, "pictures": [picture]},
            )
            snapshots.set_cover(media.pk, bucket, facts.key)
            for row in old:
                row.delete()
                _discard(row)
    if not there:
        place.delete(facts.key)
        raise Refused("NotFound", _("There is no such media."))


def _discard(row: MediaFile) -> None:
    """The picture that was replaced goes once pages that show it have been read."""
    try:
        discard_later(row.bucket, [row.key], settings.REELMILL_DISCARD_GRACE_SECONDS, f"cover-{uuid.uuid4().hex}", main=row.key, etag=row.etag)
    except Refused:
        return  # its bucket is not bound any more


def _bucket() -> str:
    """The output bucket that jobs use if nobody says, else the first one."""
    names = [name for name in Bucket.objects.filter(is_output=True).order_by("name").values_list("name", flat=True) if current().allows_bucket(name)]
    if not names:
        raise Refused("BucketRoleMissing", _("No bucket is bound as output, so the cover has no place."))
    return USUAL if USUAL in names else names[0]
