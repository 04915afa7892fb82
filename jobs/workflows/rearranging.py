"""The editor's buttons that change the page and judge nothing: a step or an output more or less, another order. They work on what was sent, without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.spec import OUTPUTS_MAX
from jobs.submitting.forms import STARTER
from jobs.submitting.template_choices import TemplateChoices
from jobs.workflows.step_bodies import PATTERN
from jobs.workflows.step_forms import ORDER, PACKAGE_STARTER, StepForm, WorkflowForms, numbers_of
from jobs.workflows.tree import STEPS_MAX
from templates_app.rows import changed
from templates_app.tree import RowsView

if TYPE_CHECKING:
    from django.http import QueryDict

ADDABLE = ("transcode", "package", "snapshot", "cover", "preview", "analysis", "mediainfo", "inspect", "publish")
"""Kinds of steps to add; sprites are a mode of snapshots."""


def rearranged(data: QueryDict) -> tuple[QueryDict, list[int]] | None:
    """What was sent, after the button that was pressed did its work, and the steps to open. None where no such button was pressed.

    «do» is add:kind, add:kind:number (under that step), remove:number, up:number, down:number, more:number (an output), less:number:output."""
    if action := data.get("rows", ""):
        return changed(data, action), []
    if prefix := data.get("open", ""):
        copy = data.copy()
        copy[f"{prefix}-open"] = "1"
        return copy, []
    if "refresh" in data:
        return data.copy(), []
    verb, _colon, what = data.get("do", "").partition(":")
    if not verb:
        return None
    copy = data.copy()
    first, _colon, second = what.partition(":")
    order = numbers_of(copy, ORDER)
    if verb == "add" and first in ADDABLE and len(order) < STEPS_MAX:
        return _added(copy, first, second)
    if not first.isdecimal() or int(first) not in order:
        return copy, []
    number = int(first)
    if verb == "remove":
        _remove(copy, order, number)
    elif verb in ("up", "down"):
        _move(copy, order, number, -1 if verb == "up" else 1)
    elif verb in ("more", "less"):
        _outputs(copy, number, second if verb == "less" else "")
        return copy, [number]
    return copy, []


def _added(data: QueryDict, kind: str, under: str) -> tuple[QueryDict, list[int]]:
    """A new step at the end, or behind the last of those that stand under the step named."""
    order = numbers_of(data, ORDER)
    number = max(order, default=-1) + 1
    taken = {data.get(f"s{one}-name", "") for one in order}
    name = next(text for text in (kind, *(f"{kind}-{n}" for n in range(2, STEPS_MAX + 3))) if text not in taken)
    editor = WorkflowForms(document={})
    step = StepForm(number, kind, editor, step={"name": name})
    _send(data, step)
    at = len(order)
    if under.isdecimal() and int(under) in order:
        data[f"s{number}-under"] = under
        below = {int(under)}
        for one in order:
            if data.get(f"s{one}-under", "").isdecimal() and int(data.get(f"s{one}-under", "")) in below:
                below.add(one)
        at = max(order.index(one) for one in below) + 1
    elif kind != "publish" and order and data.get(f"s{order[-1]}-kind") == "publish":
        at -= 1  # publishing stays the last
    order.insert(at, number)
    data.setlist(ORDER, [str(one) for one in order])
    return data, [number]


def _send(data: QueryDict, step: StepForm) -> None:
    """What a browser would send of a step as it is drawn."""
    for form in step.all:
        for bound in form:
            value = bound.value()
            if value is True:
                data[bound.html_name] = "on"
            elif isinstance(value, list | tuple):
                data.setlist(bound.html_name, [str(one) for one in value])
            elif value not in (None, "", False):
                data[bound.html_name] = str(value)
            elif bound.field.required and (choices := getattr(bound.field, "choices", None)):
                data[bound.html_name] = str(next((choice[0] for choice in choices), ""))
        for view in getattr(form, "views", {}).values():
            if isinstance(view, RowsView):
                data.setlist(view.marker, [str(row.index) for row in view.rows])
    if step.outputs:
        data.setlist(f"{step.prefix}-outputs", [number for number, _form in step.output_numbers])


def _remove(data: QueryDict, order: list[int], number: int) -> None:
    """Take a step away; those under it go to where it stood."""
    above = data.get(f"s{number}-under", "")
    order.remove(number)
    for one in order:
        if data.get(f"s{one}-under") == str(number):
            data[f"s{one}-under"] = above
    for name in [name for name in data if name.startswith(f"s{number}-")]:
        del data[name]
    data.setlist(ORDER, [str(one) for one in order])


def _move(data: QueryDict, order: list[int], number: int, by: int) -> None:
    """Swap a step with its neighbour, unless one of them stands under the other."""
    at = order.index(number)
    to = at + by
    if not 0 <= to < len(order):
        return
    first, second = order[min(at, to)], order[max(at, to)]
    if data.get(f"s{second}-under") != str(first):
        order[at], order[to] = order[to], order[at]
        data.setlist(ORDER, [str(one) for one in order])


def _outputs(data: QueryDict, number: int, gone: str) -> None:
    """One output more, like the last; or that one less."""
    place = f"s{number}-outputs"
    numbers = numbers_of(data, place)
    if gone:
        if gone.isdecimal() and int(gone) in numbers and len(numbers) > 1:
            numbers.remove(int(gone))
            for name in [name for name in data if name.startswith(f"s{number}-o{gone}-")]:
                del data[name]
    elif len(numbers) < OUTPUTS_MAX:
        new = max(numbers, default=-1) + 1
        last = f"s{number}-o{numbers[-1]}-" if numbers else ""
        kind = data.get(f"s{number}-kind", "transcode")
        data.update(
            {
                f"s{number}-o{new}-template": TemplateChoices().default(PACKAGE_STARTER if kind == "package" else STARTER),
                f"s{number}-o{new}-overwrite": "on",
                f"s{number}-o{new}-bucket": data.get(last + "bucket", ""),
                f"s{number}-o{new}-key": PATTERN,
            }
        )
        numbers.append(new)
    data.setlist(place, [str(one) for one in numbers])
