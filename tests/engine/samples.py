"""Probes captured from the sample media with ffprobe 8.1.2, and short ways to say templates and plans. No file beside this folder is read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jobs.engine.encryption import STAND_IN
from jobs.engine.plan import OutputPlan, Plan, RenditionPlan, VideoPlan
from jobs.engine.probe import Probe, parse_ffprobe
from jobs.engine.resolve import resolve
from jobs.engine.sources import Material
from jobs.engine.spec import TranscodeSpec
from jobs.engine.template import Template

HERE = Path(__file__).parent
LADDER = [{"name": n, "video": {"short_side": s, "bitrate_kbps": b}} for n, s, b in (("1080p", 1080, 4000), ("720p", 720, 2500), ("360p", 360, 800))]
NAMES = {
    "bbb": "bbb-720p25-h264-aac51.mp4",
    "screen": "screen-3026x1386-vfr-h264-noaudio.mp4",
    "rot90": "phone-rot90-320p30-h264-aac.mov",
    "rot270": "phone-rot270-320p30-h264.mov",
    "lamp": "lamp-rot90-720p30-hevc-aac.mov",
    "sar": "sar2x1-360p30-h264.mp4",
    "odd": "bear-161x121-vp9-odd.webm",
    "cover": "coverart-360p30-h264-aac-png.mp4",
    "count": "count-480p10-h264-2audio-eng-deu-srt.mkv",
    "chapters": "chapters-240p30-h264-444-aac.mkv",
    "full-range": "timecode-1080p30-hevc-aac.mp4",
    "hdr": "roof-720x1280p30-av1-hdr10-aac.mp4",
    "flv": "face-720p-h264-aac.flv",
    "ass": "face-720p-h264-ac3-ass.mkv",
    "mp3": "speech-5s.mp3",
    "opus51": "tone-opus51.mka",
    "interlaced": "desk-360i25-h264-tff-noaudio.mp4",
    "vfr": "dog-1080p-vfr-phone-h264-aac.mp4",
    "mpeg": "hello-480p30-mpeg2-mp2.mpeg",
    "flower": "flower-540p30-h264-aac.mp4",
    "adts": "enst-7s-adts.aac",
}


def document(name: str) -> dict[str, Any]:
    """ffprobe's JSON, fresh each time."""
    found: dict[str, Any] = json.loads((HERE / "probes" / f"{NAMES[name]}.json").read_text())
    return found


@cache
def probe(name: str) -> Probe:
    """The probe of a sample by its short name."""
    return parse_ffprobe(document(name))


def template(format_: str, **sections: Any) -> Template:
    """A template as it comes out of JSON."""
    return Template.model_validate_json(json.dumps({"container": {"format": format_}, **sections}))


def spec(count: int = 1, start: float | None = None, duration: float | None = None, overrides: list[dict[str, Any]] | None = None) -> TranscodeSpec:
    """A transcode with that many outputs."""
    given = overrides or [{}] * count
    outputs = [{"template": "t", "address": f"oss://output/{n}", "overrides": given[n]} for n in range(count)]
    return TranscodeSpec.model_validate_json(json.dumps({"input": {"address": "oss://input/x", "start": start, "duration": duration}, "outputs": outputs}))


def plan(name: str | Probe, *templates: Template, start: float | None = None, duration: float | None = None) -> Plan:
    """The plan of these outputs for a sample."""
    keys = {index: STAND_IN for index, template in enumerate(templates) if template.encryption}
    return resolve(spec(len(templates), start, duration), templates, Material(probe(name) if isinstance(name, str) else name, keys=keys))


def output(name: str | Probe, format_: str, start: float | None = None, duration: float | None = None, **sections: Any) -> OutputPlan:
    """The plan of one output; fails where it cannot be done."""
    made = plan(name, template(format_, **sections), start=start, duration=duration)
    assert not made.failed, made.failed
    return made.outputs[0]


def failure(name: str | Probe, format_: str, start: float | None = None, **sections: Any) -> tuple[str, str]:
    """Code and sentence of an output that cannot be done."""
    made = plan(name, template(format_, **sections), start=start)
    assert not made.outputs
    return made.failed[0].code, made.failed[0].message


def only(made: OutputPlan) -> RenditionPlan:
    """The rendition of an output that has one."""
    assert len(made.renditions) == 1
    return made.renditions[0]


def video(name: str | Probe, format_: str = "mp4", **values: Any) -> VideoPlan:
    """The planned picture of a sample with these values."""
    found = only(output(name, format_, video=values)).video
    assert found is not None
    return found


def option(plan: VideoPlan, name: str) -> str | None:
    """The value of an encoder option."""
    return plan.options[plan.options.index(name) + 1] if name in plan.options else None


def filter_names(plan: VideoPlan) -> list[str]:
    """In their order."""
    return [name for name, _ in plan.filters]
