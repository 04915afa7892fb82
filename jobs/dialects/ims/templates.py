"""Templates. Type 1 are our transcoding templates, 2 our snapshot templates, 4 and 5 our watermark templates."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from jobs.dialects import answer_template, translate_template
from jobs.dialects.ims import marks, pictures
from jobs.dialects.ims.errors import not_found
from jobs.dialects.ims.known import media_of
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.times import utc
from jobs.engine.errors import Refused
from templates_app import queries, services
from templates_app.marks import queries as mark_queries
from templates_app.marks import services as mark_services
from templates_app.marks.models import WatermarkTemplate
from templates_app.models import Template
from templates_app.snapshots import queries as snapshot_queries
from templates_app.snapshots import services as snapshot_services
from templates_app.snapshots.models import SnapshotTemplate

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from jobs.dialects.call import Answer, Call

TRANSCODING, SNAPSHOT, IMAGE_MARK, TEXT_MARK = 1, 2, 4, 5
TYPES = {TRANSCODING: "TranscodeTemplate", SNAPSHOT: "SnapshotTemplate", IMAGE_MARK: "ImageWatermarkTemplate", TEXT_MARK: "TextWatermarkTemplate"}
NARROWBAND = {4: 1, 5: 2}  # Subtype → our method
SUBTYPES = {
    TRANSCODING: {1: "Normal", 2: "AudioTranscode", 3: "Remux", 4: "NarrowBandV1", 5: "NarrowBandV2"},
    SNAPSHOT: {1: "Normal", 2: "Sprite", 3: "WebVtt"},
}
MARK_KINDS = {IMAGE_MARK: WatermarkTemplate.Kind.IMAGE, TEXT_MARK: WatermarkTemplate.Kind.TEXT}
SNAPSHOT_KINDS = {1: SnapshotTemplate.Kind.SNAPSHOT, 2: SnapshotTemplate.Kind.SPRITE, 3: SnapshotTemplate.Kind.WEBVTT}
PAGE = 20
Any_ = Template | WatermarkTemplate | SnapshotTemplate


@dataclass(frozen=True)
class _Row:
    """A template of any kind, as answers have it."""

    id: str
    name: str
    type: int
    subtype: int
    config: dict[str, Any]
    row: Any


def create(call: Call) -> Answer:
    """CreateCustomTemplate."""
    fields = Fields(call.params)
    for name in ("Name", "Type", "TemplateConfig"):
        fields.need(name)
    type_, subtype = _type(fields), _subtype(fields)
    name, config = fields.text("Name", most=512), fields.child("TemplateConfig")
    made: Any_
    if type_ == TRANSCODING:
        made = services.create(name, _transcoding(config, subtype))
    elif type_ in MARK_KINDS:
        made = mark_services.create(name, MARK_KINDS[type_], _mark(type_, config, call.endpoint))
    else:
        kind = _snapshot_kind(subtype, config)
        made = snapshot_services.create(name, kind, pictures.template(config, kind))
    found = told(_read(made))
    return {"CustomTemplate": {**found, "Subtype": str(found["Subtype"])}}  # a number everywhere but here


def get(call: Call) -> Answer:
    """GetCustomTemplate."""
    fields = Fields(call.params)
    fields.need("TemplateId")
    found = _find(fields)
    if isinstance(found.row, Template) and found.row.is_preset:
        raise not_found("Template", found.id)
    return {"CustomTemplate": told(found)}


def get_system(call: Call) -> Answer:
    """GetSystemTemplate: one of the presets."""
    fields = Fields(call.params)
    fields.need("TemplateId")
    found = _find(fields)
    if not isinstance(found.row, Template) or not found.row.is_preset:
        raise not_found("Template", found.id)
    return {"SystemTemplate": told(found)}


def update(call: Call) -> Answer:
    """UpdateCustomTemplate: changes what is said."""
    fields = Fields(call.params)
    fields.need("TemplateId")
    found = _find(fields)
    name = fields.text("Name", most=512) if fields.has("Name") else None
    config = fields.child("TemplateConfig")
    if isinstance(found.row, Template):
        subtype = _subtype(fields) if fields.has("Subtype") else found.subtype
        services.update(found.row, name=name, params=_transcoding(config, subtype) if config.values else None)
    elif isinstance(found.row, WatermarkTemplate):
        mark_services.update(found.row, name=name, params=_mark(found.type, config, call.endpoint) if config.values else None)
    else:
        params = pictures.template(config, found.row.kind) if config.values else None
        snapshot_services.update(found.row, name=name, params=params)
    return {"Success": True}


def delete(call: Call) -> Answer:
    """DeleteCustomTemplate."""
    fields = Fields(call.params)
    fields.need("TemplateId")
    found = _find(fields)
    if isinstance(found.row, Template):
        services.delete(found.row)
    elif isinstance(found.row, WatermarkTemplate):
        mark_services.delete(found.row)
    else:
        snapshot_services.delete(found.row)
    return {"Success": True}


def listing(call: Call) -> Answer:
    """ListCustomTemplates."""
    fields = Fields(call.params)
    fields.need("Type")
    type_ = _type(fields)
    if type_ == TRANSCODING:
        rows: QuerySet[Any] = _of_subtype(queries.listed((Template.Kind.CUSTOM,)), fields)
    elif type_ in MARK_KINDS:
        rows = mark_queries.listed(kind=MARK_KINDS[type_])
    else:
        rows = snapshot_queries.listed(kind=_snapshot_kind(_subtype(fields), Fields({})) if fields.has("Subtype") else "")
    return _page(fields, rows, "CustomTemplateList")


def listing_system(call: Call) -> Answer:
    """ListSystemTemplates: the presets."""
    fields = Fields(call.params)
    fields.need("Type")
    rows = queries.listed((Template.Kind.STATIC, Template.Kind.INTELLIGENT, Template.Kind.NARROWBAND))
    return _page(fields, _of_subtype(rows, fields) if _type(fields) == TRANSCODING else rows.none(), "SystemTemplateList")


def told(found: _Row) -> dict[str, Any]:
    """A template as answers have it; its configuration is JSON text."""
    return {
        "TemplateId": found.id,
        "TemplateName": found.name,
        "Type": found.type,
        "TypeName": TYPES[found.type],
        "Subtype": found.subtype,
        "SubtypeName": SUBTYPES.get(found.type, {}).get(found.subtype, "Normal"),
        "TemplateConfig": json.dumps(found.config, ensure_ascii=False, separators=(",", ":")),
        "Status": "Normal",
        "IsDefault": False,
        "CreateTime": utc(found.row.created_at),
        "ModifiedTime": utc(found.row.updated_at),
    }


# --- details ----------------------------------------------------------------------------------------------------------
def _find(fields: Fields) -> _Row:
    wanted = fields.text("TemplateId", most=128)
    type_ = _type(fields) if fields.has("Type") else None
    finders: list[tuple[tuple[int, ...], Callable[[], Any_]]] = [
        ((TRANSCODING,), lambda: queries.find(wanted)),
        (tuple(MARK_KINDS), lambda: mark_queries.find(wanted)),
        ((SNAPSHOT,), lambda: snapshot_queries.find(wanted)),
    ]
    for types, finder in finders:
        if type_ is not None and type_ not in types:
            continue
        try:
            found = _read(finder())
        except Refused:
            continue
        if type_ is None or found.type == type_:
            return found
    raise not_found("Template", wanted)


def _read(row: Any_) -> _Row:
    if isinstance(row, Template):
        params = row.current.params if row.current else {}
        config: dict[str, Any] = {} if row.is_opaque else answer_template.parts(params, removals=True)
        if narrow := (config.get("Video") or {}).pop("NarrowBand", None):
            config["Video"]["AbrMax"] = f"{narrow['Abrmax']:g}"
        return _Row(row.pk, row.name, TRANSCODING, _subtype_of(params), config, row)
    if isinstance(row, WatermarkTemplate):
        type_ = TEXT_MARK if row.kind == WatermarkTemplate.Kind.TEXT else IMAGE_MARK
        return _Row(row.pk, row.name, type_, 1, marks.told(row.kind, row.params), row)
    subtypes = {kind: number for number, kind in SNAPSHOT_KINDS.items()}
    try:
        config = pictures.told(row.kind, row.params)
    except ValueError:
        config = {}
    return _Row(row.pk, row.name, SNAPSHOT, subtypes[SnapshotTemplate.Kind(row.kind)], config, row)


def _transcoding(config: Fields, subtype: int) -> dict[str, Any]:
    """The parameters of a transcoding template; those of the subtypes of Narrowband get it, with AbrMax as their bound."""
    method = NARROWBAND.get(subtype)
    if method is None:
        return translate_template.template(config)
    video = config.child("Video")
    narrow = {"Version": f"{method}.0", "Abrmax": video.values.get("AbrMax")}
    return translate_template.template(Fields({**config.values, "Video": {**video.values, "NarrowBand": narrow}}, config.place))


def _subtype_of(params: dict[str, Any]) -> int:
    """NarrowBandV1 and V2, AudioTranscode, Remux, or Normal."""
    video = params.get("video") or {}
    if narrow := video.get("narrowband"):
        return next(number for number, method in NARROWBAND.items() if method == narrow["method"])
    if video.get("remove"):
        return 2
    return 3 if video.get("codec") == "copy" else 1


def _of_subtype(rows: QuerySet[Template], fields: Fields) -> QuerySet[Template]:
    """Only those of the Subtype that is asked for."""
    wanted = fields.whole("Subtype", 1, 5)
    if wanted is None:
        return rows
    kinds = {number: Q(current__params__video__narrowband__method=method) for number, method in NARROWBAND.items()}
    kinds |= {2: Q(current__params__video__remove=True), 3: Q(current__params__video__codec="copy")}
    if wanted in kinds:
        return rows.filter(kinds[wanted])
    # what says nothing of a field is neither equal to a value nor unequal: the others are named, and left out
    others = Template.objects.filter(kinds[2] | kinds[3] | Q(current__params__video__narrowband__isnull=False))
    return rows.exclude(pk__in=others.order_by().values("pk"))


def _page(fields: Fields, rows: QuerySet[Any], name: str) -> dict[str, Any]:
    if wanted := fields.text("Name", most=128):
        rows = rows.filter(name__icontains=wanted)
    if template_id := fields.text("TemplateId", most=128):
        rows = rows.filter(pk=template_id)
    rows = rows.order_by(fields.one_of("OrderBy", {"CreationTime:Desc": "-created_at", "CreationTime:Asc": "created_at"}, "-created_at"), "-pk")
    size, number = fields.whole("PageSize", 1, 100) or PAGE, fields.whole("PageNumber", 1, 100_000) or 1
    shown = rows[(number - 1) * size : number * size]
    return {name: [told(_read(row)) for row in shown], "Total": rows.count()}


def _type(fields: Fields) -> int:
    found = fields.whole("Type", 1, 11)
    if found not in TYPES:
        raise fields.bad("Type", f"Templates of the types {', '.join(map(str, TYPES))} are offered here.")
    return found


def _subtype(fields: Fields) -> int:
    return fields.whole("Subtype", 1, 5) or 1


def _mark(type_: int, config: Fields, endpoint: str) -> dict[str, Any]:
    return marks.image(config, endpoint, media_of) if type_ == IMAGE_MARK else marks.words(config)


def _snapshot_kind(subtype: int, config: Fields) -> str:
    """By Type in the configuration, else by Subtype."""
    if subtype not in SNAPSHOT_KINDS:
        raise Bad("Subtype", "1, 2 or 3 is expected.")
    return config.one_of("Type", pictures.KINDS, str(SNAPSHOT_KINDS[subtype]))
