"""The editor's form: where files come from, and the steps in their order, each with the fields of its kind.

Steps have numbers that stay theirs: fields of step 3 begin with «s3-», those of its second output with «s3-o1-». Hidden fields «steps» and «s3-outputs» name
the numbers in their order, so that adding, removing and moving (``rearranging``) change nothing else of what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from console.error_texts import translated
from jobs.engine.address import Address
from jobs.engine.spec import OUTPUTS_MAX
from jobs.inspecting.forms import AnalysisForm
from jobs.submitting.forms import STARTER
from jobs.submitting.template_choices import TemplateChoices
from jobs.workflows import shown
from jobs.workflows.forms import PublishForm, WorkflowForm
from jobs.workflows.services import Wanted
from jobs.workflows.step_bodies import OF_STEPS, PATTERN, HeadForm, NothingForm, StepOutputForm, body_of, form_of
from jobs.workflows.tree import KINDS, STEPS_MAX, Step
from templates_app.available import impossible
from templates_app.snapshots.forms import PictureForm

if TYPE_CHECKING:
    from django import forms

    from jobs.engine.errors import Problem, Refused

ORDER = "steps"
TYPES: dict[str, str] = {kind: type_ for type_, kinds in KINDS.items() for kind in kinds} | {
    "transcode": "transcode",
    "package": "package",
    "publish": "publish",
}
OUTPUT_KINDS = frozenset({"transcode", "package"})
PACKAGE_STARTER = "hls-ladder"
SAMPLE = "example.mp4"


class StepForm:
    """One step: its head, and a body of one form or of several outputs. ``number``: its own, for names of fields."""

    def __init__(self, number: int, kind: str, editor: WorkflowForms, data: Any = None, step: Mapping[str, Any] | None = None) -> None:
        """``data``: what was sent; ``step``: as it was kept, to start from."""
        self.number, self.kind, self.editor = number, kind, editor
        self.prefix = f"s{number}"
        job = dict((step or {}).get("job") or {})
        head = {"kind": kind, "name": (step or {}).get("name", ""), "under": "", "rest": ""}
        self.outputs: list[StepOutputForm] = []
        self.body: forms.Form = NothingForm(prefix=self.prefix)
        if kind in OUTPUT_KINDS:
            self._make_outputs(data, job)
            rest = {name: value for name, value in job.items() if name not in ("kind", "outputs")}
        else:
            made, initial, rest = body_of(kind, job, str((step or {}).get("mode") or "manual"))
            self.body = form_of(made, data, self.prefix, initial, quiet=editor.quiet)
        head["rest"] = json.dumps(rest) if rest else ""
        self.head = form_of(HeadForm, data, self.prefix, head, quiet=editor.quiet)

    def _make_outputs(self, data: Any, job: Mapping[str, Any]) -> None:
        editor = self.editor
        common: dict[str, Any] = {"choices": editor.choices, "marks": editor.marks}
        if data is not None:
            numbers = numbers_of(data, f"{self.prefix}-outputs") or [0]
            self.outputs = [StepOutputForm(data, prefix=f"{self.prefix}-o{n}", quiet=editor.quiet, **common) for n in numbers[:OUTPUTS_MAX]]
            return
        wanted = job.get("outputs") or [usual_output(self.kind, editor)]
        self.outputs = [StepOutputForm(prefix=f"{self.prefix}-o{n}", output=one, **common) for n, one in enumerate(wanted[:OUTPUTS_MAX])]

    # --- for the page -----------------------------------------------------------------------------------------------------
    @property
    def word(self) -> str:
        """What it is called."""
        return shown.word(self.kind)

    @property
    def icon(self) -> str:
        """Its icon."""
        return shown.icon(self.kind)

    @property
    def name(self) -> str:
        """Its name as it stands."""
        return str(self.head["name"].value() or "").strip()

    @property
    def above(self) -> str:
        """The number of the step it stands under; empty: none."""
        return str(self.head["under"].value() or "")

    @property
    def output_numbers(self) -> list[tuple[str, StepOutputForm]]:
        """The outputs with their numbers."""
        return [(str(form.prefix).rpartition("-o")[2], form) for form in self.outputs]

    @property
    def fields(self) -> list[tuple[forms.BoundField, str, bool]]:
        """Fields of a body that has no layout of its own: field, unit, whether it is wide."""
        if isinstance(self.body, AnalysisForm):
            return [(field, unit, field.name == "output") for _heading, rows in self.body.shown_sections() for field, unit in rows]
        return [(field, "", False) for field in self.body if not field.is_hidden]

    @property
    def is_pictures(self) -> bool:
        """Whether it has modes of pictures."""
        return isinstance(self.body, PictureForm)

    @property
    def all(self) -> list[forms.Form]:
        """Its forms."""
        return [self.head, self.body, *self.outputs]

    @property
    def wrong(self) -> bool:
        """Whether something is to correct."""
        return any(form.is_bound and form.errors for form in self.all)

    @property
    def is_open(self) -> bool:
        """Whether its fields are shown."""
        return self.wrong or self.number in self.editor.opened

    @property
    def text(self) -> str:
        """What it does, in one line, as far as it stands."""
        if self.kind in OUTPUT_KINDS:
            return ", ".join(dict.fromkeys(form.chosen or gettext("own parameters") for form in self.outputs))
        if self.kind == "publish":
            return str(shown.PUBLISH.get(str(self.body["mode"].value() or ""), ""))
        return str(dict(self.body.fields["mode"].choices).get(self.body["mode"].value(), "")) if self.is_pictures else ""  # type: ignore[attr-defined]

    # --- from the page ----------------------------------------------------------------------------------------------------
    def is_valid(self) -> bool:
        """Whether all shapes are right."""
        return all([form.is_valid() for form in self.all if form.is_bound or form.fields])  # noqa: C419  every one is to be asked

    def job(self) -> dict[str, Any]:
        """What its job is asked for."""
        try:
            rest = json.loads(self.head.cleaned_data["rest"] or "{}")
        except (ValueError, RecursionError):
            rest = {}
        job: dict[str, Any] = rest if isinstance(rest, dict) else {}
        if self.kind in OUTPUT_KINDS:
            return job | {"outputs": [form.asked(self.editor.source) for form in self.outputs]}
        if isinstance(self.body, PictureForm):
            return job | {"kind": "sprite" if self.body.is_sprite else "snapshot"} | self.body.params()
        if isinstance(self.body, AnalysisForm):
            self.body.cleaned_data |= {"input": "", "pipeline": ""}  # the form of a job knows them
            said = self.body.document()
            return job | {name: value for name, value in said.items() if name not in OF_STEPS}
        return job | ({"kind": self.kind} if self.kind == "mediainfo" else {})

    def step(self, names: Mapping[str, str]) -> Step:
        """The step. ``names``: of all steps, by number."""
        under = names.get(self.above, "")
        mode = self.body.cleaned_data["mode"] if isinstance(self.body, PublishForm) else "manual"
        job = {} if self.kind == "publish" else self.job()
        said = {"name": self.head.cleaned_data["name"].strip(), "type": TYPES[self.kind], "under": under, "job": job, "mode": mode}
        return Step.model_validate(said, strict=False)

    def place(self, loc: tuple[str | int, ...], text: str) -> None:
        """Put a mistake at its field. ``loc``: within the step."""
        if loc[:1] != ("job",):
            self.head.add_error(str(loc[0]) if loc and str(loc[0]) in ("name", "under") else None, text)
            return
        inner = loc[1:]
        if self.kind in OUTPUT_KINDS:
            if len(inner) > 1 and inner[0] == "outputs" and isinstance(inner[1], int) and inner[1] < len(self.outputs):
                form = self.outputs[inner[1]]
                part = str(inner[2]) if len(inner) > 2 else ""
                name = "key" if part == "address" else form.field_of(inner[3:]) if part in ("overrides", "template") and len(inner) > 3 else part
                form.add_error(name if name in form.fields else None, text)
                return
        elif isinstance(self.body, PictureForm):
            name = self.body.field_of(inner)
            self.body.add_error(name if name in self.body.fields else None, text)
            return
        elif inner and str(inner[0]) in self.body.fields:
            self.body.add_error(str(inner[0]), text)
            return
        self.head.add_error(None, text)


class WorkflowForms:
    """The whole page."""

    def __init__(self, data: Any = None, document: Mapping[str, Any] | None = None, *, quiet: bool = False, opened: Sequence[int] = ()) -> None:
        """``data``: what was sent; ``quiet``: it is shown again and nothing is judged. ``document``: a workflow to start from. ``opened``: steps to show."""
        self.choices = TemplateChoices()
        self.marks = impossible()
        self.quiet = quiet
        self.data = data
        self.opened = set(opened)
        document = document or {}
        self.main = form_of(WorkflowForm, data, None, WorkflowForm.initial_of(document), quiet=quiet)
        self.steps: list[StepForm] = []
        if data is not None:
            for number in numbers_of(data, ORDER)[:STEPS_MAX]:
                kind = str(data.get(f"s{number}-kind", ""))
                if kind in TYPES:
                    self.steps.append(StepForm(number, "snapshot" if kind == "sprite" else kind, self, data))
                if data.get(f"s{number}-open"):
                    self.opened.add(number)
        else:
            rows = list(document.get("steps") or ())
            numbers = {str(row.get("name", "")): str(number) for number, row in enumerate(rows)}
            for number, row in enumerate(rows):
                kind = shown.kind_of(row)
                self.steps.append(StepForm(number, "snapshot" if kind == "sprite" else kind, self, step=row))
                self.steps[-1].head.initial["under"] = numbers.get(str(row.get("under") or ""), "")
        for position, step in enumerate(self.steps):
            step.head.fields["under"].choices = list(self._above(position))

    def _above(self, position: int) -> Iterator[tuple[str, str]]:
        yield "", gettext("at the start")
        for other in self.steps[:position]:
            if other.kind != "publish":
                yield str(other.number), gettext("after «%(name)s»") % {"name": other.name or other.word}

    @property
    def source(self) -> Address:
        """A file that could come, for previews and for what patterns give."""
        path = str(self.main["path"].value() or "")
        path = path if not path or path.endswith("/") else f"{path}/"
        try:
            return Address.parse(f"oss://{self.main['bucket'].value() or 'input'}/{path.lstrip('/')}{SAMPLE}")
        except ValueError:
            return Address("input", SAMPLE)

    @property
    def all(self) -> list[forms.Form]:
        """Every form of the page."""
        return [self.main, *(form for step in self.steps for form in step.all)]

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """All mistakes for the summary: anchor, label, text."""
        found = []
        places = [(self.main, "")] + [(form, step.name or step.word) for step in self.steps for form in step.all]
        for form, prefix in places:
            if not form.is_bound:
                continue
            found += [("", prefix, str(text)) for text in form.non_field_errors()]
            for name, texts in form.errors.items():
                if name in form.fields:
                    field = form[name]
                    found += [(field.auto_id, f"{prefix}: {field.label}" if prefix else str(field.label), str(text)) for text in texts]
        return found

    def is_valid(self) -> bool:
        """Whether all shapes are right; looks at every form, so that all mistakes are told."""
        good = all([form.is_valid() for form in [self.main, *self.steps]])  # noqa: C419  every one is to be asked
        if not self.steps:
            self.main.add_error(None, gettext("Add at least one step."))
            return False
        return good

    def wanted(self) -> Wanted | None:
        """The workflow that is asked for. Only after :meth:`is_valid`; None where a pattern cannot be read, which its field then says."""
        said = self.main.cleaned_data
        names = {str(step.number): step.name for step in self.steps}
        steps = tuple(step.step(names) for step in self.steps)
        if self.errors:
            return None
        return Wanted(
            name=said["name"].strip(),
            bucket=said["bucket"],
            path=said["path"],
            pipeline=said["pipeline"],
            priority=said["priority"],
            file_types=said["file_types"],
            notify_topic=said["notify_topic"].strip(),
            trigger=said["trigger"],
            steps=steps,
        )

    def draft(self) -> list[dict[str, Any]]:
        """The steps as they stand, for the picture; nothing is judged."""
        names = {str(step.number): step.name for step in self.steps}
        return [{"name": step.name or step.word, "kind": step.kind, "under": names.get(step.above, ""), "text": step.text} for step in self.steps]

    def add_problems(self, error: Refused) -> None:
        """Put what was refused at the fields; what has no field goes on top."""
        if not error.problems:
            self.main.add_error(None, translated(error.message))
        for problem in error.problems:
            self.place(problem)

    def place(self, problem: Problem) -> None:
        """Put one mistake at its field."""
        text, loc = translated(problem.message), problem.loc
        if len(loc) > 1 and loc[0] == "steps" and isinstance(loc[1], int) and loc[1] < len(self.steps):
            self.steps[loc[1]].place(loc[2:], text)
        else:
            self.main.add_error(str(loc[0]) if loc and str(loc[0]) in self.main.fields else None, text)


def usual_output(kind: str, editor: WorkflowForms) -> dict[str, Any]:
    """The output that a new step begins with."""
    name = editor.choices.default(PACKAGE_STARTER if kind == "package" else STARTER)
    bucket = next(iter(editor.choices.buckets), "output")
    return {"template": name, "address": f"oss://{bucket}/{PATTERN}"}


def numbers_of(data: Any, name: str) -> list[int]:
    texts = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
    return list(dict.fromkeys(int(text) for text in texts if str(text).isdecimal() and len(str(text)) < 5))
