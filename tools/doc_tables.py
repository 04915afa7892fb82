"""The tables of docs/ that follow from the code: ``python tools/doc_tables.py`` rewrites them; tests/test_docs.py fails when they are stale.

A table stands between ``<!-- name -->`` and ``<!-- /name -->``.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from jobs.engine import combinations  # noqa: E402
from jobs.engine.address import Address  # noqa: E402
from jobs.engine.codecs import AAC_PROFILES, AUDIO, CONTAINERS, QUALITY, VIDEO  # noqa: E402
from jobs.engine.errors import CODES  # noqa: E402
from jobs.engine.template import Audio, AudioCodec, AudioTrack, Format, Rung, Template, VideoCodec  # noqa: E402
from jobs.engine.vocabulary.products import DEFAULTS, NAMES, Names  # noqa: E402
from jobs.ffmpeg.formats import ACCEPTED  # noqa: E402
from templates_app.presets import shipped  # noqa: E402
from tools import interop  # noqa: E402

Rows = list[list[str]]
OUR_ID = re.compile(r"[0-9a-f]{32}")


def table(head: list[str], rows: Rows) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def errors() -> str:
    """Every code: when, what to do, whether trying again helps."""
    return table(
        ["code", "HTTP", "what happened", "what to do", "retryable"],
        [[f"`{name}`", str(c.status), c.sentence, c.remedy, "yes" if c.retryable else "no"] for name, c in CODES.items()],
    )


def presets() -> str:
    """Every shipped template."""
    rows = [[f"`{preset.name}`", f"`{preset.id}`" if not OUR_ID.fullmatch(preset.id) else "", preset.description] for preset in shipped()]
    return table(["name", "MPS's id", "what it makes"], rows)


def parameters() -> str:
    """Every field of a template: its kind and range, unit, what holds when nothing is said, and its names in the products."""
    rows: Rows = []
    for name, field in Template.model_fields.items():
        rows += described(name, name, field)
    return table(["field", "type and range", "unit", "default", "meaning", "MPS", "IMM", "IMS", "OSS"], rows)


def described(place: str, name: str, field: typing.Any) -> Rows:
    """The row of a field, and those of the models inside it. ``place``: with «[]» after lists; ``name``: without."""
    inner = models_in(field.annotation)
    is_list = typing.get_origin(unsaid(field.annotation)) is tuple
    names = NAMES.get(name, Names())
    said = field.description or MEANINGS.get(name.rpartition(".")[2], "")
    own = [f"`{place}`", kind(field.annotation, field.metadata), unit(name), default(field), said, names.mps, names.imm, names.ims, names.oss]
    rows: Rows = [] if inner and not is_list and not field.description else [own]
    for model in inner:
        if model is Rung:
            continue  # video and audio once more
        inherited = set(Audio.model_fields) if model is AudioTrack else set()
        for part, value in model.model_fields.items():
            if part not in inherited or part == "language":
                rows += described(f"{place}{'[]' if is_list else ''}.{part}", f"{name}.{part}", value)
    return rows


MEANINGS = {"address": "the object", "codec": "", "color": "#RRGGBB or a CSS colour name"}
"""Of fields that are called what they are."""
UNITS = (
    ("_kbps", "kbit/s"), ("_kbit", "kbit"), ("_seconds", "s"), ("_db", "dB"), ("_lufs", "LUFS"), ("_lu", "LU"), ("_cs", "1/100 s"), (".fps", "frames/s"), ("max_fps", "frames/s"),
    (".gop", "frames"), (".bframes", "frames"), (".refs", "frames"), (".rotate", "°"), ("sample_rate", "Hz"), (".bit_depth", "bit"), (".start", "s"), (".duration", "s"), (".end", "s"),
    ("cut_times", "s"), ("text.size", "px or share"), ("watermarks.width", "px or share"), ("watermarks.height", "px or share"), ("delogos.width", "px or share"),
    ("delogos.height", "px or share"), (".dx", "px or share"), (".dy", "px or share"), ("_width", "px"), (".width", "px"), (".height", "px"), (".left", "px"), (".top", "px"),
    ("_side", "px"),
)  # fmt: skip
"""By the end of a field's name, the first that fits."""


def unit(name: str) -> str:
    """What its number counts."""
    return next((said for end, said in UNITS if name.endswith(end)), "")


