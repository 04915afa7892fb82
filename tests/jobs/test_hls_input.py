"""Playlists as inputs whose parts are encrypted as a whole, or which are made of several recordings: real sets, real jobs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from jobs import services
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import tools
from jobs.models import Attempt, Job
from jobs.states import JobState
from media_assets import keys
from media_assets.models import Bucket, ContentKey

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
KEY, OTHER = bytes(range(200, 216)), bytes(range(16))


def submit(source: Any, **output: Any) -> Job:
    row = {"template": "mp4-h264-360p", "address": "oss://output/o0.mp4", "overrides": {"video": {"preset": "ultrafast"}}, **output}
    return services.submit(spec=JOB_SPEC.validate_python({"kind": "transcode", "input": source, "outputs": [row]}, strict=False), source="api")


def done(job: Job, work_off: Callable[[], int]) -> Job:
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, (job.code, job.message, list(job.outputs.values_list("code", "message")))
    return job


def failed(job: Job, work_off: Callable[[], int]) -> tuple[str, str]:
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    return job.code, job.message


def pictures(path: Path) -> list[str]:
    """Digest of every decoded picture."""
    argv = [tools.find().ffmpeg, "-nostdin", "-v", "error", "-i", str(path), "-map", "0:v:0", "-f", "framemd5", "-"]
    text = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout
    return [line.rpartition(",")[2].strip() for line in text.splitlines() if line and not line.startswith("#")]


def encrypted(plain: bytes, key: bytes, vector: bytes) -> bytes:
    padding = PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return cipher.update(padding.update(plain) + padding.finalize()) + cipher.finalize()


@pytest.fixture
def made(buckets: Any, clips: Any, ffmpeg: str) -> Callable[..., Path]:
    """A set that ffmpeg makes in the bucket «input», below hls/; answers its folder."""

    def make(*options: str, name: str = "index", seconds: float = 3, size: str = "128x72") -> Path:
        place: Path = buckets.input / "hls"
        place.mkdir(exist_ok=True)
        (place / "the.key").write_bytes(KEY)
        clip = clips.make(seconds=seconds, size=size, rate=25, more=("-g", "25"))
        common = ["-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_segment_filename", f"{name}%d.seg"]
        subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-i", str(clip), *common, *options, f"{name}.m3u8"], check=True, cwd=place, timeout=60)
        return place

    return make


def locked(place: Path, tag: Callable[[int], str], secret: Callable[[int], tuple[bytes, bytes]], sequence: int = 0) -> None:
    """Encrypt the segments of a plain set; ``tag``: the line before the segment, ``secret``: its key and vector."""
    lines: list[str] = []
    number = 0
    for line in (place / "index.m3u8").read_text().splitlines():
        if line.startswith("#EXT-X-MEDIA-SEQUENCE"):
            lines.append(f"#EXT-X-MEDIA-SEQUENCE:{sequence}")
            continue
        if line.startswith("#EXTINF") and (said := tag(number)):
            lines.append(said)
        lines.append(line)
        if line and not line.startswith("#"):
            (place / line).write_bytes(encrypted((place / line).read_bytes(), *secret(number)))
            number += 1
    (place / "index.m3u8").write_text("\n".join(lines))


# --- keys -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("vector", ["", "00112233445566778899aabbccddeeff"], ids=["vector of ffmpeg", "own vector"])
def test_what_ffmpeg_encrypts(buckets: Any, made: Any, work_off: Callable[[], int], vector: str, tmp_path: Path, caplog: Any) -> None:
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "info").write_text(f"the.key\n{tmp_path / 'key'}\n{vector}\n")
    place = made("-hls_key_info_file", str(tmp_path / "info"))
    assert "AES-128" in (place / "index.m3u8").read_text()
    assert (place / "index0.seg").read_bytes()[:1] != b"\x47"
    job = done(submit("oss://input/hls/index.m3u8"), work_off)
    secret_pictures = pictures(buckets.output / "o0.mp4")
    assert len(secret_pictures) == 75
    made()  # the same, plain
    done(submit("oss://input/hls/index.m3u8", address="oss://output/plain.mp4"), work_off)
    assert pictures(buckets.output / "plain.mp4") == secret_pictures
    stored = json.dumps([job.spec, job.probe, *Attempt.objects.values("argv", "log_tail")], default=str) + caplog.text
    assert KEY.hex() not in stored
    assert "the.key" not in json.dumps(list(Attempt.objects.values("argv")))


def test_number_as_vector_and_keys_that_change(buckets: Any, made: Any, work_off: Callable[[], int]) -> None:
    place = made(seconds=4)
    (place / "other.key").write_bytes(OTHER)
    vector = bytes(range(16, 32))
    tags = ['#EXT-X-KEY:METHOD=AES-128,URI="the.key"', "", f'#EXT-X-KEY:METHOD=AES-128,URI="other.key",IV=0X{vector.hex().upper()}', "#EXT-X-KEY:METHOD=NONE"]
    plain = (place / "index3.seg").read_bytes()
    locked(place, tags.__getitem__, lambda n: (KEY, (70 + n).to_bytes(16, "big")) if n < 2 else (OTHER, vector), sequence=70)
    (place / "index3.seg").write_bytes(plain)
    done(submit("oss://input/hls/index.m3u8"), work_off)
    assert len(pictures(buckets.output / "o0.mp4")) == 100


def test_fragmented_mp4_with_its_init_section_encrypted(buckets: Any, made: Any, work_off: Callable[[], int]) -> None:
    place = made("-hls_segment_type", "fmp4")
    vector = bytes(16)
    locked(place, lambda _: "", lambda _: (KEY, vector))
    (place / "init.mp4").write_bytes(encrypted((place / "init.mp4").read_bytes(), KEY, vector))
    text = (place / "index.m3u8").read_text().replace("#EXT-X-MAP", f'#EXT-X-KEY:METHOD=AES-128,URI="the.key",IV=0x{vector.hex()}\n#EXT-X-MAP')
    (place / "index.m3u8").write_text(text)
    done(submit("oss://input/hls/index.m3u8"), work_off)
    assert len(pictures(buckets.output / "o0.mp4")) == 75


def test_our_own_encrypted_set_with_its_key(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=2, size="128x72"))
    template = {"container": {"format": "hls"}, "mux": {"segment_seconds": 1.0}, "encryption": {"method": "aes-128"}, "video": {"preset": "ultrafast"}}
    done(submit(source, template=None, address="oss://output/set/movie.m3u8", overrides=template), work_off)
    shutil.copytree(buckets.output / "set", buckets.input / "set")
    row = ContentKey.objects.get()
    (buckets.input / "set" / "movie.key").write_bytes(keys.opened(row))
    playlist = buckets.input / "set" / "movie.m3u8"
    assert failed(submit({"address": _copy(playlist, "as-it-is.txt")}), work_off)[0] == "InputForbidden"  # /keys/… is no object beside it
    playlist.write_text(playlist.read_text().replace(f"/keys/{row.id}", "movie.key"))
    done(submit("oss://input/set/movie.m3u8"), work_off)
    assert len(pictures(buckets.output / "o0.mp4")) == 50
    assert keys.opened(row).hex() not in json.dumps(list(Attempt.objects.values("argv", "log_tail")), default=str)


def _copy(playlist: Path, name: str) -> str:
    shutil.copyfile(playlist, playlist.with_name(name))
    return f"oss://input/set/{name}"


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        (None, "ObjectNotFound", "The object input/hls/the.key is not there."),
        (KEY[:15], "InputNotReadable", "oss://input/hls/the.key is not a key of the playlist: a key has exactly 16 bytes."),
        (KEY + b"\n", "InputNotReadable", "a key has exactly 16 bytes"),
        (KEY.hex().encode(), "InputNotReadable", "a key has exactly 16 bytes"),
        (OTHER, "InputNotReadable", "oss://input/hls/index0.seg cannot be decrypted with the key and vector that the playlist names."),
    ],
    ids=["absent", "short", "with a line end", "hexadecimal", "another"],
)
def test_keys_that_do_not_open(buckets: Any, made: Any, work_off: Callable[[], int], key: bytes | None, code: str, said: str) -> None:
    place = made()
    locked(place, lambda n: '#EXT-X-KEY:METHOD=AES-128,URI="the.key"' if n == 0 else "", lambda n: (KEY, n.to_bytes(16, "big")))
    (place / "the.key").unlink()
    if key is not None:
        (place / "the.key").write_bytes(key)
    found, message = failed(submit("oss://input/hls/index.m3u8"), work_off)
    assert (found, said in message) == (code, True), message
    assert not any(secret in message for secret in (KEY.hex(), OTHER.hex()))


def test_keys_elsewhere_are_refused_at_the_door_and_not_told(buckets: Any, made: Any) -> None:
    place = made()
    text = (place / "index.m3u8").read_text()
    for uri in ("https://keys.example.com/k?token=s3cret", "data:application/octet-stream;base64,c2VjcmV0", "../s3cret", "/keys/s3cret"):
        (place / "index.m3u8").write_text(text.replace("#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{uri}"\n#EXTINF', 1))
        with pytest.raises(Refused) as caught:
            submit("oss://input/hls/index.m3u8")
        assert caught.value.code == "InputForbidden"
        assert re.search("put it .16 bytes. beside the playlist", caught.value.message)
        assert "cret" not in caught.value.message
        assert "c2Vj" not in caught.value.message


def test_the_key_is_not_overwritten(buckets: Any, made: Any) -> None:
    Bucket.objects.filter(name="input").update(is_output=True)
    place = made()
    (place / "key.mp4").write_bytes(KEY)
    text = (place / "index.m3u8").read_text()
    (place / "index.m3u8").write_text(text.replace("#EXTINF", '#EXT-X-KEY:METHOD=AES-128,URI="key.mp4"\n#EXTINF', 1))
    with pytest.raises(Refused) as caught:
        submit("oss://input/hls/index.m3u8", address="oss://input/hls/key.mp4")
    assert caught.value.code == "OutputOverwritesInput"


# --- several recordings ---------------------------------------------------------------------------------------------------
def several(place: Path, *names: str) -> None:
    """One playlist of several: each begins again at 0."""
    bodies = []
    for name in names:
        lines = (place / f"{name}.m3u8").read_text().splitlines()
        first = next(n for n, line in enumerate(lines) if line.startswith(("#EXT-X-KEY", "#EXTINF", "#EXT-X-MAP")))
        bodies.append("\n".join(line for line in lines[first:] if line != "#EXT-X-ENDLIST"))
    head = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
    (place / "all.m3u8").write_text(head + "\n#EXT-X-DISCONTINUITY\n".join(bodies) + "\n#EXT-X-ENDLIST\n")


def test_recordings_of_one_kind_are_joined(buckets: Any, made: Any, work_off: Callable[[], int], tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY)
    (tmp_path / "info").write_text(f"the.key\n{tmp_path / 'key'}\n")
    place = made(name="a", seconds=2)
    made("-hls_key_info_file", str(tmp_path / "info"), name="b", seconds=1)
    made(name="c", seconds=1.6)
    several(place, "a", "b", "c")
    (place / "all.m3u8").write_text(
        (place / "all.m3u8").read_text().replace("#EXT-X-DISCONTINUITY\n#EXTINF", "#EXT-X-DISCONTINUITY\n#EXT-X-KEY:METHOD=NONE\n#EXTINF")
    )
    job = done(submit("oss://input/hls/all.m3u8"), work_off)
    found = ffprobe.probe(buckets.output / "o0.mp4", tools=tools.find(), cwd=buckets.output, count_packets=True)
    assert abs(len(pictures(buckets.output / "o0.mp4")) - 115) <= 2
    for seconds in (found.duration, found.audio[0].duration, (job.probe or {})["duration"]):  # sound ends a packet after the picture, in each of them
        assert seconds is not None
        assert 4.5 <= seconds <= 4.6 + 3 * 0.064
    assert abs((found.video[0].start or 0) - (found.audio[0].start or 0)) <= 0.041


@pytest.mark.parametrize("other", [("size", "96x96"), ("options", "fmp4")], ids=["another size", "fragmented"])
def test_recordings_of_two_kinds_are_refused(made: Any, work_off: Callable[[], int], other: tuple[str, str]) -> None:
    place = made(name="a", seconds=1)
    made(*(("-hls_segment_type", "fmp4") if other[0] == "options" else ()), name="b", seconds=1, **({"size": other[1]} if other[0] == "size" else {}))
    several(place, "a", "b")
    (place / "all.txt").write_text((place / "all.m3u8").read_text())  # a name that the door does not look into
    code, message = failed(submit("oss://input/hls/all.txt"), work_off)
    assert code == "InputNotReadable"
    assert "made of several recordings" in message


def test_a_copied_clip_begins_at_the_key_frame_before_its_start(made: Callable[..., Path], buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    """Key frames are at every second: 1.5 s on as a copy is 1 s on, and players hide what lies before 1.5 s."""
    made()
    whole = pictures(clips.make(seconds=3, size="128x72", rate=25, more=("-g", "25")))
    job = done(submit({"address": "oss://input/hls/index.m3u8", "start": 1.5}, overrides={"video": {"codec": "copy"}}), work_off)
    shown = pictures(buckets.output / "o0.mp4")
    assert shown == whole[-len(shown) :]
    assert len(shown) in (37, 38, 39)
    assert job.outputs.get().warnings == ["The copied picture begins at the key frame before the clip's start."]
