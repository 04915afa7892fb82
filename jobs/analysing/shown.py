"""What an analysis found, for its page: facts of the input, and every preset with the reason why it fits or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.error_texts import translated
from jobs.engine.codecs import AUDIO, VIDEO
from templates_app.fields import FORMATS
from templates_app.words import WORDS

GROUPS = (("intelligent", gettext_lazy("Intelligent presets")), ("static", gettext_lazy("Static presets")), ("narrowband", gettext_lazy("Narrowband presets")))
NBSP = "\u00a0"


@dataclass(frozen=True)
class Row:
    """One preset. ``made``: what it would make; ``values``: what an intelligent one takes for this input; ``reasons``: why not, or what to know."""

    id: str
    name: str
    container: str
    fits: bool
    made: str
    values: str
    code: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Presets of one kind: those that fit, and the others."""

    label: str
    fitting: tuple[Row, ...]
    others: tuple[Row, ...]


@dataclass(frozen=True)
class Shown:
    """All of it."""

    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    groups: tuple[Group, ...]


def shown(result: dict[str, Any]) -> Shown:
    """Of the result of an analysis."""
    groups = []
    for kind, label in GROUPS:
        rows = [_row(one) for one in result["presets"] if one["kind"] == kind]
        if rows:
            groups.append(Group(str(label), tuple(row for row in rows if row.fits), tuple(row for row in rows if not row.fits)))
    return Shown(tuple(_facts(result)), tuple(translated(text) for text in result["notes"]), tuple(groups))


def _row(one: dict[str, Any]) -> Row:
    reasons = [one["message"]] if one["message"] else [note["message"] for note in one["notes"]]
    container = str(FORMATS.get(one["container"], one["container"]))
    return Row(
        one["id"],
        one["name"],
        container,
        one["fits"],
        _made(one["made"] or {}),
        _values(one["values"] or {}),
        one["code"] or "",
        tuple(translated(text) for text in reasons),
    )


def _made(made: dict[str, Any]) -> str:
    parts = [
        f"{made['width']} × {made['height']}" if made.get("width") else "",
        f"{number_format(round(made['fps'], 2)).rstrip('0').rstrip('.')} fps" if made.get("fps") else "",
        _codec(made.get("video")),
        f"≈{NBSP}{_kbps(made['kbps'])}" if made.get("kbps") else "",
        _codec(made.get("audio")),
    ]
    return " · ".join(part for part in parts if part)


def _values(values: dict[str, Any]) -> str:
    """What the preset takes for this input, in one line; the size stands among what it makes."""
    video = values.get("video") or {}
    crop = video.get("crop") or {}
    parts = [
        f"CRF {number_format(video['crf'], 1)}" if video.get("crf") is not None else "",
        f"≤ {_kbps(video['maxrate_kbps'])}" if video.get("maxrate_kbps") else "",
        _("deinterlace") if video.get("deinterlace") in ("force", "auto") else "",
        _("crop to %(size)s") % {"size": f"{crop['width']} × {crop['height']}"} if crop else "",
        _("denoise: %(word)s") % {"word": WORDS.get(video["denoise"], video["denoise"])} if video.get("denoise") else "",
        _("to SDR") if video.get("hdr") == "sdr" else "",
    ]
    return " · ".join(part for part in parts if part)


def _codec(name: str | None) -> str:
    """As people write it, whether the name is ours or ffprobe's."""
    names = {one.stream: one.name for one in VIDEO.values()} | {one.stream: one.name for one in AUDIO.values()}
    names |= {ours: one.name for ours, one in VIDEO.items()} | {ours: one.name for ours, one in AUDIO.items()}
    return names.get(name or "", name or "")


def _facts(result: dict[str, Any]) -> list[tuple[str, str]]:
    config, found, cost = result["config"], result["input"], result["complexity"]
    crop = config["crop"] if isinstance(config["crop"], str) else _("an area")
    words = [_("quality %(n)s") % {"n": config["quality"]}, _("over networks") if config["method"] == "network" else _("from a disk")]
    words += [
        _("deinterlace: %(word)s") % {"word": WORDS.get(config["deinterlace"], config["deinterlace"])},
        _("crop: %(word)s") % {"word": WORDS.get(crop, crop)},
    ]
    facts = [(_("Asked for"), " · ".join(words))]
    if found is None:
        return [*facts, (_("Picture"), _("none"))]
    bits = _("%(n)s bit") % {"n": found["bit_depth"]}
    facts.append((_("Picture"), f"{found['width']} × {found['height']} · {_codec(found['codec'])} · {bits}{' · HDR ' + found['hdr'] if found['hdr'] else ''}"))
    if found["kbps"]:
        worth = _(" (worth %(rate)s of H.264)") % {"rate": _kbps(found["h264_kbps"])} if found["h264_kbps"] != found["kbps"] else ""
        facts.append((_("Bitrate of the picture"), _kbps(found["kbps"]) + worth))
    facts.append((_("Interlacing"), _("interlaced") if found["interlaced"] else _("progressive")))
    kept = found["crop"]
    borders = _("kept: %(size)s") % {"size": f"{kept['width']} × {kept['height']}"} if kept else _("no borders")
    facts.append((_("Black borders"), borders if config["crop"] == "auto" else borders if kept else _("not looked for")))
    if cost:
        size = f"{cost['width']} × {cost['height']}"
        said = _("%(rate)s at %(size)s") % {"rate": _kbps(round(cost["kbit_s"])), "size": size}
        facts.append((_("Complexity"), said))
        facts.append((_("Grain"), f"{round(100 * cost['grain'])} %"))
        seen = _("%(seconds)s s at %(n)s places") if cost["windows"] > 1 else _("%(seconds)s s, all of it")
        seen %= {"seconds": number_format(cost["seconds"], 1), "n": cost["windows"]}
        facts.append((_("Looked at"), seen))
    return facts


def _kbps(rate: int) -> str:
    return f"{number_format(rate, 0, force_grouping=True)}{NBSP}kbit/s"