def default(field: typing.Any) -> str:
    """What holds where nothing is said. «–»: nothing, or the rule that the meaning names."""
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == () or isinstance(value, BaseModel):
        return "–"
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}' if isinstance(value, float) and value != 1 else value}`"


def unsaid(annotation: object) -> typing.Any:
    """The type without «or nothing» and without its rules."""
    options = [option for option in typing.get_args(annotation) if option is not type(None)]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType) and len(options) == 1:
        return unsaid(options[0])
    return typing.get_args(annotation)[0] if typing.get_origin(annotation) is typing.Annotated else annotation


def models_in(annotation: object) -> list[type[BaseModel]]:
    """The models that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in models_in(part)]


def defaults() -> str:
    """What holds where nothing is said, by product."""
    rows = [[f"`{row.field}`", row.native, row.mps or "as native", row.imm or "as native", row.ims or "as native", row.oss or "as native"] for row in DEFAULTS]
    return table(["field or case", "native", "MPS", "IMM", "IMS", "OSS"], rows)


def kind(annotation: object, metadata: list[object]) -> str:
    """«whole number 1–8», «`aac`, `mp3`» …"""
    if (inner := only(annotation)) is not annotation:
        return kind(inner, metadata)
    if typing.get_origin(annotation) is typing.Annotated:
        return kind(annotation.__origin__, [*metadata, *annotation.__metadata__])
    first = unsaid(annotation)
    if typing.get_origin(first) in (types.UnionType, typing.Union):
        options = [option for option in typing.get_args(first) if option is not type(None)]
        if set(options) == {int, float}:
            return "whole number (px) or decimal (share)"
        return " or ".join(kind(option, metadata) for option in options)
    if typing.get_origin(first) is tuple:
        inner = unsaid(typing.get_args(first)[0])
        return "list of objects" if models_in(inner) else f"list of {kind(inner, [])}"
    if models_in(first):
        return "object"
    if first is Address:
        return "`oss://bucket/key`"
    if typing.get_origin(first) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(first))
    bounds = {name: getattr(m, name) for m in flattened(metadata) for name in ("ge", "gt", "le", "lt") if getattr(m, name, None) is not None}
    names: dict[object, str] = {bool: "`true`, `false`", int: "whole number", float: "number", str: "text"}
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    limits = (
        f" {low:,}–{high:,}"
        if low is not None and high is not None
        else f" from {low:,}"
        if low is not None
        else f" up to {high:,}"
        if high is not None
        else ""
    )
    return names.get(first, "text") + limits


def only(annotation: object) -> typing.Any:
    """The one type that there is beside «nothing», with its rules; else the same."""
    options = [option for option in typing.get_args(annotation) if option is not type(None)]
    return options[0] if typing.get_origin(annotation) in (typing.Union, types.UnionType) and len(options) == 1 else annotation


def flattened(metadata: list[object]) -> list[object]:
    """Pydantic keeps some bounds inside others."""
    found: list[object] = []
    for item in metadata:
        found.append(item)
        found += list(getattr(item, "metadata", []))
    return found


def accepted() -> str:
    """The demuxers that can be reached at all."""
    return table(["files", "ffmpeg's name", "why"], [[row.files, f"`{row.name}`", row.reason] for row in ACCEPTED])


def tested(which: str) -> Callable[[], str]:
    """The lists of the media matrix."""

    def make() -> str:
        from tests.e2e import test_media_matrix as matrix

        listed: dict[str, str] = getattr(matrix, which)
        rows = [[meaning, f"`{name}`" + (" (made by the test)" if name in matrix.made_names() else "")] for name, meaning in listed.items()]
        return table(["input", "file of the test"], rows)

    return make


def combined() -> str:
    """Asks the rule itself, codec by codec; in the container's order, so the first is the usual one."""
    rows = []
    for container in typing.get_args(Format):
        held = CONTAINERS[container]
        video = [codec for codec in dict.fromkeys((*held.video, *typing.get_args(VideoCodec))) if possible(container, video=codec)]
        audio = [codec for codec in dict.fromkeys((*held.audio, *typing.get_args(AudioCodec))) if possible(container, audio=codec)]
        rows.append([f"`{container}`", ", ".join(f"`{codec}`" for codec in video) or "none", ", ".join(f"`{codec}`" for codec in audio) or "none"])
    return table(["container", "video", "audio"], rows)


