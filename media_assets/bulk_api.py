"""One change to many media, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from console.auth import needs_operator, who
from console.lib.http import answer, known_parameters, read
from console.lib.openapi import body
from console.models import Role
from jobs.engine.errors import Problem, Refused
from jobs.engine.types import Strict
from media_assets import bulk
from media_assets.editing import Take
from media_assets.models import Category

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["media"])


class MediaBulk(Strict):
    """What to do to many media; what is not said stays."""

    ids: tuple[str, ...] = Field(min_length=1, max_length=bulk.CAP, description="1–1,000 media")
    add_tags: tuple[str, ...] = Field((), max_length=16, description="at most 32 bytes each; no media may have more than 16")
    remove_tags: tuple[str, ...] = Field((), max_length=100, description="those that a media does not carry are passed over")
    category: int | None = Field(None, description="id; 0: none")
    state: Literal["unpublished", "published"] | None = None
    remove: Literal["nothing", "outputs", "all"] | None = Field(
        None, description="take them out of the library, and what goes with them; files need role admin"
    )


@router.post("/media-bulk", auth=needs_operator, operation_id="media_bulk", openapi_extra={"requestBody": body("MediaBulk")}, url_name="media_bulk")
def media_bulk(request: HttpRequest) -> HttpResponse:
    """Change or remove up to 1,000 media, one by one: a refusal of one does not stop the others. Role operator."""
    known_parameters(request)
    wanted = read(MediaBulk, request)
    category = None
    if wanted.category:
        category = Category.objects.filter(pk=wanted.category).first() if 0 < wanted.category < 2**31 else None
        if category is None:
            raise Refused("InvalidParameter", problems=(Problem(("category",), _("There is no such category.")),))
    changes = bool(wanted.add_tags or wanted.remove_tags or wanted.category is not None or wanted.state)
    if changes == (wanted.remove is not None):
        raise Refused("InvalidParameter", problems=(Problem(("remove",), _("Say what to change, or what to remove.")),))
    if wanted.remove not in (None, "nothing") and not who(request).at_least(Role.ADMIN):
        raise Refused("PermissionDenied", _("Only administrators may delete files."))
    change = bulk.Change(
        add_tags=wanted.add_tags,
        drop_tags=wanted.remove_tags,
        categorise=wanted.category is not None,
        category=category,
        state=wanted.state or "",
        remove=Take(wanted.remove) if wanted.remove else None,
    )
    results = bulk.run(wanted.ids, change)
    refused = [
        {"id": row.id, "code": row.error.code, "message": "; ".join(p.message for p in row.error.problems) or row.error.message} for row in results if row.error
    ]
    return answer({"done": [row.id for row in results if not row.error], "refused": refused})
