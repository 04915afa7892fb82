"""Pictures of large objects in a store: the same as of the whole file, for a few of its bytes."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jobs import services
from jobs.engine import mkv_index
from jobs.engine.mp4_index import Need, NotTold, wanted
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import tools
from jobs.ffmpeg.media_info import LEAST_SECONDS
from jobs.ffmpeg.probe import probe
from media_assets import partial
from media_assets.models import Bucket
from media_assets.s3 import S3Storage
from tests.media_assets.stores import Line

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
FILLER = 60_000_000
ROWS = [
    ("persons-432p10-h264-noaudio-139s.mp4", 120.05),
    ("persons-432p10-h264-noaudio-139s.mp4", 0.0),
    ("phone-rot90-320p30-h264-aac.mov", 1.5),
    ("sar2x1-360p30-h264.mp4", 3.21),
    ("roof-720x1280p30-av1-hdr10-aac.mp4", 2.0),
    ("dog-1080p-vfr-phone-h264-aac.mp4", 1.0),
    ("timecode-1080p30-hevc-aac.mp4", 7.77),
    ("count-480p10-h264-2audio-eng-deu-srt.mkv", 5.0),
    ("flower-540p30-vp8-vorbis.webm", 3.3),
    ("device-720p60-vp9-alpha.webm", 0.5),
]


def filled(path: Path, target: Path, size: int = FILLER) -> Path:
    """The same film in a much larger file: behind it lies media data that no table names."""
    shutil.copyfile(path, target)
    if path.suffix in (".mkv", ".webm"):
        return filled_segment(path.read_bytes(), target, size)
    with target.open("r+b") as file:
        file.seek(0, 2)
        file.write(struct.pack(">I4sQ", 1, b"mdat", size))
        file.truncate(path.stat().st_size + size)
    return target


def filled_segment(data: bytes, target: Path, size: int) -> Path:
    """A void element behind everything else in the segment."""
    _kind, first, length = mkv_index.head(data)
    at = first + length
    _kind, before, within = mkv_index.head(data, at)
    assert before == 12  # a size of eight bytes, which can say more
    head = data[:at] + data[at : at + 4] + (1 << 56 | within + 9 + size).to_bytes(8, "big")
    target.write_bytes(head + data[at + 12 : at + 12 + within] + b"\xec" + (1 << 56 | size).to_bytes(8, "big"))
    with target.open("r+b") as file:
        file.truncate(target.stat().st_size + size)
    return target


def snapshot(bucket: str, key: str, work_off: Callable[[], int], **more: Any) -> Any:
    document = {"kind": "snapshot", "input": f"oss://{bucket}/{key}", "output": f"oss://{bucket}/{uuid.uuid4().hex}-{{Count}}.png"} | more
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
    work_off()
    job.refresh_from_db()
    assert job.state == "succeeded", (job.code, job.message)
    return job


@pytest.mark.parametrize(("name", "time"), ROWS)
def test_the_picture_is_that_of_the_whole_file(
    bind: Callable[..., S3Storage],
    media: Path,
    work_off: Callable[[], int],
    line: Line,
    tmp_path: Path,
    name: str,
    time: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = bind("films")
    with filled(media / name, tmp_path / "large.mp4").open("rb") as file:
        place.put("in.mp4", iter(lambda: file.read(1 << 20), b""))
    Bucket.objects.filter(name="films").update(endpoint=line.endpoint)
    job = snapshot("films", "in.mp4", work_off, mode="single", time=time)
    cost = line.fetched
    assert cost < min(14_000_000, 1_500_000 + 2 * (media / name).stat().st_size), cost
    told = job.probe
    with place.open(job.outputs.get().key) as picture:
        seen = picture.read()
    monkeypatch.setattr(partial, "SMALL", 1 << 40)
    job = snapshot("films", "in.mp4", work_off, mode="single", time=time)
    assert line.fetched - cost > FILLER
    with place.open(job.outputs.get().key) as picture:
        assert picture.read() == seen
    assert job.probe == told


def test_a_picture_of_a_long_file_needs_its_own_part_only(bind: Callable[..., S3Storage], media: Path, tmp_path: Path) -> None:
    """Ranges in the middle of one long track, and holes that take no space."""
    source = media / "persons-432p10-h264-noaudio-139s.mp4"
    data = source.read_bytes()
    at = 0
    while data[at + 4 : at + 8] != b"moov":
        at += struct.unpack_from(">I", data, at)[0]
    moov = data[at + 8 : at + struct.unpack_from(">I", data, at)[0]]
    size = len(data)
    near, far = (sum(end - start for start, end in wanted(moov, Need(times=times))) for times in ((0.0,), (0.0, 100.0)))
    assert near < 0.2 * size
    assert near < far < 0.6 * size


def test_a_picture_of_a_long_matroska_file_needs_its_own_clusters_only(
    bind: Callable[..., S3Storage], line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranges in the middle, and the index behind them."""
    monkeypatch.setattr(partial, "SMALL", 0)
    source = tmp_path / "long.mkv"
    made = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=60", "-vf", "noise=alls=60:allf=t", "-c:v", "libx264", "-preset", "ultrafast"]
    subprocess.run([tools.find().ffmpeg, "-nostdin", "-v", "error", *made, "-g", "50", "-b:v", "4M", str(source)], check=True, timeout=300)
    place = bind("films", endpoint=line.endpoint)
    place.put("in", [source.read_bytes()])
    before = line.fetched
    part = partial.pin_part(place, "in", tmp_path, Need(times=(50.0,)), "holes")
    assert part is not None
    assert part.size < 0.4 * source.stat().st_size
    assert line.fetched - before < part.size + 2_000_000
    frames = [["-ss", "50", "-i", str(tmp_path / name), "-frames:v", "1", "-f", "framemd5", "-"] for name in ("holes", "long.mkv")]
    holes, whole = (subprocess.run([tools.find().ffmpeg, "-nostdin", "-v", "error", *argv], check=True, capture_output=True, timeout=60) for argv in frames)
    assert holes.stdout == whole.stdout
    assert not holes.stderr


