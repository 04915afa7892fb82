"""What can be known at the door: is this job possible at all? Reads rows and buckets, writes nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from pydantic import ValidationError

from console.lib.problems import problems_of
from jobs import clock, placeholders
from jobs.analysing import admission as analysing
from jobs.engine.abilities import PROGRAM, lacks, missing_sentence, needs
from jobs.engine.address import Address, key_mistake
from jobs.engine.codecs import CONTAINERS
from jobs.engine.combinations import check
from jobs.engine.errors import CODES, Problem, Refused
from jobs.engine.kinds import cover
from jobs.engine.rules import preview as preview_rules
from jobs.engine.rules import snapshot as snapshot_rules
from jobs.engine.rules.tracks import check_inputs
from jobs.engine.snapshot_picture import FORMATS, format_of
from jobs.engine.spec import AnySpec, CoverSpec, OutputSpec, PreviewSpec, QualitySpec, SnapshotOutput, SnapshotSpec, SpriteSpec, TranscodeSpec
from jobs.engine.template import Template, merge
from jobs.frames import sprite_admission
from jobs.models import Node
from jobs.quality import admission as quality_admission
from jobs.readables import look
from media_assets.models import Bucket
from media_assets.storage import storage
from templates_app.marks.resolution import with_marks
from templates_app.queries import find

if TYPE_CHECKING:
    from jobs.engine.vocabulary.marks import Watermark
    from templates_app.models import TemplateVersion

Loc = tuple[str | int, ...]
ENDINGS = {"hls": ".m3u8", "cmaf": ".m3u8", "dash": ".mpd"}
NODE_FRESH = dt.timedelta(seconds=30)


@dataclass(frozen=True)
class Pinned:
    """What an output that is done again keeps of the first time: the template version (None: the overrides were all of it) and its watermarks as they were resolved."""

    version: TemplateVersion | None = None
    marks: tuple[Watermark, ...] = ()


@dataclass(frozen=True)
class AdmittedOutput:
    """One output: what was sent, the template version (None: the overrides are all of it), both merged, and where it goes."""

    spec: OutputSpec
    version: TemplateVersion | None
    effective: Template
    address: Address

    @property
    def overrides(self) -> dict[str, Any]:
        """What changes the template: nothing where it is customized, whatever was sent."""
        return {} if self.version is not None and self.version.template.is_opaque else self.spec.overrides


@dataclass(frozen=True)
class Admitted:
    """What submit needs to write the rows."""

    input_etag: str
    outputs: tuple[AdmittedOutput, ...] = ()
    needs: str = ""
    made: Address | None = None
    """Of a light job that makes files: their address, where what differs between them is still to be filled in."""
    overwrite: bool = True
    """Of the same: whether objects may be replaced."""
    patterns: Mapping[str, str] = field(default_factory=dict)
    """Of a sprite job: keys of its objects by what they are, where what differs between them is still to be filled in."""


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


def admit(spec: AnySpec, pinned: Mapping[int, Pinned]) -> Admitted:
    """Check buckets, objects, templates, combinations and capabilities. ``pinned``: by index of the output. Raises Refused with every mistake and its place."""
    mistakes = _Mistakes()
    given = isinstance(spec, SpriteSpec) and spec.mode == "images"  # pictures may also lie where they were made
    etag, uploaded = ("", None) if given else _input_facts(spec.input.address, mistakes)
    outputs: list[AdmittedOutput] = []
    needs = ""
    if isinstance(spec, TranscodeSpec):
        source = analysing.Source(spec.input.address, etag)
        for index, output in enumerate(spec.outputs):
            loc: Loc = ("outputs", index)
            held = pinned.get(index, Pinned())
            version = _version(output, held.version, loc, mistakes)
            effective = _effective(output, version, source, held.marks, loc, mistakes) if version or output.template is None else None
            address = _address(spec, output, version, effective, uploaded, loc, mistakes)
            _output_address(output, address, effective, loc, mistakes)
            if effective:
                if output.metrics:
                    quality_admission.asked(effective, loc, mistakes)
                outputs.append(AdmittedOutput(output, version, effective, address))
        _conflicts(spec, outputs, _further_objects(spec, outputs, mistakes), mistakes)
        for problem in check_inputs(spec, _by_index(spec, outputs)):
            mistakes.add("InvalidParameter", problem.loc, problem.message)
        needs = _needs([output.effective for output in outputs], mistakes)
    made: Address | None = None
    patterns: Mapping[str, str] = {}
    if isinstance(spec, SnapshotSpec):
        made = _pictures(spec, uploaded, mistakes)
    elif isinstance(spec, CoverSpec):
        made = _pictures(cover.as_snapshots(spec), uploaded, mistakes)
    elif isinstance(spec, PreviewSpec):
        made = _preview(spec, uploaded, mistakes)
    elif isinstance(spec, QualitySpec):
        quality_admission.quality(spec, mistakes)
    elif isinstance(spec, SpriteSpec):
        made, patterns = sprite_admission.sprite(spec, etag, uploaded, mistakes)
        _output_address(spec.output, made, None, ("output",), mistakes)
    mistakes.raise_if_any()
    overwrite = made is None or spec.output.overwrite  # type: ignore[union-attr]  # what makes files has an output
    return Admitted(etag, tuple(outputs), needs, made, overwrite, patterns)


def _input_facts(address: Address, mistakes: _Mistakes) -> tuple[str, dt.datetime | None]:
    """ETag and time of the input; empty and None where it cannot be used."""
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
            return "", None
        if facts is None:
            mistakes.add("ObjectNotFound", ("input", "address"), f"No object at {address.bucket}/{address.key}.")
        else:
            return facts.etag, facts.modified
    return "", None


def _by_index(spec: TranscodeSpec, outputs: Sequence[AdmittedOutput]) -> dict[int, Template]:
    """The effective templates by the outputs' own indices: some outputs may have been refused."""
    numbers = {id(output): index for index, output in enumerate(spec.outputs)}
    return {numbers[id(output.spec)]: output.effective for output in outputs}


