"""Watermark templates that outputs name, turned into concrete values before a job is accepted: what is changed later changes no job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from jobs.engine.errors import Problem, Refused
from jobs.engine.vocabulary.marks import Watermark
from templates_app.marks import queries

if TYPE_CHECKING:
    from jobs.engine.template import Template


def with_marks(template: Template, kept: Sequence[Watermark] = ()) -> tuple[Template, tuple[tuple[str, Problem], ...]]:
    """The template with the values of the watermark templates that it names, and what cannot be: (code, problem) with places in the template.

    ``template`` of a watermark then is the id, as a trace of where the values came from. ``kept``: the same watermarks as they were resolved before
    (of a job that is done again): their values stay, whatever has become of the watermark templates.
    """
    if not any(mark.template for mark in template.watermarks):
        return template, ()
    done: list[Watermark] = []
    wrong: list[tuple[str, Problem]] = []
    for number, mark in enumerate(template.watermarks):
        if mark.template is None:
            done.append(mark)
            continue
        if len(kept) == len(template.watermarks) and kept[number].template:
            done.append(kept[number])
            continue
        try:
            row = queries.find(mark.template)
        except Refused as error:
            wrong.append((error.code, Problem(("watermarks", number, "template"), error.message)))
            continue
        done.append(laid_over(row.params, mark, row.pk))
        wrong += (("ImpossibleCombination", Problem(("watermarks", number, *p.loc), p.message)) for p in _contradictions(row.name, row.kind, mark, done[-1]))
    return template.model_copy(update={"watermarks": tuple(done)}) if not wrong else template, tuple(wrong)


def laid_over(params: dict[str, Any], mark: Watermark, template_id: str) -> Watermark:
    """What the output says, and the watermark template's values where it says nothing; texts field by field too."""
    said = mark.model_dump(mode="json", exclude_none=True)
    merged = {**params, **said, "template": template_id}
    if "text" in params or "text" in said:
        merged["text"] = {**params.get("text", {}), **said.get("text", {})}
    return Watermark.model_validate(merged, strict=False)


def _contradictions(name: str, kind: str, said: Watermark, merged: Watermark) -> Iterator[Problem]:
    if kind == "image" and said.text is not None:
        yield Problem(("text",), f"The watermark template {name} is for images.")
    elif kind == "text" and said.image is not None:
        yield Problem(("image",), f"The watermark template {name} is for texts.")
    elif kind == "image" and merged.image is None:
        yield Problem(("image",), f"The watermark template {name} has no image; give one here.")
    elif kind == "text" and (merged.text is None or not (merged.text.content or "").strip()):
        yield Problem(("text", "content"), f"The watermark template {name} has no text; give one here.")
