"""One change to many media, one after the other: a refusal of one does not stop the others, and each is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from jobs import usage
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.workflows import runs
from media_assets import editing, library
from media_assets.models import Category, Media

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from jobs.workflows.models import Workflow
    from media_assets.editing import Take

CAP = 1000


@dataclass(frozen=True)
class Change:
    """What is done to each; what is not said stays. ``category`` counts only with ``categorise``. ``remove``: what goes with the media.
    ``workflow``: runs on it, for ``user``."""

    add_tags: Sequence[str] = ()
    drop_tags: Sequence[str] = ()
    categorise: bool = False
    category: Category | None = None
    state: str = ""
    remove: Take | None = None
    workflow: Workflow | None = None
    user: User | None = None


@dataclass(frozen=True)
class Result:
    """What became of one media; ``error`` is None where it was done."""

    id: str
    title: str
    error: Refused | None = None


def run(media_ids: Iterable[str], change: Change) -> list[Result]:
    """Do it to each of the first :data:`CAP`. Each is a transaction of its own."""
    ids = list(dict.fromkeys(media_ids))[:CAP]
    rows = library.own(Media.objects.select_related("category").prefetch_related("tags")).in_bulk(ids)
    results = []
    for media_id in ids:
        media = rows.get(media_id)
        try:
            if media is None:
                raise Refused("NotFound", _("There is no such media."))
            _one(media, change)
        except Refused as error:
            results.append(Result(media_id, str(media or media_id), error))
        else:
            results.append(Result(media_id, str(media)))
    return results


def _one(media: Media, change: Change) -> None:
    if change.remove is not None:
        if usage.unfinished_of_media(media.id):
            raise Refused("WrongState", _("Jobs still work on it. Cancel them or let them finish first."))
        editing.remove(media, change.remove)
        return
    if change.workflow is not None:
        actor = change.user.get_username() if change.user else ""
        runs.run(change.workflow, Address(media.bucket, media.key), owner=change.user, actor=actor)
    if change.add_tags or change.drop_tags or change.categorise:
        dropped = {" ".join(tag.split()) for tag in change.drop_tags}
        tags = [tag.name for tag in media.tags.all() if tag.name not in dropped]
        category = change.category if change.categorise else media.category
        editing.describe(media, title=media.title, description=media.description, tags=[*tags, *change.add_tags], category=category)
        media.refresh_from_db()
    if change.state:
        editing.set_state(media, change.state)
