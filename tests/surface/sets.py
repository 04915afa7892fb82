"""Sets as they are published, and how the tests of sets write and read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jobs.engine import dash, hls, rfc8216
from jobs.engine.sets import Composed, compose
from jobs.ffmpeg.probe import probe
from jobs.ffmpeg.sets import look
from tests.surface.harness import Made, Row

FAST = {"preset": "ultrafast"}
CLIP = {"seconds": 3}
SHORT = {"seconds": 2}
LADDER = [{"name": "72p", "video": {"height": 72}}, {"name": "36p", "video": {"height": 36}}]
MPS, OSS, IMS, ISSUE = "mps-terms.txt: HLS", "oss-video-convert.txt: segment", "ims-multi-audio-tracks.txt", "issue 3: output groups"


def published(made: Made) -> tuple[Path, Composed]:
    """The set with its final names in a folder of its own."""
    probes = {}
    for rendition in made.output.renditions:
        if rendition.file.endswith(".vtt"):
            continue
        probes[rendition.file] = probe(
            made.room / rendition.file, tools=made.tools, cwd=made.room, count_packets=True, own_playlist=rendition.segments is not None
        )
    done = compose(made.output, look(made.room, made.output, probes), "set")
    folder = made.room / "published"
    folder.mkdir(exist_ok=True)
    for file, name in {**done.names, done.main: "main"}.items():
        if file in done.texts:
            (folder / name).write_text(done.texts[file])
        else:
            shutil.copyfile(made.room / file, folder / name)
    (folder / "main").rename(folder / ("main.mpd" if done.main.endswith(".mpd") else "main.m3u8"))
    for path in folder.glob("*.m3u8"):
        assert rfc8216.problems(path.read_text()) == (), path
    assert not [p for p in folder.iterdir() if p.suffix in (".key", ".keys", ".keyinfo")]
    return folder, done


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def attributes(text: str, tag: str) -> list[dict[str, str]]:
    return [rfc8216.attributes(line) for line in text.splitlines() if line.startswith(tag)]


def decoded(made: Made, path: Path, *options: str) -> Any:
    """Mean brightness of every picture, as ffmpeg decodes it."""
    playlist = ["-allowed_extensions", "ALL", "-protocol_whitelist", "file,crypto"] if path.suffix == ".m3u8" else []
    argv = [made.tools.ffmpeg, "-nostdin", "-v", "error", *playlist, *options, "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    data = subprocess.run([*argv, "-vf", "scale=8:8,format=gray", "-f", "rawvideo", "-"], capture_output=True, check=True, cwd=path.parent, timeout=60).stdout
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 64).mean(axis=1)


def joined(folder: Path, representation: dash.Representation) -> Path:
    """One file of a representation's segments, init first."""
    path = folder / f"joined-{representation.init}"
    path.write_bytes(b"".join((folder / str(name)).read_bytes() for name in (representation.init, *(name for name, _ in representation.segments))))
    return path


def seconds(*wanted: float) -> Callable[[Made], None]:
    """Lengths of the segments of the first playlist or representation, ± one frame."""

    def look_at(made: Made) -> None:
        folder, done = published(made)
        if done.main.endswith(".mpd"):
            found = [s for _, s in video_of(folder).segments]
        else:
            path = folder / "main.m3u8"
            while "#EXT-X-STREAM-INF" in path.read_text():
                path = folder / lines(path.read_text())[0]
            found = [s.seconds for s in hls.read(path.read_text()).segments]
        assert found == pytest.approx(list(wanted), abs=0.041)

    return look_at


def manifest(folder: Path) -> dash.Manifest:
    return dash.read(next(p for p in folder.iterdir() if p.suffix == ".mpd").read_text())


def video_of(folder: Path) -> dash.Representation:
    return next(r for r in manifest(folder).representations if r.content == "video")


def cmaf_both(made: Made) -> None:
    """One set of segments, named by playlists and manifest alike."""
    folder, done = published(made)
    assert done.beside == "o0.mpd"
    parts = {name for r in manifest(folder).representations for name in (r.init, *(n for n, _ in r.segments))}
    named = set()
    for path in folder.glob("*.m3u8"):
        text = path.read_text()
        if "#EXTINF" in text:
            named |= set(lines(text)) | {a["URI"] for a in attributes(text, "#EXT-X-MAP")}
    assert parts == {name for name in named if not name.endswith(".vtt")}
    assert len(decoded(made, folder / lines((folder / "main.m3u8").read_text())[0])) in (75, 50)


def in_step(made: Made) -> None:
    """A flash and a beep come together: sound and picture of separate tracks begin within one picture of each other."""
    folder, _ = published(made)
    raw = next(folder.glob("*.mpd")).read_text()
    offsets = [(int(o or 0), int(s)) for s, o in re.findall(r'SegmentTemplate timescale="(\d+)"(?: presentationTimeOffset="(\d+)")?', raw)]
    assert len(offsets) == 2
    assert max(o / s for o, s in offsets) - min(o / s for o, s in offsets) < 0.04


def mux(**said: Any) -> dict[str, Any]:
    return {"segment_seconds": 1.0, **said}


def row(name: str, seed: str, format_: str, look_at: Callable[[Made], None], source: dict[str, Any] = CLIP, **sections: Any) -> Row:
    return Row(name, seed, format_, {"video": FAST, "mux": mux(), **sections}, look_at, source)
