"""Sets through the queue: what a player finds in the bucket plays, and keys stay where they belong."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.engine import dash, hls, rfc8216
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import tools
from jobs.models import Attempt, Job
from jobs.states import JobState
from media_assets import keys
from media_assets.models import ContentKey, MediaFile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
KEY = "0123456789abcdeffedcba9876543210"
LADDER = [{"name": "180p", "video": {"height": 180}}, {"name": "90p", "video": {"height": 90}}]


def submit(source: str, key: str, **template: Any) -> Job:
    output = {"address": f"oss://output/{key}", "overrides": {"video": {"preset": "ultrafast"}, **template}}
    return services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": [output]}, strict=False), source="api")


def done(job: Job, work_off: Callable[[], int]) -> Job:
    work_off()
    job.refresh_from_db()
    output = job.outputs.get()
    assert job.state == JobState.SUCCEEDED, (output.message, [c for c in output.checks if not c["ok"]])
    return job


def decoded(path: Path, *options: str) -> int:
    """Number of pictures that ffmpeg decodes."""
    playlist = ["-allowed_extensions", "ALL"] if path.suffix == ".m3u8" else []
    argv = [tools.find().ffmpeg, "-nostdin", "-v", "error", *playlist, "-protocol_whitelist", "file,crypto", *options, "-i", str(path)]
    argv += ["-map", "0:v:0", "-f", "framehash", "-"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60, cwd=path.parent).stdout
    return sum(1 for line in text.splitlines() if line and not line.startswith("#"))


def clean(folder: Path) -> None:
    """Every playlist keeps the rules."""
    for path in folder.rglob("*.m3u8"):
        assert rfc8216.problems(path.read_text()) == (), path


def test_an_fmp4_ladder(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=3))
    template = {"container": {"format": "hls"}, "mux": {"segment_seconds": 1.0, "segment_format": "fmp4", "iframe_playlist": True}, "ladder": LADDER}
    job = done(submit(source, "s/clip.m3u8", **template), work_off)
    folder = buckets.output / "s"
    clean(folder)
    master = (folder / "clip.m3u8").read_text()
    rungs = [line for line in master.splitlines() if line and not line.startswith("#")]
    assert [decoded(folder / rung) for rung in rungs] == [75, 75]
    assert len(re.findall("EXT-X-I-FRAME-STREAM-INF", master)) == 2
    assert "avc1." in master
    assert "mp4a.40.2" in master
    assert {f"s/{p.name}" for p in folder.iterdir()} == {*job.outputs.get().parts, "s/clip.m3u8"}
    assert len(Attempt.objects.get().argv) == 1


def test_dash_with_two_languages(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    source = buckets.put(media / "count-480p10-h264-2audio-eng-deu-srt.mkv")
    template = {"container": {"format": "dash"}, "mux": {"segment_seconds": 4.0}, "audios": [{"stream": 0}, {"stream": 1}], "ladder": LADDER}
    done(submit(source, "d/count.mpd", **template), work_off)
    manifest = dash.read((buckets.output / "d/count.mpd").read_text())
    kinds = sorted(r.content for r in manifest.representations)
    assert kinds == ["audio", "audio", "text", "video", "video"]
    assert {r.language for r in manifest.representations if r.content == "audio"} == {"en", "de"}
    for representation in manifest.representations:
        names = [representation.base] if representation.base else [representation.init, *(name for name, _ in representation.segments)]
        assert all((buckets.output / "d" / str(name)).stat().st_size for name in names)
    text = next(r.base for r in manifest.representations if r.content == "text")
    assert (buckets.output / "d" / str(text)).read_text().startswith("WEBVTT")
    info = MediaFile.objects.get(role="rendition").info or {}
    assert info["video"][0]["height"] == 180
    assert len(info["audio"]) == 2


def test_cmaf_with_cbcs(buckets: Any, clips: Any, work_off: Callable[[], int], client: Any) -> None:
    source = buckets.put(clips.make(seconds=3))
    template = {"container": {"format": "cmaf"}, "mux": {"segment_seconds": 1.0}, "encryption": {"method": "cbcs"}, "ladder": LADDER}
    job = done(submit(source, "c/clip.m3u8", **template), work_off)
    folder = buckets.output / "c"
    clean(folder)
    row = ContentKey.objects.get()
    key = keys.opened(row).hex()
    manifest = dash.read((folder / "clip.mpd").read_text())
    assert all(r.encrypted for r in manifest.representations)
    video = next(r for r in manifest.representations if r.content == "video")
    whole = folder / "joined.mp4"
    whole.write_bytes(b"".join((folder / str(name)).read_bytes() for name in (video.init, *(n for n, _ in video.segments))))
    assert decoded(whole, "-decryption_key", key) == 75
    assert f"/keys/{row.id}/license" in (folder / "clip.mpd").read_text()
    assert f'URI="/keys/{row.id}"' in (folder / str(next(p for p in folder.glob("clip-*-v.m3u8"))).rpartition("/")[2]).read_text()
    argv = json.dumps(Attempt.objects.get().argv)
    assert "packager" in argv
    assert key not in argv
    assert row.key_id not in argv
    assert not any(path.suffix in (".keys", ".key") for path in folder.iterdir())
    assert job.outputs.get().parts


@pytest.mark.parametrize("given", [True, False])
def test_aes_128(buckets: Any, clips: Any, work_off: Callable[[], int], given: bool) -> None:
    source = buckets.put(clips.make(seconds=2))
    wanted = {"method": "aes-128", **({"key": KEY, "key_uri": "https://keys.example.com/a?b=c"} if given else {})}
    job = done(submit(source, "a/clip.m3u8", container={"format": "hls"}, mux={"segment_seconds": 1.0}, encryption=wanted), work_off)
    playlist = buckets.output / "a/clip.m3u8"
    clean(playlist.parent)
    row = ContentKey.objects.get()
    key = keys.opened(row)
    assert (key.hex() == KEY) is given
    (tag,) = [line for line in playlist.read_text().splitlines() if line.startswith("#EXT-X-KEY")]
    said = rfc8216.attributes(tag)
    assert said["URI"] == ("https://keys.example.com/a?b=c" if given else f"/keys/{row.id}")
    local = playlist.with_name("local.m3u8")
    (playlist.parent / "k").write_bytes(key)
    local.write_text(playlist.read_text().replace(said["URI"], "k"))
    assert decoded(local) == 50
    segment = playlist.parent / hls.read(playlist.read_text()).segments[0].uri
    assert segment.read_bytes()[:1] != b"\x47"  # not plain TS
    stored = json.dumps([job.spec, *job.outputs.values("overrides", "effective", "parameters"), *Attempt.objects.values("argv", "log_tail")], default=str)
    assert KEY not in stored
    assert key.hex() not in stored


def test_a_key_of_the_media_is_shared(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=1))
    for name in ("a", "b"):
        done(submit(source, f"{name}/x.m3u8", container={"format": "hls"}, encryption={"method": "aes-128", "per": "media"}), work_off)
    assert ContentKey.objects.count() == 1
    done(submit(source, "c/x.m3u8", container={"format": "hls"}, encryption={"method": "aes-128", "per": "media", "private": True}), work_off)
    assert ContentKey.objects.count() == 2


def test_a_set_made_again_replaces_the_old_one(buckets: Any, clips: Any, work_off: Callable[[], int], settings: Any) -> None:
    from django.utils import timezone

    from media_assets.storage import sweep_discards

    settings.REELMILL_DISCARD_GRACE_SECONDS = 0
    source = buckets.put(clips.make(seconds=2))
    for _ in range(2):
        job = done(submit(source, "r/clip.m3u8", container={"format": "cmaf"}, mux={"segment_seconds": 1.0}), work_off)
    sweep_discards(timezone.now())
    assert {f"r/{p.name}" for p in (buckets.output / "r").iterdir()} == {*job.outputs.get().parts, "r/clip.m3u8"}
    assert "r/clip.mpd" in job.outputs.get().parts


def test_plain_hls_of_a_source_with_texts_stays_a_media_playlist(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    """Only who asks for captions gets a master at the address."""
    source = buckets.put(media / "count-480p10-h264-2audio-eng-deu-srt.mkv")
    plain = done(submit(source, "p/plain.m3u8", container={"format": "hls"}), work_off)
    assert hls.read((buckets.output / "p/plain.m3u8").read_text()).ended
    assert not list((buckets.output / "p").glob("*.vtt"))
    assert any("name them" in warning for warning in plain.outputs.get().warnings)
    done(submit(source, "c/captions.m3u8", container={"format": "hls"}, subtitle={"streams": [0]}), work_off)
    assert "TYPE=SUBTITLES" in (buckets.output / "c/captions.m3u8").read_text()
