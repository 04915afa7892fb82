"""Subtitles as files of their own: a stream of the input, or another file, as SRT, WebVTT or ASS, at the clip's times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs import services
from jobs.engine import texts
from jobs.engine.combinations import check
from jobs.engine.errors import Refused
from jobs.engine.spec import JOB_SPEC
from jobs.engine.template import Template
from jobs.models import Output
from jobs.states import JobState
from media_assets.models import MediaFile

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("presets", "pipeline"), pytest.mark.media]
FILM = "count-480p10-h264-2audio-eng-deu-srt.mkv"


@pytest.fixture
def made(buckets: Any, media: Path, work_off: Callable[[], int]) -> Callable[..., tuple[Output, str]]:
    """made("srt", {…}) → the output and what is in its file."""

    def make(format_: str, subtitle: dict[str, Any] | None = None, source: str = FILM, **more: Any) -> tuple[Output, str]:
        whole = {"container": {"format": format_}, "subtitle": subtitle or {}, **more}
        outputs = [{"address": f"oss://output/film.{format_}", "overrides": whole}]
        sent = {"kind": "transcode", "input": buckets.put(media / source), "outputs": outputs}
        job = services.submit(spec=JOB_SPEC.validate_python(sent, strict=False), source="api")
        work_off()
        path = buckets.output / f"film.{format_}"
        return Output.objects.get(job=job), path.read_text() if path.is_file() else ""

    return make


@pytest.mark.parametrize(("format_", "kind"), [("srt", "srt"), ("vtt", "vtt"), ("ass", "ass")])
def test_a_stream_of_the_input(format_: str, kind: str, made: Callable[..., tuple[Output, str]]) -> None:
    output, text = made(format_)
    assert output.state == JobState.SUCCEEDED, (output.message, output.checks)
    script = texts.read(text)
    assert script.kind == kind
    assert len(script.cues) >= 3
    whole = [cue.start for cue in script.cues]
    assert whole == sorted(whole)
    assert MediaFile.objects.get(role="rendition").key == f"film.{format_}"
    _, clip = made(format_, edit={"start": whole[1], "duration": 3.0})
    assert texts.read(clip).cues[0].start == pytest.approx(0.0, abs=0.02)
    assert max(cue.end for cue in texts.read(clip).cues) <= 3.011


def test_another_file_and_its_encoding(made: Callable[..., tuple[Output, str]], buckets: Any) -> None:
    (buckets.input / "hans.srt").write_bytes("1\n00:00:01,000 --> 00:00:02,000\n你好，世界\n".encode("gbk"))
    output, text = made("vtt", {"files": [{"address": "oss://input/hans.srt", "charset": "gbk"}]})
    assert output.state == JobState.SUCCEEDED, output.message
    assert text.startswith("WEBVTT")
    assert "你好，世界" in text
    _, text = made("ass", {"files": [{"address": "oss://input/hans.srt"}]})
    assert "Noto Sans CJK SC" in text


@pytest.mark.parametrize(
    ("subtitle", "source", "code"),
    [
        ({"streams": [7]}, FILM, "TrackNotFound"),
        ({"languages": ["jpn"]}, FILM, "TrackNotFound"),
        ({}, "flower-540p30-h264-aac.mp4", "TrackNotFound"),
    ],
)
def test_what_is_not_there_fails(subtitle: dict[str, Any], source: str, code: str, made: Callable[..., tuple[Output, str]]) -> None:
    output, text = made("srt", subtitle, source)
    assert output.code == code
    assert text == ""


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"video": {"codec": "h264"}}, "video"),
        ({"subtitle": {"remove": True}}, "remove"),
        ({"subtitle": {"streams": [0, 1]}}, "streams"),
        ({"subtitle": {"languages": ["eng"], "files": [{"address": "oss://input/a.srt"}]}}, "languages"),
        ({"subtitle": {"files": [{"address": "oss://input/a.srt"}, {"address": "oss://input/b.srt"}]}}, "files"),
        ({"subtitle": {"burn_stream": 0}}, "burn_stream"),
        ({"subtitle": {"files": [{"address": "oss://input/a.srt", "burn": True}]}}, "burn"),
        ({"watermarks": [{"text": {"content": "x"}}]}, "watermarks"),
        ({"mux": {"segment_seconds": 5.0}}, "mux"),
        ({"edit": {"after_list": "oss://input/list.json"}}, "after_list"),
    ],
)
def test_what_has_no_meaning_is_refused(more: dict[str, Any], place: str, made: Callable[..., tuple[Output, str]]) -> None:
    assert check(Template.model_validate({"container": {"format": "srt"}}, strict=False)) == ()
    with pytest.raises(Refused) as refused:
        made("srt", **more)
    assert any(problem.loc[-1] == place for problem in refused.value.problems), refused.value.problems