def test_damaged_matroska_tells_nothing() -> None:
    for data in (b"", b"\x1aE\xdf\xa3", b"\x1aE\xdf\xa3\xff", b"\xff" * 20, b"\0" * 20, b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff"):
        with pytest.raises(NotTold):
            mkv_index.head(data)
    damaged = mkv_index.Parts(b"\x2a\xd7\xb1\x83\x0f", b"", b"\xbb\x90\xb3\x81\x00", 0, 0, 100)
    with pytest.raises(NotTold):
        mkv_index.wanted(damaged, Need(times=(1.0,)))


@pytest.mark.parametrize("name", ["face-720p30-h264-aac-fragmented-offset.mp4", "bbb-1080p24-mpeg2-mp2.ts", "popcorn-180p24-theora-vorbis-64s.ogv"])
def test_what_has_no_tables_is_fetched_whole(
    bind: Callable[..., S3Storage], media: Path, work_off: Callable[[], int], line: Line, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial, "SMALL", 0)
    place = bind("films", endpoint=line.endpoint)
    place.put("in", [(media / name).read_bytes()])
    snapshot("films", "in", work_off, mode="single", time=0.5)
    assert line.fetched >= (media / name).stat().st_size


def test_a_hole_that_is_read_makes_the_whole_be_fetched(
    bind: Callable[..., S3Storage], media: Path, work_off: Callable[[], int], line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables that name the wrong bytes: the decoder complains of the hole, and the picture is right all the same."""
    monkeypatch.setattr(partial, "wanted", lambda moov, need: wanted(moov, Need(times=(0.0,))))
    monkeypatch.setattr(partial, "SMALL", 0)
    source = media / "persons-432p10-h264-noaudio-139s.mp4"
    place = bind("films", endpoint=line.endpoint)
    place.put("in.mp4", [source.read_bytes()])
    job = snapshot("films", "in.mp4", work_off, mode="single", time=120.05)
    assert line.fetched > source.stat().st_size
    with place.open(job.outputs.get().key) as picture:
        seen = picture.read()
    monkeypatch.setattr(partial, "SMALL", 1 << 40)
    job = snapshot("films", "in.mp4", work_off, mode="single", time=120.05)
    with place.open(job.outputs.get().key) as picture:
        assert picture.read() == seen


def test_a_decoder_that_takes_a_hole_for_a_picture_is_not_believed(
    bind: Callable[..., S3Storage], work_off: Callable[[], int], line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uncompressed video: zeros are a picture like others, and nothing complains."""
    source = tmp_path / "raw.mov"
    made = ["-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=60", "-c:v", "rawvideo", "-pix_fmt", "yuyv422", str(source)]
    subprocess.run([tools.find().ffmpeg, "-nostdin", "-v", "error", *made], check=True, timeout=60)
    monkeypatch.setattr(partial, "SMALL", 0)
    place = bind("films", endpoint=line.endpoint)
    place.put("in.mov", [source.read_bytes()])
    told = []
    for wrong in (True, False):
        if wrong:
            monkeypatch.setattr(partial, "wanted", lambda moov, need: wanted(moov, Need(times=(0.0,))))
        else:
            monkeypatch.setattr(partial, "wanted", wanted)
        before = line.fetched
        job = snapshot("films", "in.mov", work_off, mode="single", time=40.0)
        assert (line.fetched - before > source.stat().st_size) == wrong
        with place.open(job.outputs.get().key) as picture:
            told.append(picture.read())
    assert told[0] == told[1]
    image = Image.open(io.BytesIO(told[0])).convert("L")
    assert image.histogram()[200:] != [0] * 56  # not what zeros look like


@pytest.mark.parametrize("name", [ROWS[0][0], ROWS[2][0], ROWS[4][0], ROWS[7][0], ROWS[8][0]])
def test_media_info_is_that_of_the_whole_file(
    bind: Callable[..., S3Storage], media: Path, work_off: Callable[[], int], line: Line, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what is longer the first seconds are looked at, as of every large file, and the answer says so."""
    place = bind("films")
    with filled(media / name, tmp_path / "large.mp4").open("rb") as file:
        place.put("in.mp4", iter(lambda: file.read(1 << 20), b""))
    Bucket.objects.filter(name="films").update(endpoint=line.endpoint)
    document = json.dumps({"kind": "mediainfo", "input": "oss://films/in.mp4"})
    answers = []
    for small in (partial.SMALL, 1 << 40):
        monkeypatch.setattr(partial, "SMALL", small)
        before = line.fetched
        job = services.submit(spec=JOB_SPEC.validate_json(document), source="api")
        work_off()
        job.refresh_from_db()
        assert job.state == "succeeded", (job.code, job.message)
        assert (line.fetched - before > FILLER) == (small > FILLER)
        assert job.result is not None
        answers.append(job.result)
    some, whole = answers
    assert some["raw"] == whole["raw"]
    if some["duration"] <= LEAST_SECONDS:
        assert some == whole
    else:
        assert not some["looked_at"]["whole"]
        rates = [told["video"][0]["frame_rate"]["mean"] for told in answers]
        assert rates[0] == pytest.approx(rates[1], rel=0.02)


def test_a_sprite_of_key_frames_needs_only_these(
    bind: Callable[..., S3Storage], media: Path, work_off: Callable[[], int], line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same sheets and index, for the key frames' bytes."""
    source = tmp_path / "long.mp4"
    made = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=60", "-vf", "noise=alls=30:allf=t", "-c:v", "libx264", "-preset", "ultrafast"]
    made += ["-g", "125", "-keyint_min", "125", "-sc_threshold", "0", str(source)]
    subprocess.run([tools.find().ffmpeg, "-nostdin", "-v", "error", *made], check=True, timeout=120)
    place = bind("films", endpoint=line.endpoint)
    place.put("in.mp4", [source.read_bytes()])
    told = []
    for small in (0, 1 << 40):
        monkeypatch.setattr(partial, "SMALL", small)
        before = line.fetched
        name = uuid.uuid4().hex
        document = {"kind": "sprite", "input": "oss://films/in.mp4", "output": f"oss://films/{name}-{{TileCount}}.jpg", "interval": 5, "columns": 4, "rows": 4}
        job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
        work_off()
        job.refresh_from_db()
        assert job.state == "succeeded", (job.code, job.message)
        assert (line.fetched - before < source.stat().st_size / 2) == (small == 0), line.fetched - before
        assert job.result is not None
        with place.open(job.result["sheets"][0]["key"]) as sheet:
            told.append((job.result["count"], sheet.read()))
    assert told[0] == told[1]


def test_damaged_tables_tell_nothing(media: Path) -> None:
    for moov in (b"", b"\0\0\0\x08mvhd", b"\xff" * 100, struct.pack(">I4s", 2**31, b"trak") + b"x" * 50):
        with pytest.raises(NotTold):
            wanted(moov, Need(times=(0.0,)))


def test_every_file_with_an_index_is_probed_alike_with_holes(
    bind: Callable[..., S3Storage], media: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ffprobe finds the same in the file with holes as in the whole one."""
    monkeypatch.setattr(partial, "SMALL", 0)
    place, found, looked = bind("films"), tools.find(), 0
    for path in sorted(one for ending in ("mp4", "mov", "m4a", "mkv", "webm") for one in media.glob(f"*.{ending}")):
        if path.stat().st_size > 30_000_000:
            continue
        place.put("in", [path.read_bytes()])
        if partial.pin_part(place, "in", tmp_path, Need(times=(1.0,)), "holes") is None:
            continue
        looked += 1
        whole = place.pin("in", tmp_path, "whole")
        assert probe(tmp_path / "holes", tools=found, cwd=tmp_path) == probe(whole, tools=found, cwd=tmp_path), path.name
    assert looked > 0
