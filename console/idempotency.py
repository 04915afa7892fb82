"""Idempotency-Key: a create that is sent twice is done once, and answered twice alike.

Jobs keep their key themselves (``jobs.services.submit``). For the other creates the answer is kept in a row, written in the very transaction
that creates: a second request waits for the first one, finds its row and repeats its answer. What was refused leaves no row, so it can be
sent again with the same key.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import inspect
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from console import auth
from console.lib.http import answer, read, read_object
from console.lib.openapi import IDEMPOTENCY_KEY, body
from console.models import KeptAnswer
from jobs.engine.errors import Problem, Refused

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from ninja import Router
    from pydantic import BaseModel

Maker = TypeVar("Maker", bound=Callable[..., Any])
View = TypeVar("View", bound=Callable[..., HttpResponse])
KEPT = dt.timedelta(days=7)
KEY_MAX = 255


def key_of(request: HttpRequest) -> str:
    """The caller's key, or «». Raises Refused for one that cannot be kept."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > KEY_MAX or not key.isprintable() or not key.isascii():
        raise Refused("InvalidParameter", problems=(Problem(("Idempotency-Key",), _("At most 255 printable ASCII characters.")),))
    return key


def digest_of(data: Any) -> str:
    """A digest of what was asked; the order of keys and white space make no difference."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def once(view: View) -> View:
    """For endpoints that create: with a key that the same person used for the same request, repeat the answer of that time."""

    @functools.wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = key_of(request)
        if not key:
            return view(request, *args, **kwargs)
        user = auth.who(request).user
        digest = digest_of([request.method, request.path, read_object(request, empty=True)])
        with transaction.atomic():
            KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
            kept = _reserve(user, key, digest)
            if kept.status:
                return _again(kept, digest)
            response = view(request, *args, **kwargs)
            KeptAnswer.objects.filter(pk=kept.pk).update(status=response.status_code, body=response.content.decode())
            return response

    return cast("View", answering)


def creating(
    router: Router, path: str, model: type[BaseModel], *, auth: Callable[..., Any], response: type[BaseModel] | None = None, empty: bool = False
) -> Callable[[Maker], Maker]:
    """A POST endpoint of ``router`` that makes something of a ``model``: described, done once for one Idempotency-Key, answered with 201.

    The function gets the request, the model as it was read (``wanted``) and what is in the path, and returns the document to answer with.
    ``empty``: no body at all counts as ``{}``.
    """

    def decorate(make: Maker) -> Maker:
        @functools.wraps(make)
        def view(request: HttpRequest, **names: Any) -> HttpResponse:
            return answer(make(request, read(model, request, empty=empty), **names), 201)

        seen = inspect.signature(make)
        kept = [parameter for name, parameter in seen.parameters.items() if name != "wanted"]  # ninja reads the path's names from here
        view.__signature__ = seen.replace(parameters=kept)  # type: ignore[attr-defined]
        described = {"parameters": [IDEMPOTENCY_KEY], "requestBody": body(model.__name__, required=not empty)}
        told: dict[str, Any] = {"response": {201: response}} if response else {}
        router.post(path, auth=auth, openapi_extra=described, **told)(once(view))
        return make

    return decorate


def _reserve(user: User, key: str, digest: str) -> KeptAnswer:
    """A row without an answer, or the row that is there. Somebody who is writing the same one now is waited for."""
    try:
        with transaction.atomic():
            return KeptAnswer.objects.create(user=user, key=key, digest=digest)
    except IntegrityError:
        return KeptAnswer.objects.get(user=user, key=key)


def _again(kept: KeptAnswer, digest: str) -> HttpResponse:
    if kept.digest != digest:
        raise Refused("IdempotencyConflict")
    response = HttpResponse(kept.body, status=200, content_type="application/json")
    response.headers["Idempotency-Replayed"] = "true"
    return response
