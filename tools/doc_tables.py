"""The tables of docs/ that follow from the code: ``python tools/doc_tables.py`` rewrites them; tests/test_docs.py fails when they are stale.

A table stands between ``<!-- name -->`` and ``<!-- /name -->``.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from jobs.engine import combinations  # noqa: E402
from jobs.engine.errors import CODES  # noqa: E402
from jobs.engine.template import AudioCodec, Format, Template, VideoCodec  # noqa: E402
from jobs.ffmpeg.formats import ACCEPTED  # noqa: E402
from templates_app.presets import shipped  # noqa: E402

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
    """Every field of a template: its kind and the rule when nothing is said."""
    rows: Rows = []
    for section, field in Template.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            rows += [[f"`{section}.{name}`", kind(f.annotation, f.metadata), f.description or ""] for name, f in model.model_fields.items()]
        else:
            rows.append([f"`{section}`", "list of `name`, `video`, `audio`", field.description or ""])
    return table(["field", "value", "meaning"], rows)


def kind(annotation: object, metadata: list[object]) -> str:
    """«whole number 1–8», «`aac`, `mp3`» …"""
    options = [option for option in typing.get_args(annotation) if option is not type(None)] if type(None) in typing.get_args(annotation) else [annotation]
    first: typing.Any = options[0]
    if typing.get_origin(first) is typing.Annotated:
        first = typing.get_args(first)[0]
    if typing.get_origin(first) is typing.Literal:
        return ", ".join(f"`{value}`" for value in typing.get_args(first))
    bounds = {name: getattr(m, name) for m in flattened(metadata) for name in ("ge", "gt", "le", "lt") if getattr(m, name, None) is not None}
    names: dict[object, str] = {bool: "`true`, `false`", int: "whole number", float: "number", str: "text"}
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    limits = f" {low:,}–{high:,}" if low is not None and high is not None else ""
    return names.get(first, "list") + limits


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
    """Asks the rule itself, codec by codec."""
    rows = []
    for container in typing.get_args(Format):
        video = [codec for codec in typing.get_args(VideoCodec) if possible(container, video=codec)]
        audio = [codec for codec in typing.get_args(AudioCodec) if possible(container, audio=codec)]
        rows.append([f"`{container}`", ", ".join(f"`{codec}`" for codec in video) or "none", ", ".join(f"`{codec}`" for codec in audio) or "none"])
    return table(["container", "video", "audio"], rows)


def possible(container: str, **codecs: str) -> bool:
    """Whether this codec may be in this container, everything else not said."""
    asked = Template.model_validate({"container": {"format": container}, **{section: {"codec": codec} for section, codec in codecs.items()}})
    return not any(problem.loc[:1] == (next(iter(codecs)),) for problem in combinations.check(asked))


TABLES: dict[str, Callable[[], str]] = {
    "errors": errors,
    "presets": presets,
    "parameters": parameters,
    "accepted": accepted,
    "video": tested("VIDEO"),
    "audio": tested("AUDIO"),
    "combinations": combined,
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
