"""Drafts of forms, kept for a day for each person: what was typed is there again after a closed tab, a restart, another computer.

A draft is the form's fields as they would be sent. Content keys and other secrets are never part of it.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from django.http import QueryDict

from jobs import clock
from jobs.models import Draft

if TYPE_CHECKING:
    from django.contrib.auth.models import User

FORMS = ("transcode",)
KEPT = dt.timedelta(hours=24)
SIZE_MAX = 64 * 1024  # characters of an encoded form
_SECRET = re.compile(r"(?:\A|[-._])(?:csrfmiddlewaretoken|token|key|keys|kek|password|secret)\Z", re.IGNORECASE)


def save(user: User, form: str, fields: QueryDict) -> bool:
    """Keep what a form holds now. False: it is too large, and what was kept before stays. Drafts whose day is over go, whoever's they are."""
    kept = fields.copy()
    for name in [name for name in kept if _SECRET.search(name)]:
        del kept[name]
    body = kept.urlencode()
    if len(body) > SIZE_MAX:
        return False
    now = clock.now()
    Draft.objects.filter(saved_at__lt=now - KEPT).delete()
    Draft.objects.update_or_create(user=user, form=form, defaults={"body": body, "saved_at": now})
    return True


def find(user: User, form: str) -> Draft | None:
    """The draft of a person, if its day is not over."""
    return Draft.objects.filter(user=user, form=form, saved_at__gte=clock.now() - KEPT).first()


def fields(draft: Draft) -> QueryDict:
    """What the form held; it can be changed."""
    return QueryDict(draft.body, mutable=True)


def forget(user: User, form: str) -> None:
    """The form was sent, or its draft is not wanted any more."""
    Draft.objects.filter(user=user, form=form).delete()
