"""The media library in MPS's words: add, describe, publish, look up, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from jobs.dialects.mps import answer_library, workflows
from jobs.dialects.mps.errors import not_found
from jobs.dialects.mps.reading import IDS_MAX, ids, located, need, plain_id
from jobs.dialects.reading import Bad, Fields
from jobs.engine.errors import Refused
from jobs.engine.spec import USER_DATA_BYTES
from jobs.workflows import runs, tree
from media_assets import editing, services, snapshots
from media_assets.models import Category, Media
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobs.dialects.call import Answer, Call
    from jobs.engine.address import Address
    from jobs.workflows.models import Workflow

URL_CHARS = 3200


def add(call: Call) -> Answer:
    """AddMedia: the object must be there; a media that is there already is described anew. A workflow that is named runs on it once."""
    need(call.params, "FileURL")
    fields = Fields(call.params)
    address = object_of(fields, "FileURL", call)
    workflow = _workflow(fields, address)
    cover = object_of(fields, "CoverURL", call) if fields.has("CoverURL") else None
    with transaction.atomic():
        media = services.remember(address)
        _describe(media, call.params, title=fields.text("Title", most=URL_CHARS) or media.title)
        if cover:
            snapshots.set_cover(media.pk, cover.bucket, cover.key)
        if workflow is not None:
            runs.run(workflow, address, owner=call.caller.user, actor=call.caller.name, user_data=_user_data(fields))
    return {"Media": answer_library.media(of_id(media.pk), call.endpoint)}


def update(call: Call) -> Answer:
    """UpdateMedia: what is not said is cleared."""
    media = _named(call)
    fields = Fields(call.params)
    cover = object_of(fields, "CoverURL", call) if fields.has("CoverURL") else None
    with transaction.atomic():
        _describe(media, call.params, title=fields.text("Title", most=URL_CHARS))
        snapshots.set_cover(media.pk, cover.bucket if cover else "", cover.key if cover else "")
    return {"Media": answer_library.media(of_id(media.pk), call.endpoint)}


def update_category(call: Call) -> Answer:
    """UpdateMediaCategory."""
    media = _named(call)
    editing.describe(media, title=media.title, description=media.description, tags=_tags(media), category=category_of(Fields(call.params), "CateId"))
    return {}


def update_cover(call: Call) -> Answer:
    """UpdateMediaCover."""
    media = _named(call)
    need(call.params, "CoverURL")
    cover = object_of(Fields(call.params), "CoverURL", call)
    snapshots.set_cover(media.pk, cover.bucket, cover.key)
    return {}


def update_publish_state(call: Call) -> Answer:
    """UpdateMediaPublishState."""
    media = _named(call)
    need(call.params, "Publish")
    editing.set_state(media, Media.State.PUBLISHED if Fields(call.params).flag("Publish") else Media.State.UNPUBLISHED)
    return {}


def add_tag(call: Call) -> Answer:
    """AddMediaTag."""
    media = _named(call)
    need(call.params, "Tag")
    tags = dict.fromkeys([*_tags(media), *_words(call.params["Tag"])])
    editing.describe(media, title=media.title, description=media.description, tags=list(tags), category=media.category)
    return {}


def delete_tag(call: Call) -> Answer:
    """DeleteMediaTag."""
    media = _named(call)
    need(call.params, "Tag")
    gone = set(_words(call.params["Tag"]))
    tags = [tag for tag in _tags(media) if tag not in gone]
    editing.describe(media, title=media.title, description=media.description, tags=tags, category=media.category)
    return {}


def delete(call: Call) -> Answer:
    """DeleteMedia: out of the library; the objects stay."""
    wanted = ids(call.params, "MediaIds")
    rows = [of_id(one) for one in wanted]
    with transaction.atomic():
        for row in rows:
            editing.remove(row, editing.Take.NOTHING)
    return {}


def query(call: Call) -> Answer:
    """QueryMediaList."""
    wanted = ids(call.params, "MediaIds")
    rows = answer_library.rows().in_bulk([one for one in wanted if plain_id(one)])
    missing = [one for one in wanted if one not in rows]
    items = [answer_library.full(rows[one], call.endpoint, _included(call)) for one in wanted if one in rows]
    return {"MediaList": {"Media": items}, "NonExistMediaIds": {"MediaId": missing}}


def query_by_url(call: Call) -> Answer:
    """QueryMediaListByURL: FileURLs with commas between them, percent-encoded as FileURL is."""
    need(call.params, "FileURLs")
    urls = list(dict.fromkeys(url.strip() for url in call.params["FileURLs"].split(",") if url.strip()))
    if len(urls) > IDS_MAX:
        raise Bad("FileURLs", f"At most {IDS_MAX} addresses.", kind="list")
    items, missing = [], []
    for url in urls:
        address = located(url, "FileURLs", call.endpoint)
        media = answer_library.rows().filter(bucket=address.bucket, key=address.key).first()
        if media is None:
            missing.append(url)
        else:
            items.append(answer_library.full(media, call.endpoint, _included(call)))
    return {"MediaList": {"Media": items}, "NonExistFileURLs": {"FileURL": missing}}


def _workflow(fields: Fields, address: Address) -> Workflow | None:
    """The workflow that runs on the file; None: none is named. With InputUnbind the file must lie below its path. Raises Bad, Refusal."""
    if not fields.has("MediaWorkflowId"):
        return None
    if fields.has("OverrideParams"):
        raise Bad("OverrideParams", "Subtitles of packaging are not served.", kind="feature")
    row = workflows.of_id(fields.text("MediaWorkflowId", most=128))
    if fields.flag("InputUnbind") and not tree.is_below(address, row.bucket, row.path):
        raise Bad("FileURL", f"The file does not lie below {row.bucket}/{row.path}.")
    return row


def _user_data(fields: Fields) -> str:
    text = fields.text("MediaWorkflowUserData")
    if len(text.encode()) > USER_DATA_BYTES:
        raise Bad("MediaWorkflowUserData", f"At most {USER_DATA_BYTES} bytes.", kind="range")
    return text


# --- details ----------------------------------------------------------------------------------------------------------
def of_id(media_id: str) -> Media:
    """A media with its category, tags and files. Raises Refusal."""
    media = answer_library.rows().filter(pk=media_id).first() if plain_id(media_id) else None
    if media is None:
        raise not_found(media_id[:128])
    return media


def category_of(fields: Fields, name: str) -> Category | None:
    """The category named; None: none is. Raises Bad, Refusal."""
    number = fields.whole(name, -1, 2**53)
    if number is None or number == -1:
        return None
    row = Category.objects.filter(pk=number).first()
    if row is None:
        raise not_found(f"{name} {number}")
    return row


def object_of(fields: Fields, name: str, call: Call) -> Address:
    """The object that a URL names, which must be there. Raises Bad, Refusal, Refused."""
    address = located(fields.text(name, most=URL_CHARS), name, call.endpoint)
    try:
        facts = storage(address.bucket).stat(address.key)
    except Refused as error:
        if error.code == "BucketNotFound":
            raise not_found(address.bucket) from None
        raise
    if facts is None:
        raise not_found(str(address))
    return address


def _named(call: Call) -> Media:
    need(call.params, "MediaId")
    return of_id(call.params["MediaId"])


def _describe(media: Media, params: Mapping[str, str], *, title: str) -> None:
    fields = Fields(params)
    editing.describe(
        media,
        title=title,
        description=fields.text("Description", most=URL_CHARS),
        tags=_words(fields.text("Tags", most=URL_CHARS)),
        category=category_of(fields, "CateId"),
    )


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _tags(media: Media) -> list[str]:
    return [tag.name for tag in media.tags.all()]


def _included(call: Call) -> frozenset[str]:
    fields = Fields(call.params)
    return frozenset(name for name in answer_library.PARTS if fields.flag(f"Include{name}"))
