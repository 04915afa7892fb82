"""Intelligent presets at the door: their values come from an analysis of the very object that is to be transcoded. Reads rows, writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from jobs.engine.errors import CODES, Refused
from jobs.engine.template import Template, merge
from jobs.models import Job
from jobs.states import JobState
from media_assets.models import Bucket, Media
from media_assets.storage import storage
from templates_app.models import Template as TemplateRow
from templates_app.queries import listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from jobs.engine.address import Address
    from jobs.frames.sprite_admission import Loc, Mistakes
    from templates_app.models import TemplateVersion

LOOKED_AT = 20  # analyses of one object
STALE = "The input was replaced since it was analysed, and an intelligent preset needs an analysis of the present one."


@dataclass(frozen=True)
class Source:
    """The object that is to be transcoded; ``etag`` empty: it cannot be used, which has been said already."""

    address: Address
    etag: str


def is_intelligent(version: TemplateVersion | None) -> bool:
    """Whether this template takes its values from an analysis."""
    return version is not None and version.template.kind == TemplateRow.Kind.INTELLIGENT


def base(version: TemplateVersion, source: Source, loc: Loc, mistakes: Mistakes) -> Template | None:
    """The parameters that a job's overrides are laid over: the template's own, and of an intelligent preset those that the analysis of this input gave.

    None: there is no such analysis, or the preset does not fit; the mistake is noted.
    """
    params = Template.model_validate(version.params, strict=False)
    if not is_intelligent(version) or not source.etag:
        return params
    row = answer(source.address, source.etag, version.template_id)
    if row is None:
        stale = _analyses(source.address).exclude(input_etag=source.etag).exists()
        mistakes.add("AnalysisNeeded", (*loc, "template"), STALE if stale else "")
        return None
    if not row["fits"]:
        mistakes.add("TemplateUnfit", (*loc, "template"), f"{CODES['TemplateUnfit'].sentence} {row['message']}")
        return None
    return merge(params, row["values"])


def answer(address: Address, etag: str, template_id: str) -> dict[str, Any] | None:
    """What the newest analysis of this version of the object says of a preset; one that finds it fit goes before newer ones that do not, since they may have
    been asked with other wishes. None: no analysis says anything of it."""
    said: dict[str, Any] | None = None
    for job in _analyses(address).filter(input_etag=etag).order_by("-created_at", "-id")[:LOOKED_AT]:
        found = next((one for one in (job.result or {}).get("presets", ()) if one["id"] == template_id), None)
        if found is not None and found["fits"]:
            return dict(found)
        said = said or found
    return said


def lacks_analysis(address: Address, templates: Collection[str]) -> bool:
    """Whether one of these templates (ids or names) is an intelligent preset that no analysis of the object as it is now says anything of."""
    rows = listed((TemplateRow.Kind.INTELLIGENT,)).filter(Q(pk__in=templates) | Q(name__in=templates))
    wanted = list(rows.values_list("pk", flat=True))
    if not wanted or not Bucket.objects.filter(name=address.bucket, is_input=True).exists():
        return False
    try:
        facts = storage(address.bucket).stat(address.key)
    except Refused:
        return False
    return facts is not None and any(answer(address, facts.etag, template_id) is None for template_id in wanted)


def _analyses(address: Address) -> QuerySet[Job]:
    """Those of this object, whatever its version; asked for by media, which has an index."""
    media = Media.objects.filter(bucket=address.bucket, key=address.key).values_list("pk", flat=True).first()
    return Job.objects.filter(media_id=media, kind="analysis", state=JobState.SUCCEEDED) if media else Job.objects.none()
