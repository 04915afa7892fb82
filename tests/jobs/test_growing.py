"""Playlists that are published while they grow: what a player sees at any moment is whole, and what does not end well goes away."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from jobs import services
from jobs.engine import hls, rfc8216
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job, Output
from jobs.runs import growing as runs
from jobs.states import FINAL, JobState
from media_assets import growing as media_growing
from media_assets.models import Discard, MediaFile
from media_assets.storage import Staged, publish, storage, sweep_discards
from tests.jobs.nodes import RunningNode, on_this_database, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
SLOW = {"codec": "h264", "preset": "veryslow", "height": 720}
MUX = {"segment_seconds": 1.0, "growing_playlist": True}


def submit(source: str, key: str = "g/clip.m3u8", **template: Any) -> Job:
    whole = {"container": {"format": "hls"}, "video": SLOW, "mux": MUX, **template}
    spec = {"kind": "transcode", "input": source, "outputs": [{"address": f"oss://output/{key}", "overrides": whole}]}
    return services.submit(spec=JOB_SPEC.validate_python(spec, strict=False), source="api")


class Reader:
    """A player in a thread: reads the playlist again and again, and all that it names."""

    def __init__(self, path: Path, once: Callable[[], None] = lambda: None) -> None:
        self.path, self.once = path, once
        self.seen: list[str] = []
        self.sizes: dict[str, int] = {}
        self.wrong: list[str] = []
        self._end = threading.Event()

    def look(self) -> None:
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return
        if not self.seen or self.seen[-1] != text:
            self.seen.append(text)
            if len(self.seen) == 1:
                self.once()
        self.wrong += rfc8216.problems(text)
        for name in [line for line in text.splitlines() if line and not line.startswith("#")]:
            part = self.path.parent / name
            if not part.is_file():
                self.wrong.append(f"{name} is not there")
            elif name.endswith(".m3u8"):
                self.wrong += rfc8216.problems(part.read_text())
                self.wrong += [f"{n} is not there" for n in part.read_text().splitlines() if n and n[0] != "#" and not (part.parent / n).is_file()]
            elif self.sizes.setdefault(name, part.stat().st_size) != part.stat().st_size:
                self.wrong.append(f"{name} was shown before it was whole")

    def run(self) -> None:
        try:
            while not self._end.wait(0.02):
                self.look()
        finally:
            connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()


@pytest.mark.parametrize("segments", ["ts", "fmp4"])
def test_it_grows_and_ends(segments: str, buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    source = buckets.put(clips.make(seconds=12, size="1280x720"))
    job = submit(source, mux=MUX | {"segment_format": segments})
    reader = Reader(buckets.output / "g/clip.m3u8")
    with reader.reading():
        work_off()
    job.refresh_from_db()
    output = job.outputs.get()
    assert job.state == JobState.SUCCEEDED, (output.message, output.checks)
    reader.look()
    assert reader.wrong == []
    assert len(reader.seen) >= 4, "it was seen to grow"
    assert "#EXT-X-ENDLIST" not in "".join(reader.seen[:-1])
    assert reader.seen[-1].endswith("#EXT-X-ENDLIST\n")
    assert len(hls.read(reader.seen[0]).segments) < 12
    for before, after in zip(reader.seen, reader.seen[1:], strict=False):
        assert after.startswith(before), "a playlist of the type EVENT only gets longer"
    assert "#EXT-X-PLAYLIST-TYPE:EVENT" in reader.seen[-1]
    assert decoded(buckets.output / "g/clip.m3u8") == 300
    names = {f"g/{path.name}" for path in (buckets.output / "g").iterdir()}
    assert names == {*output.parts, "g/clip.m3u8"} == {*MediaFile.objects.get(role="rendition").parts, "g/clip.m3u8"}
    assert not Discard.objects.exists()


def test_a_ladder_with_sound_apart_and_a_key_grows(buckets: Any, media: Path, work_off: Callable[[], int]) -> None:
    source = buckets.put(media / "count-480p10-h264-2audio-eng-deu-srt.mkv")
    rungs = [{"name": "240p", "video": {"height": 240}}, {"name": "120p", "video": {"height": 120}}]
    template: dict[str, Any] = {"audios": [{"stream": 0}, {"stream": 1}], "ladder": rungs, "encryption": {"method": "aes-128"}, "video": {"preset": "veryslow"}}
    job = submit(source, **template)
    reader = Reader(buckets.output / "g/clip.m3u8")
    with reader.reading():
        work_off()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.outputs.get().checks
    assert reader.wrong == []
    first, last = reader.seen[0], reader.seen[-1]
    assert len(reader.seen) == 2, "the master is replaced by the measured one, with captions, at the end"
    assert "CODECS" not in first
    assert "CODECS" in last
    assert "SUBTITLES" in last
    assert first.count("TYPE=AUDIO") == last.count("TYPE=AUDIO") == 2
    assert not Discard.objects.exists()


def test_what_is_cancelled_goes_away(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=12, size="1280x720"))
    job = submit(source)
    shown: list[bool] = []

    def cancel() -> None:
        until(lambda: job.outputs.get().is_shown, 30)
        shown.append(job.outputs.get().is_shown)
        services.cancel(job.id, actor="bob")

    reader = Reader(buckets.output / "g/clip.m3u8", once=cancel)
    with reader.reading():
        work_off()
    assert job.outputs.get().state == JobState.CANCELLED
    assert shown == [True]
    assert list((buckets.output / "g").iterdir()) == []
    assert not Discard.objects.exists()
    assert job.outputs.get().published_at is None


def test_what_was_there_before_stays_until_the_new_set_is_whole(buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=4))
    submit(source, video={"preset": "ultrafast"}, mux={"segment_seconds": 2.0})
    work_off()
    old = (buckets.output / "g/clip.m3u8").read_text()
    job = submit(source)
    reader = Reader(buckets.output / "g/clip.m3u8")
    with reader.reading():
        work_off()
    reader.look()
    assert job.outputs.get().state == JobState.SUCCEEDED
    assert runs.TAKEN in job.outputs.get().warnings
    assert reader.seen == [old, (buckets.output / "g/clip.m3u8").read_text()]
    assert reader.wrong == []


def test_a_killed_attempt_leaves_nothing_and_the_next_begins_anew(
    tmp_path: Path, buckets: Any, clips: Any, environment: Callable[..., dict[str, str]], free_port: Callable[[], int], decoded: Callable[[Path], int]
) -> None:
    data = tmp_path / "data"
    more = {"REELMILL_WORKERS": "1", "REELMILL_PORT": str(free_port()), "REELMILL_NODE": "grower"}
    node = RunningNode(["manage.py", "serve"], environment(data, **on_this_database(data), **more), data)
    path = buckets.output / "g/clip.m3u8"
    try:
        node.wait_ready()
        job = submit(buckets.put(clips.make(seconds=20, size="1280x720")))
        until(path.is_file, 30, "nothing was shown")
        lost = {line for line in path.read_text().splitlines() if line.endswith(".ts")}
        os.kill(node.groups()[0].main, signal.SIGKILL)
        reader = Reader(path)
        with reader.reading():
            until(lambda: Job.objects.get(pk=job.pk).state in FINAL, 120)
    finally:
        node.destroy()
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    for text in reader.seen:
        names = {line for line in text.splitlines() if line.endswith(".ts")}
        assert names <= lost | names
        assert not (names & lost and names - lost), "segments of two attempts in one playlist"
    assert decoded(path) == 500
    assert Output.objects.get().published_attempt == 2
    Discard.objects.update(due_at="2000-01-01T00:00:00Z")
    sweep_discards()
    assert {p.name for p in (buckets.output / "g").iterdir()} == {"clip.m3u8", *(part.removeprefix("g/") for part in Output.objects.get().parts)}


def test_what_a_dead_attempt_has_shown_goes_by_itself(buckets: Any, tmp_path: Path) -> None:
    def staged(name: str, text: str) -> Staged:
        (tmp_path / name).unlink(missing_ok=True)
        (tmp_path / name).write_text(text)
        return Staged(tmp_path / name, f"g/{name}")

    alive = True
    first = media_growing.Growing("output", "g/list.m3u8", "job-1-1-0", lambda: alive)
    assert first.show([staged("a1.ts", "a1")], staged("list.m3u8", "a1"))
    assert first.show([staged("a2.ts", "a2")], staged("list.m3u8", "a1 a2"))
    assert sweep_discards() == 0, "not due as long as somebody says that it is wanted"
    second = media_growing.Growing("output", "g/list.m3u8", "job-1-2-0", lambda: True)
    assert second.may_begin()
    assert second.show([staged("b1.ts", "b1")], staged("list.m3u8", "b1"))
    alive = False
    assert not first.show([staged("a3.ts", "a3")], staged("list.m3u8", "a1 a2 a3")), "a zombie shows nothing"
    first.withdraw()
    assert {p.name for p in (buckets.output / "g").iterdir()} == {"b1.ts", "list.m3u8"}
    assert (buckets.output / "g/list.m3u8").read_text() == "b1"
    Discard.objects.update(due_at="2000-01-01T00:00:00Z")
    assert sweep_discards() == 2
    assert list((buckets.output / "g").iterdir()) == []
    assert not Discard.objects.exists()


def test_what_stands_there_is_never_touched(buckets: Any, tmp_path: Path) -> None:
    (buckets.output / "list.m3u8").write_text("somebody else's")
    growing = media_growing.Growing("output", "list.m3u8", "job-1-1-0", lambda: True)
    (tmp_path / "list").write_text("ours")
    assert not growing.may_begin()
    assert not growing.show([], Staged(tmp_path / "list", "list.m3u8"))
    growing.withdraw()
    assert (buckets.output / "list.m3u8").read_text() == "somebody else's"


def test_it_may_be_told_not_to_overwrite(buckets: Any, tmp_path: Path) -> None:
    for name in ("one.ts", "list", "whole"):
        (tmp_path / name).write_text(name)
    growing = media_growing.Growing("output", "list.m3u8", "job-1-1-0", lambda: True)
    assert growing.show([Staged(tmp_path / "one.ts", "one.ts")], Staged(tmp_path / "list", "list.m3u8"))
    files, last = [Staged(tmp_path / "one.ts", "one.ts")], Staged(tmp_path / "whole", "list.m3u8")
    publish("output", files, last, token="job-1-1-0", overwrite=False, fence=lambda: True, record=lambda: None, shown={"one.ts"})
    assert (buckets.output / "list.m3u8").read_text() == "whole"
    assert storage("output").stat("one.ts")
    assert not Discard.objects.exists()


@pytest.mark.parametrize(
    ("template", "place", "said"),
    [
        ({"container": {"format": "dash"}}, "growing_playlist", "Only HLS"),
        ({"container": {"format": "mp4"}, "mux": {"growing_playlist": True}}, "growing_playlist", "no segments"),
        ({"mux": MUX | {"segment_name": "{name}-%d"}}, "growing_playlist", "segment_name"),
        ({"video": {"codec": "copy"}}, "growing_playlist", "copied picture"),
        ({"mux": MUX | {"segment_format": "fmp4"}, "encryption": {"method": "cbcs"}}, "growing_playlist", "AES-128"),
        ({"mux": {"segment_name": "{name}"}}, "segment_name", "%05d"),
        ({"mux": {"segment_name": "a/%d"}}, "segment_name", "letters"),
        ({"mux": {"segment_name": "{rung}-%d"}}, "segment_name", "letters"),
        ({"mux": {"segment_name": "%d-%d"}}, "segment_name", "once"),
    ],
)
def test_what_cannot_be_is_refused_at_the_door(buckets: Any, clips: Any, template: dict[str, Any], place: str, said: str) -> None:
    source = buckets.put(clips.make())
    with pytest.raises(Refused) as refused:
        submit(source, **template)
    assert any(problem.loc[-1] == place and said in problem.message for problem in refused.value.problems), refused.value.problems


@pytest.mark.parametrize(
    ("mux", "names"),
    [
        ({"segment_name": "{name}-%05d"}, ["Ein Film-00001.ts", "Ein Film-00002.ts"]),
        ({"segment_name": "{name}-%d", "start_number": 0}, ["Ein Film-0.ts", "Ein Film-1.ts"]),
        ({"segment_name": "part_%03d", "start_number": 7, "segment_format": "fmp4"}, ["Ein Film-init.mp4", "part_007.m4s", "part_008.m4s"]),
    ],
)
def test_names_of_segments_can_be_fixed(mux: dict[str, Any], names: list[str], buckets: Any, clips: Any, work_off: Callable[[], int]) -> None:
    source = buckets.put(clips.make(seconds=2))
    for _turn in range(2):  # the second time over the first
        job = submit(source, "g/Ein Film.m3u8", video={"preset": "ultrafast"}, mux={"segment_seconds": 1.0, **mux})
        work_off()
        assert job.outputs.get().state == JobState.SUCCEEDED, job.outputs.get().checks
        assert sorted(path.name for path in (buckets.output / "g").iterdir()) == sorted([*names, "Ein Film.m3u8"])
        named = [line for line in (buckets.output / "g/Ein Film.m3u8").read_text().splitlines() if line and line[0] != "#"]
        assert named == [hls.quote(name) for name in names if "init" not in name]
    Discard.objects.update(due_at="2000-01-01T00:00:00Z")
    sweep_discards()
    assert len(list((buckets.output / "g").iterdir())) == len(names) + 1


def test_two_outputs_cannot_have_the_same_names(buckets: Any, clips: Any) -> None:
    template = {"container": {"format": "hls"}, "mux": {"segment_name": "{name}-%d"}}
    outputs = [
        {"address": "oss://output/g/clip.m3u8", "overrides": template},
        {"address": "oss://output/g/clip.mpd", "overrides": {"container": {"format": "dash"}, "mux": {"segment_name": "{name}-%d"}}},
    ]
    spec = {"kind": "transcode", "input": buckets.put(clips.make()), "outputs": outputs}
    with pytest.raises(Refused, match="same names"):
        services.submit(spec=JOB_SPEC.validate_python(spec, strict=False), source="api")


def test_fixed_names_in_a_ladder_and_a_manifest(buckets: Any, clips: Any, work_off: Callable[[], int], decoded: Callable[[Path], int]) -> None:
    source = buckets.put(clips.make(seconds=3))
    rungs = [{"name": "180p", "video": {"height": 180}}, {"name": "90p", "video": {"height": 90}}]
    job = submit(source, video={"preset": "ultrafast"}, container={"format": "cmaf"}, ladder=rungs, mux={"segment_seconds": 1.0, "segment_name": "{name}-%d"})
    work_off()
    assert job.outputs.get().state == JobState.SUCCEEDED, job.outputs.get().checks
    names = {path.name for path in (buckets.output / "g").iterdir()}
    assert {"clip-180p-1.m4s", "clip-90p-3.m4s", "clip-a0-2.m4s", "clip.mpd", "clip.m3u8"} <= names
    manifest = (buckets.output / "g/clip.mpd").read_text()
    assert 'media="clip-90p-$Number$.m4s"' in manifest
    assert decoded(buckets.output / "g/clip-90p.m3u8") == 75