def _further_objects(spec: TranscodeSpec, outputs: Sequence[AdmittedOutput], mistakes: _Mistakes) -> Mapping[Address, Loc]:
    """Everything else that will be read: further inputs, joined parts, pictures of watermarks, subtitle files, the parts of lists and playlists.

    Answers where each of them was named first."""
    found = look(spec, _by_index(spec, outputs))
    for code, loc, message in found.mistakes:
        mistakes.add(code, loc, message)
    return found.read


def _conflicts(spec: TranscodeSpec, outputs: Sequence[AdmittedOutput], read: Mapping[Address, Loc], mistakes: _Mistakes) -> None:
    """An output equal to something that is read, or two outputs alike, would destroy each other."""
    numbers = {id(output): index for index, output in enumerate(spec.outputs)}
    first: dict[Address, int] = {}
    fixed: dict[Address, int] = {}  # sets whose names follow from the address alone
    for output in outputs:
        index = numbers[id(output.spec)]
        loc: Loc = ("outputs", index, "address")
        if output.address in read:
            mistakes.add("OutputOverwritesInput", loc)
        if output.address in first:
            mistakes.add("OutputConflict", loc, f"Outputs {first[output.address]} and {index} write the same object.")
        first.setdefault(output.address, index)
        if output.effective.mux.segment_name:
            stem = Address(output.address.bucket, output.address.folder + placeholders.parted(output.address.name)[0])
            if stem in fixed:
                mistakes.add("OutputConflict", loc, f"Outputs {fixed[stem]} and {index} would give their segments the same names.")
            fixed.setdefault(stem, index)
        if output.effective.container.format == "cmaf":
            manifest = Address(output.address.bucket, output.address.key.removesuffix(".m3u8") + ".mpd")
            if manifest in first or manifest in read:
                mistakes.add("OutputConflict", loc, "The DASH manifest of a CMAF output lies beside its playlist, where something else of this job is.")
            first.setdefault(manifest, index)


def _version(output: OutputSpec, pinned: TemplateVersion | None, loc: Loc, mistakes: _Mistakes) -> TemplateVersion | None:
    if pinned is not None:
        return pinned
    if output.template is None:
        return None
    try:
        template = find(output.template)
    except Refused as error:
        mistakes.add(error.code, (*loc, "template"), f"There is no template {output.template}.")
        return None
    return template.current


def _effective(
    output: OutputSpec, version: TemplateVersion | None, source: analysing.Source, marks: Sequence[Watermark], loc: Loc, mistakes: _Mistakes
) -> Template | None:
    base = analysing.base(version, source, loc, mistakes) if version is not None else None
    if version is not None and base is None:
        return None
    try:
        if version is None or base is None:
            effective = Template.model_validate_json(json.dumps(output.overrides))
        else:
            effective = merge(base, {} if version.template.is_opaque else output.overrides)
    except ValidationError as error:
        for problem in problems_of(error):
            mistakes.add("InvalidParameter", (*loc, "overrides", *problem.loc), problem.message)
        return None
    effective, unfit = with_marks(effective, marks)
    for code, problem in (*unfit, *(("ImpossibleCombination", problem) for problem in check(effective))):
        section = problem.loc[0] if problem.loc else ""
        place: Loc = (*loc, "overrides", *problem.loc) if section in output.overrides else (*loc, "template", *problem.loc)
        mistakes.add(code, place, problem.message)
    return effective


