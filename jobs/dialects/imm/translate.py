"""CreateMediaConvertTask: the request as job documents of ours. Pure.

One task becomes one transcode (all targets that are files, and the animations) and one job for each set of pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from jobs.dialects.imm import images, targets
from jobs.dialects.locations import object_at
from jobs.dialects.reading import Bad, Fields

if TYPE_CHECKING:
    from jobs.engine.probe import Probe

TARGETS_MAX = 64
USER_DATA_BYTES = 1024


@dataclass(frozen=True)
class Document:
    """One job to be. ``places``: of each output, where it stands in the request."""

    spec: dict[str, Any]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """All of a request. ``sources``: buckets that are read; ``request``: as sent, for those who ask for it later."""

    project: str
    documents: tuple[Document, ...]
    sources: frozenset[str]
    user_data: str
    tags: dict[str, str]
    notify: dict[str, Any]
    request: dict[str, Any] = field(default_factory=dict)

    @property
    def topic(self) -> str:
        """The topic that hears of its end; empty: nobody does."""
        words = (self.notify.get(name) for name in ("MNS", "RocketMQ"))
        return next((str(word["TopicName"]) for word in words if isinstance(word, dict) and word.get("TopicName")), "")


@dataclass(frozen=True)
class _Sources:
    """The source that targets are aligned to, and what is joined with it or stands beside it."""

    main: dict[str, Any]
    before: tuple[dict[str, Any], ...]
    after: tuple[dict[str, Any], ...]
    beside: tuple[dict[str, Any], ...]
    subtitles: tuple[dict[str, Any], ...]
    sound: bool
    picture: bool


def read_task(params: Mapping[str, str], look_into: Callable[[str], Probe] | None = None) -> Task:
    """Read the parameters of CreateMediaConvertTask. Raises Bad with the place of the first mistake.

    ``look_into``: what is in the object at an address; asked where sizes are shares of the source, or all its sounds are wanted.
    """
    fields = Fields(params)
    fields.need("ProjectName")
    user_data = fields.text("UserData")
    if len(user_data.encode()) > USER_DATA_BYTES:
        raise fields.bad("UserData", f"At most {USER_DATA_BYTES} bytes.")
    tags = {str(name): str(value) for name, value in fields.child("Tags").values.items()}
    if fields.child("CredentialConfig").values:
        raise fields.bad("CredentialConfig", "Chains of roles are not offered here: the bucket's own credentials are used.")
    sources = _sources(fields)

    @cache
    def look() -> Probe:
        if look_into is None:
            raise Bad("Sources", "The source is not known.")
        return look_into(sources.main["address"])

    outputs: list[tuple[dict[str, Any], str]] = []
    pictures: list[Document] = []
    for group in fields.children("TargetGroups", TARGETS_MAX):
        made = targets.group(group, tags, look, sound=sources.sound, picture=sources.picture)
        outputs.append((_with_sources(made, sources, group), group.place))
    for target in fields.children("Targets", TARGETS_MAX) if outputs else fields.some("Targets", TARGETS_MAX):
        before = len(outputs), len(pictures)
        if targets.is_output(target):
            made = targets.output(target, tags, look, sound=sources.sound, picture=sources.picture)
            outputs.append((_with_sources(made, sources, target), target.place))
        outputs += [(_joined(one, sources, target), f"{target.place}.Subtitle.ExtractSubtitle") for one in targets.texts(target, tags)]
        image = target.child("Image")
        outputs += [(_joined(images.animation(one, tags, look), sources, image), one.place) for one in image.children("Animations")]
        pictures += [Document(images.snapshots(one, sources.main, tags, look), (one.place,)) for one in image.children("Snapshots")]
        pictures += [Document(images.sprites(one, sources.main, tags, look), (one.place,)) for one in image.children("Sprites")]
        if before == (len(outputs), len(pictures)):
            target.need("URI")
    return Task(
        project=fields.text("ProjectName", most=128),
        documents=(*_transcode(outputs, sources), *pictures),
        sources=frozenset(object_at(address).bucket for address in _read(sources)),
        user_data=user_data,
        tags=tags,
        notify=_notification(fields.child("Notification")),
        request=_as_sent(params),
    )


def _notification(said: Fields) -> dict[str, Any]:
    for name in ("MNS", "RocketMQ"):
        if said.has(name):
            said.child(name).text("TopicName", most=255)
    if said.has("ExtendedMessageURI"):
        raise said.bad("ExtendedMessageURI", "Messages into objects are not offered here.")
    return dict(said.values)


def _transcode(outputs: list[tuple[dict[str, Any], str]], sources: _Sources) -> list[Document]:
    if not outputs:
        return []
    spec: dict[str, Any] = {"kind": "transcode", "input": sources.main, "input_name": "0", "outputs": [output for output, _place in outputs]}
    if sources.beside:
        spec["inputs"] = list(sources.beside)
    return [Document(spec, tuple(place for _output, place in outputs))]


# --- sources ----------------------------------------------------------------------------------------------------------
def _sources(fields: Fields) -> _Sources:
    rows = fields.some("Sources", 21)
    at = fields.whole("AlignmentIndex", 0, len(rows) - 1) or 0
    row = rows[at]
    joined = [(number, one) for number, one in enumerate(rows) if number != at and not one.flag("Attached")]
    beside = [(number, one) for number, one in enumerate(rows) if number != at and one.flag("Attached")]
    if row.flag("Attached"):
        raise row.bad("Attached", "The source of AlignmentIndex is not attached.")
    silent, blind = [{one.flag(name) for _n, one in joined} | {row.flag(name)} for name in ("DisableAudio", "DisableVideo")]
    for name, said in (("DisableAudio", silent), ("DisableVideo", blind)):
        if len(said) > 1:
            raise row.bad(name, "Sources that are joined say the same here.")
    return _Sources(
        main=_source(row),
        before=tuple(_source(one) for number, one in joined if number < at),
        after=tuple(_source(one) for number, one in joined if number > at),
        beside=tuple(_beside(one, number) for number, one in beside),
        subtitles=tuple(_subtitle(one) for one in row.children("Subtitles", 20)),
        sound=silent == {False},
        picture=blind == {False},
    )


def _source(row: Fields) -> dict[str, Any]:
    row.need("URI")
    try:
        found: dict[str, Any] = {"address": str(object_at(row.text("URI")))}
    except ValueError as error:
        raise row.bad("URI", str(error)) from None
    if start := row.number("StartTime", 0, 86_399):
        found["start"] = start
    if duration := row.number("Duration", 0, 86_399):
        found["duration"] = duration
    return found


def _beside(row: Fields, number: int) -> dict[str, Any]:
    """A source that gives a further sound track."""
    if row.text("AlignMode", "false").lower() != "false":
        raise row.bad("AlignMode", "Only false is offered here.")
    if row.flag("DisableAudio"):
        raise row.bad("DisableAudio", "An attached source is used for its sound.")
    return _source(row) | {"name": str(number)}


def _subtitle(row: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {"address": _source(row)["address"]}
    if language := row.text("Language", most=8):
        found["language"] = language
    if offset := row.number("TimeOffset", -3600, 3600):
        found["offset_seconds"] = offset
    return found


def _read(sources: _Sources) -> list[str]:
    rows = (sources.main, *sources.before, *sources.after, *sources.beside, *sources.subtitles)
    return [row["address"] for row in rows]


def _with_sources(output: dict[str, Any], sources: _Sources, target: Fields) -> dict[str, Any]:
    """What the sources say belongs into each output."""
    overrides = output["overrides"]
    _joined(output, sources, target)
    removed = overrides.get("subtitle", {}).get("remove")
    if sources.subtitles and not removed and not overrides["video"].get("remove"):
        overrides.setdefault("subtitle", {})["files"] = list(sources.subtitles)
    if sources.beside and not overrides["audio"].get("remove"):
        if overrides["audio"].get("mix"):
            raise target.bad("Audio", "Sounds of attached sources are tracks of their own; they cannot be mixed here.")
        own = overrides.get("audios") or [{"stream": 0}]
        overrides["audios"] = [*({"input": "0", **track} for track in own), *({"input": row["name"]} for row in sources.beside)]
    return output


def _joined(output: dict[str, Any], sources: _Sources, place: Fields) -> dict[str, Any]:
    edit = {name: list(rows) for name, rows in (("before", sources.before), ("after", sources.after)) if rows}
    if edit:
        output["overrides"].setdefault("edit", {}).update(edit)
    return output


def _as_sent(params: Mapping[str, str]) -> dict[str, Any]:
    """The request with its JSON texts read."""
    fields = Fields(params)
    found: dict[str, Any] = {}
    for name in ("Sources", "Targets", "TargetGroups"):
        if rows := fields.items(name):
            found[name] = rows
    for name in ("Notification", "Tags"):
        if value := dict(fields.child(name).values):
            found[name] = value
    for name in ("ProjectName", "AlignmentIndex", "UserData"):
        if fields.has(name):
            found[name] = fields.text(name)
    return found


__all__ = ["Bad", "Document", "Task", "read_task"]
