"""What can be known at the door: is this job possible at all? Reads rows and buckets, writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils import timezone
from pydantic import ValidationError

from jobs.engine.combinations import check, encoders_needed
from jobs.engine.errors import CODES, Problem, Refused
from jobs.engine.spec import MediaInfoSpec, OutputSpec, TranscodeSpec
from jobs.engine.template import Template, merge
from jobs.models import Node
from media_assets.models import Bucket
from media_assets.storage import storage
from templates_app.queries import find

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from templates_app.models import TemplateVersion

Loc = tuple[str | int, ...]
NODE_FRESH = dt.timedelta(seconds=30)


@dataclass(frozen=True)
class AdmittedOutput:
    """One output: what was sent, the template version, and both merged."""

    spec: OutputSpec
    version: TemplateVersion
    effective: Template


@dataclass(frozen=True)
class Admitted:
    """What submit needs to write the rows."""

    input_etag: str
    outputs: tuple[AdmittedOutput, ...] = ()
    needs: str = ""


@dataclass
class _Mistakes:
    """Collects every mistake with its code and place, so that all are told at once."""

    found: list[tuple[str, Problem]] = field(default_factory=list)

    def add(self, code: str, loc: Loc, message: str = "") -> None:
        self.found.append((code, Problem(loc, message or CODES[code].sentence)))

    def raise_if_any(self) -> None:
        """One kind of mistake answers with its own code; several kinds answer InvalidParameter."""
        if not self.found:
            return
        codes = {code for code, _ in self.found}
        problems = tuple(problem for _, problem in self.found)
        if len(codes) > 1:
            raise Refused("InvalidParameter", problems=problems)
        raise Refused(codes.pop(), problems[0].message if len(problems) == 1 else "", problems=problems)


def admit(spec: TranscodeSpec | MediaInfoSpec, pinned: Mapping[int, TemplateVersion]) -> Admitted:
    """Check buckets, objects, templates, combinations and capabilities. Raises Refused with every mistake and its place."""
    mistakes = _Mistakes()
    etag = _input_etag(spec.input.address, mistakes)
    outputs: list[AdmittedOutput] = []
    needs = ""
    if isinstance(spec, TranscodeSpec):
        _conflicts(spec, mistakes)
        for index, output in enumerate(spec.outputs):
            loc: Loc = ("outputs", index)
            version = _version(output, pinned.get(index), loc, mistakes)
            effective = _effective(output, version, loc, mistakes) if version else None
            _output_address(output, effective, loc, mistakes)
            if version and effective:
                outputs.append(AdmittedOutput(output, version, effective))
        needs = _needs([output.effective for output in outputs], mistakes)
    mistakes.raise_if_any()
    return Admitted(etag, tuple(outputs), needs)


def _input_etag(address: Address, mistakes: _Mistakes) -> str:
    bucket = Bucket.objects.filter(name=address.bucket).first()
    if bucket is None:
        mistakes.add("BucketNotFound", ("input", "address"), f"There is no bucket {address.bucket}.")
    elif not bucket.is_input:
        mistakes.add("BucketRoleMissing", ("input", "address"), f"The bucket {address.bucket} is not bound as input.")
    else:
        try:
            facts = storage(address.bucket).stat(address.key)
        except Refused as error:
            mistakes.add(error.code, ("input", "address"), error.message)
            return ""
        if facts is None:
            mistakes.add("ObjectNotFound", ("input", "address"), f"No object at {address.bucket}/{address.key}.")
        else:
            return facts.etag
    return ""


def _conflicts(spec: TranscodeSpec, mistakes: _Mistakes) -> None:
    """An output equal to the input, or two outputs alike, would destroy each other."""
    first: dict[Address, int] = {}
    for index, output in enumerate(spec.outputs):
        loc: Loc = ("outputs", index, "address")
        if output.address == spec.input.address:
            mistakes.add("OutputOverwritesInput", loc)
        if output.address in first:
            mistakes.add("OutputConflict", loc, f"Outputs {first[output.address]} and {index} write the same object.")
        first.setdefault(output.address, index)


def _version(output: OutputSpec, pinned: TemplateVersion | None, loc: Loc, mistakes: _Mistakes) -> TemplateVersion | None:
    if pinned is not None:
        return pinned
    try:
        template = find(output.template)
    except Refused as error:
        mistakes.add(error.code, (*loc, "template"), f"There is no template {output.template}.")
        return None
    return template.current


def _effective(output: OutputSpec, version: TemplateVersion, loc: Loc, mistakes: _Mistakes) -> Template | None:
    try:
        effective = merge(Template.model_validate(version.params, strict=False), output.overrides)
    except ValidationError as error:
        for row in error.errors(include_url=False, include_context=False, include_input=False):
            mistakes.add("InvalidParameter", (*loc, "overrides", *row["loc"]), row["msg"])
        return None
    for problem in check(effective):
        section = problem.loc[0] if problem.loc else ""
        place: Loc = (*loc, "overrides", *problem.loc) if section in output.overrides else (*loc, "template", *problem.loc)
        mistakes.add("ImpossibleCombination", place, problem.message)
    return effective


def _output_address(output: OutputSpec, effective: Template | None, loc: Loc, mistakes: _Mistakes) -> None:
    place: Loc = (*loc, "address")
    bucket = Bucket.objects.filter(name=output.address.bucket).first()
    if bucket is None:
        mistakes.add("BucketNotFound", place, f"There is no bucket {output.address.bucket}.")
        return
    if not bucket.is_output:
        mistakes.add("BucketRoleMissing", place, f"The bucket {output.address.bucket} is not bound as output.")
        return
    if effective and effective.container.format == "hls" and not output.address.key.endswith(".m3u8"):
        mistakes.add("InvalidAddress", place, "The address of an HLS output ends with .m3u8.")
    try:
        facts = storage(output.address.bucket).stat(output.address.key)
    except Refused as error:
        mistakes.add(error.code, place, error.message)
        return
    if facts is not None and not output.overwrite:
        mistakes.add("ObjectAlreadyExists", place)


def _needs(templates: Iterable[Template], mistakes: _Mistakes) -> str:
    """The key of what a worker must have: encoders that not every fresh node has, joined by «+». Mostly empty.

    Without any fresh node nothing is known, and nothing is asked.
    """
    nodes = [frozenset(row.capabilities.get("encoders", ())) for row in Node.objects.filter(seen_at__gte=timezone.now() - NODE_FRESH)]
    nodes = [encoders for encoders in nodes if encoders]
    if not nodes:
        return ""
    needed: frozenset[str] = frozenset().union(*(encoders_needed(template) for template in templates))
    if missing := needed - frozenset().union(*nodes):
        mistakes.add("CapabilityMissing", (), f"No worker has the encoder {', '.join(sorted(missing))}.")
        return ""
    if not any(needed <= encoders for encoders in nodes):
        mistakes.add("CapabilityMissing", (), f"No single worker has all of {', '.join(sorted(needed))}.")
        return ""
    return "+".join(sorted(needed - frozenset.intersection(*nodes)))