def possible(container: str, **codecs: str) -> bool:
    """Whether this codec may be in this container, everything else not said."""
    asked = Template.model_validate({"container": {"format": container}, **{section: {"codec": codec} for section, codec in codecs.items()}})
    return not any(problem.loc[:1] == (next(iter(codecs)),) for problem in combinations.check(asked))


def refused() -> str:
    """Why not, where there is a reason worth telling."""
    rows = []
    for name, held in CONTAINERS.items():
        for codec, reason in held.reasons.items():
            row = VIDEO.get(codec) or AUDIO.get(codec)
            rows.append([f"`{name}`", row.name if row else "others", reason])
    return table(["container", "codec", "why not"], rows)


def encoders() -> str:
    """What each video codec can be asked for."""
    rows = []
    for name, row in VIDEO.items():
        crf = f"0–{row.crf_max}, usually {row.crf:g}" if row.crf is not None else "none"
        has = [
            word
            for word, field in (("bitrate", "bitrate_kbps"), ("peak", "maxrate_kbps"), ("B-frames", "bframes"), ("references", "refs"))
            if field in row.fields
        ]
        has += ["interlaced"] if "interlaced" in row.fields else []
        formats = ", ".join(f"`{one}`" for one in row.pixel_formats) or "–"
        rows.append(
            [
                f"`{name}`",
                f"`{row.encoder}`",
                crf,
                ", ".join(has) or "–",
                "yes" if row.twice else "no",
                ", ".join(f"`{p}`" for p in row.profiles) or "–",
                formats,
            ]
        )
    return table(["codec", "ffmpeg's encoder", "CRF", "has", "two passes", "profiles", "pixel formats"], rows)


def speeds() -> str:
    """The presets, and what they are for each encoder."""
    rows = []
    for preset in VIDEO["h264"].presets:
        vp9, av1 = (dict(zip(found[::2], found[1::2], strict=True)) for found in (VIDEO[codec].presets[preset] for codec in ("vp9", "av1")))
        rows.append([f"`{preset}`", f"`{preset}`", f"{vp9['-deadline']}, cpu-used {vp9['-cpu-used']}", av1["-preset"]])
    return table(["preset", "H.264, H.265", "VP9", "AV1 (SVT)"], rows)


def qualities() -> str:
    """audio.quality in the encoders' own numbers."""
    steps = (0, 20, 40, 60, 80, 100)
    rows = [[f"`{name}`", *(f"{worst + (best - worst) * step / 100:.3g}" for step in steps)] for name, (worst, best) in QUALITY.items()]
    return table(["codec", *(str(step) for step in steps)], rows)


def aac_profiles() -> str:
    """What fdkaac is asked for."""
    rows = [["`aac_low`", "AAC-LC", "–", "as AAC", "as AAC", "64"]]
    for name, row in AAC_PROFILES.items():
        hertz = ", ".join(f"{rate / 1000:g}" for rate in row.sample_rates)
        rows.append([f"`{name}`", row.name, str(row.number), hertz, ", ".join(str(n) for n in row.channels), str(row.kbps[2])])
    return table(["profile", "name", "fdkaac -p", "sample rates, kHz", "channels", "usual kbit/s per channel"], rows)


TABLES: dict[str, Callable[[], str]] = {
    "errors": errors,
    "presets": presets,
    "parameters": parameters,
    "defaults": defaults,
    "accepted": accepted,
    "video": tested("VIDEO"),
    "audio": tested("AUDIO"),
    "combinations": combined,
    "refused": refused,
    "encoders": encoders,
    "speeds": speeds,
    "qualities": qualities,
    "aac_profiles": aac_profiles,
    **interop.tables(table),
}


def fresh(text: str) -> str:
    """The same page with its tables made anew."""
    for name, make in TABLES.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if marked.search(text):
            made = make()
            text = marked.sub(lambda m, made=made: f"{m[1]}{made}\n{m[2]}", text)  # type: ignore[misc]
    return text


def main() -> None:
    """Rewrite what is stale."""
    for path in sorted((ROOT / "docs").glob("*.md")):
        old = path.read_text()
        if (new := fresh(old)) != old:
            path.write_text(new)
            print(f"{path.relative_to(ROOT)}: tables made anew")


if __name__ == "__main__":
    main()