def _address(
    spec: TranscodeSpec,
    output: OutputSpec,
    version: TemplateVersion | None,
    effective: Template | None,
    uploaded: dt.datetime | None,
    loc: Loc,
    mistakes: _Mistakes,
) -> Address:
    """Where the output goes: its address with the placeholders filled."""
    facts = placeholders.Facts(
        spec.input.address,
        extension=CONTAINERS[effective.container.format].extension if effective else "",
        label=version.template.name if version else "",
        resolution=placeholders.resolution(effective) if effective else "",
        uploaded=uploaded,
        created=timezone.now(),
    )
    try:
        key = placeholders.fill(output.address.key, facts)
    except ValueError as error:
        mistakes.add("InvalidAddress", (*loc, "address"), str(error))
        return output.address
    if mistake := key_mistake(key):
        mistakes.add("InvalidAddress", (*loc, "address"), mistake)
        return output.address
    return Address(output.address.bucket, key)


def _pictures(spec: SnapshotSpec, uploaded: dt.datetime | None, mistakes: _Mistakes) -> Address:
    """Where the pictures go; what is impossible about the request goes to the mistakes."""
    for problem in snapshot_rules.check(spec):
        mistakes.add("ImpossibleCombination", problem.loc, problem.message)
    place: Loc = ("output",)
    pattern = spec.output.address
    facts = placeholders.Facts(spec.input.address, extension=FORMATS[format_of(spec)].extension, uploaded=uploaded, created=timezone.now())
    try:
        key = placeholders.fill(pattern.key, facts, placeholders.OF_PICTURES)
    except ValueError as error:
        mistakes.add("InvalidAddress", (*place, "address"), str(error))
        return pattern
    first = Address(pattern.bucket, placeholders.finish_picture(key, number=1, seconds=spec.time or 0.0))
    if mistake := key_mistake(first.key):
        mistakes.add("InvalidAddress", (*place, "address"), mistake)
        return pattern
    if not snapshot_rules.several(spec) and first == spec.input.address:
        mistakes.add("OutputOverwritesInput", (*place, "address"))
    _output_address(spec.output, first, None, place, mistakes)
    return Address(pattern.bucket, key)


def _preview(spec: PreviewSpec, uploaded: dt.datetime | None, mistakes: _Mistakes) -> Address:
    """Where the preview goes; what is impossible about the request goes to the mistakes."""
    for problem in preview_rules.check(spec):
        mistakes.add("ImpossibleCombination", problem.loc, problem.message)
    place: Loc = ("output",)
    pattern = spec.output.address
    facts = placeholders.Facts(spec.input.address, extension=preview_rules.format_of(spec), uploaded=uploaded, created=timezone.now())
    try:
        key = placeholders.fill(pattern.key, facts, ())
        if mistake := key_mistake(key):
            raise ValueError(mistake)
    except ValueError as error:
        mistakes.add("InvalidAddress", (*place, "address"), str(error))
        return pattern
    address = Address(pattern.bucket, key)
    if address == spec.input.address:
        mistakes.add("OutputOverwritesInput", (*place, "address"))
    _output_address(spec.output, address, None, place, mistakes)
    return address


def _output_address(output: OutputSpec | SnapshotOutput, address: Address, effective: Template | None, loc: Loc, mistakes: _Mistakes) -> None:
    place: Loc = (*loc, "address")
    bucket = Bucket.objects.filter(name=address.bucket).first()
    if bucket is None:
        mistakes.add("BucketNotFound", place, f"There is no bucket {address.bucket}.")
        return
    if not bucket.is_output:
        mistakes.add("BucketRoleMissing", place, f"The bucket {address.bucket} is not bound as output.")
        return
    if effective and (ending := ENDINGS.get(effective.container.format)) and not address.key.endswith(ending):
        mistakes.add("InvalidAddress", place, f"The address of outputs in {CONTAINERS[effective.container.format].name} ends with {ending}.")
    try:
        facts = storage(address.bucket).stat(address.key)
    except Refused as error:
        mistakes.add(error.code, place, error.message)
        return
    if facts is not None and not output.overwrite:
        mistakes.add("ObjectAlreadyExists", place)


def _needs(templates: Iterable[Template], mistakes: _Mistakes) -> str:
    """The key of what a worker must have: encoders, filters and programs that not every fresh node has, joined by «+». Mostly empty.

    Without any fresh node nothing is known; then only the programs are asked for, which few workers have.
    """
    needed: frozenset[str] = frozenset().union(*(needs(template) for template in templates))
    known = [row.capabilities for row in Node.objects.filter(seen_at__gte=clock.now() - NODE_FRESH) if row.capabilities.get("encoders")]
    if not known:
        return "+".join(sorted(name for name in needed if name.startswith(PROGRAM)))
    lacking = [lacks(capabilities, needed) for capabilities in known]
    if missing := frozenset.intersection(*lacking):
        mistakes.add("CapabilityMissing", (), missing_sentence(missing))
        return ""
    if all(lacking):
        mistakes.add("CapabilityMissing", (), f"No single worker has all of {', '.join(sorted(needed))}.")
        return ""
    return "+".join(sorted(frozenset().union(*lacking)))
