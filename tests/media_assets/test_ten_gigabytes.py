"""Objects of ten gigabytes: the film lies behind the first 4 GiB, the rest is a hole that takes no space."""

from __future__ import annotations

import base64
import json
import os
import shutil
import struct
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from jobs import services
from jobs.engine.mp4_index import boxes
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import tools
from jobs.models import Job
from media_assets.buckets import create_bucket
from media_assets.models import Upload
from tests.media_assets.stores import KEY_ID, SECRET, Line, Server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline")]
SIZE = 10 << 30
SECONDS = 60
PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")


def moved(data: bytes, by: int) -> bytes:
    """Boxes whose tables of places are of 64 bits and point so many bytes further."""
    found = b""
    for kind, content in boxes(data):
        if kind in PARENTS:
            content = moved(content, by)
        elif kind == b"stco":
            places = struct.unpack_from(f">{struct.unpack_from('>I', content, 4)[0]}I", content, 8)
            kind, content = b"co64", struct.pack(f">II{len(places)}Q", 0, len(places), *(place + by for place in places))
        found += struct.pack(">I4s", 8 + len(content), kind) + content
    return found


def huge(film: Path, target: Path) -> Path:
    """The same film with a hole before its media data, in a box of 64 bits, and its tables at the end."""
    parts = dict(boxes(film.read_bytes()))
    head = struct.pack(">I4s", 8 + len(parts[b"ftyp"]), b"ftyp") + parts[b"ftyp"]
    tables = moved(struct.pack(">I4s", 8 + len(parts[b"moov"]), b"moov") + parts[b"moov"], 0)
    at = film.read_bytes().index(b"mdat") + 4
    hole = SIZE - len(head) - 16 - len(parts[b"mdat"]) - len(tables)
    tables = moved(struct.pack(">I4s", 8 + len(parts[b"moov"]), b"moov") + parts[b"moov"], len(head) + 16 + hole - at)
    with target.open("wb") as file:
        file.write(head + struct.pack(">I4sQ", 1, b"mdat", 16 + hole + len(parts[b"mdat"])))
        file.seek(hole, os.SEEK_CUR)
        file.write(parts[b"mdat"] + tables)
    assert target.stat().st_size == SIZE
    return target


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with «small.mp4» and «huge.mp4», which show the same."""
    folder = tmp_path_factory.mktemp("films")
    source = ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:duration={SECONDS}", "-f", "lavfi", "-i", f"sine=duration={SECONDS}"]
    made = ["-vf", "noise=alls=20:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-b:v", "4M", "-c:a", "aac"]
    argv = [tools.find().ffmpeg, "-nostdin", "-v", "error", *source, *made, str(folder / "small.mp4")]
    subprocess.run(argv, check=True, timeout=300)
    huge(folder / "small.mp4", folder / "huge.mp4")
    return folder


@pytest.fixture
def run(work_off: Callable[[], int]) -> Callable[..., Job]:
    """run(kind, input, …) -> the finished job."""

    def act(kind: str, source: str, **more: Any) -> Job:
        job = services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": kind, "input": source} | more)), source="api")
        work_off()
        job.refresh_from_db()
        assert job.state == "succeeded", (job.code, job.message)
        return job

    return act


def test_on_a_disk_of_this_machine(buckets: Any, films: Path, run: Callable[..., Job], api_of: Callable[..., Client], bob: Any) -> None:
    """Pictures, media info, a sprite and ranges, each as of the small file, in seconds."""
    os.link(films / "huge.mp4", buckets.input / "huge.mp4")
    shutil.copyfile(films / "small.mp4", buckets.input / "small.mp4")
    began = time.monotonic()
    for name in ("small", "huge"):
        run("snapshot", f"oss://input/{name}.mp4", output=f"oss://output/{name}.png", mode="single", time=50.0)
        run("sprite", f"oss://input/{name}.mp4", output=f"oss://output/{name}-{{TileCount}}.jpg", interval=10, cell_width=160)
    assert (buckets.output / "huge.png").read_bytes() == (buckets.output / "small.png").read_bytes()
    assert (buckets.output / "huge-00001.jpg").read_bytes() == (buckets.output / "small-00001.jpg").read_bytes()
    small, large = (run("mediainfo", f"oss://input/{name}.mp4").result or {} for name in ("small", "huge"))
    assert (large["size"], large["duration"]) == (SIZE, small["duration"])
    facts = [[(row["codec"], row["width"], row["frame_rate"], row["gops"]["mean"]) for row in told["video"]] for told in (small, large)]
    assert facts[0] == facts[1]
    assert (small["looked_at"]["whole"], large["looked_at"]["whole"]) == (True, False)
    assert time.monotonic() - began < 60
    api = api_of(bob)
    answer = api.get("/objects/input/huge.mp4", headers={"Range": f"bytes={SIZE - 1000}-"})
    assert (answer.status_code, answer.headers["Content-Range"]) == (206, f"bytes {SIZE - 1000}-{SIZE - 1}/{SIZE}")
    with (films / "small.mp4").open("rb") as file:
        assert b"".join(answer.streaming_content)[-60:] == file.read()[-60:]  # type: ignore[attr-defined]


@pytest.fixture
def store(tmp_path_factory: pytest.TempPathFactory, films: Path) -> Iterator[Server]:
    """A store of plain files, with both films in it. It gives no ETags: those of rclone are made by reading all of the file."""
    folder = tmp_path_factory.mktemp("store")
    (folder / "films").mkdir()
    for name in ("small.mp4", "huge.mp4"):
        os.link(films / name, folder / "films" / name)
    server = Server("rclone", folder, options=("--etag-hash", ""))
    server.start()
    yield server
    server.stop()


def test_in_a_store_for_megabytes(db: None, settings: Any, tmp_path: Path, store: Server, run: Callable[..., Job]) -> None:
    """A frame, media info and a sprite of ten gigabytes cost megabytes."""
    settings.REELMILL_DATA = tmp_path / "data"
    settings.REELMILL_DATA.mkdir()
    line = Line(store.port)
    try:
        create_bucket("films", driver="s3", endpoint=line.endpoint, remote="films", access_key_id=KEY_ID, secret=SECRET, is_input=True, is_output=True)
        for kind, more, most in (
            ("snapshot", {"output": "oss://films/{FileName}.png", "mode": "single", "time": 50.0}, 16_000_000),
            ("mediainfo", {}, 20_000_000),
            ("sprite", {"output": "oss://films/{FileName}-{TileCount}.jpg", "interval": 10, "cell_width": 160}, 20_000_000),
        ):
            before, began = line.fetched, time.monotonic()
            job = run(kind, "oss://films/huge.mp4", **more)
            assert line.fetched - before < most, (kind, line.fetched - before)
            assert time.monotonic() - began < 20, kind
            assert job.probe is not None
            assert (job.probe["size"], round(job.probe["duration"])) == (SIZE, SECONDS)
    finally:
        line.close()
    with Image.open(store.folder / "films/huge.png") as picture:
        assert picture.size == (640, 360)
        assert picture.convert("L").getextrema()[1] > 200


def test_uploads_are_begun_up_to_the_limit(
    buckets: Any, bind: Callable[..., Any], api_of: Callable[..., Client], bob: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten gigabytes are let in, with parts that a store can count; what is above the limit, and what the disk has no room for, is refused before its first byte."""
    api = api_of(bob)

    def begin(length: int) -> Any:
        said = "filename " + base64.b64encode(uuid.uuid4().hex.encode()).decode()
        return api.post("/api/v1/uploads", headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(length), "Upload-Metadata": said})

    made = begin(SIZE)
    assert made.status_code == 201
    assert api.head(made.headers["Location"], headers={"Tus-Resumable": "1.0.0"}).headers["Upload-Length"] == str(SIZE)
    settings.REELMILL_MAX_UPLOAD_GB = 10
    assert (begin(10_000_000_000).status_code, begin(10_000_000_001).json()["code"]) == (201, "BodyTooLarge")
    settings.REELMILL_MAX_UPLOAD_GB = 1_000_000
    assert (begin(10**15).status_code, begin(10**15).json()["code"]) == (507, "StorageFull")
    settings.REELMILL_MAX_UPLOAD_GB = 5000
    bind("films")
    for length in (SIZE, 5_000_000_000_000):
        told = api.post("/api/v1/uploads/direct", {"bucket": "films", "key": f"{length}.mp4", "length": length}, content_type="application/json").json()
        row = Upload.objects.get(pk=told["id"])
        assert row.part_size >= 5 << 20
        assert -(-length // row.part_size) <= 10_000
