"""Keys of encrypted sets: made, kept sealed, and handed out to whoever may have them.

Who may: somebody who may read (session or bearer token), or a player with a token that names what it plays. A private key goes to such a player only.
Tokens are signed, say for which output or media they are, and last :data:`TOKEN_SECONDS`; the player page sets one as a cookie that only ``/keys/`` gets.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core import signing
from django.db import IntegrityError, transaction
from django.urls import reverse

from console import auth
from console.lib.sealing import CONTENT_KEYS, seal, unseal
from console.models import Role
from jobs.engine.errors import Refused
from media_assets.models import ContentKey

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

COOKIE = "reelmill_player"
SALT = "reelmill.player"
TOKEN_SECONDS = 1800
BYTES = 16


def output_scope(output_id: str) -> str:
    """The key of one output."""
    return f"output:{output_id}"


def media_scope(media_id: str, *, private: bool) -> str:
    """The key that outputs of one media share; private ones have their own."""
    return f"media:{media_id}" + (":private" if private else "")


def ensure(scope: str, *, bucket: str, private: bool, key: bytes | None = None, key_id: str | None = None) -> ContentKey:
    """The key of a scope: as it was made before, else given or made now. A given one replaces what was kept, since its output is made with it."""
    fields = {"bucket": bucket, "private": private}
    if key is not None:
        fields["sealed"] = seal(key, CONTENT_KEYS)
    if key_id is not None:
        fields["key_id"] = key_id.lower()
    row = ContentKey.objects.filter(scope=scope).first()
    if row is None:
        made = {"sealed": seal(secrets.token_bytes(BYTES), CONTENT_KEYS), "key_id": secrets.token_hex(BYTES), **fields}
        try:
            with transaction.atomic():
                return ContentKey.objects.create(scope=scope, **made)
        except IntegrityError:  # another worker was quicker
            return ContentKey.objects.get(scope=scope)
    if key is not None and unseal(row.sealed, CONTENT_KEYS) == key:
        fields.pop("sealed")
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
    return row


def opened(row: ContentKey) -> bytes:
    """The 16 bytes. Raises Refused where they were sealed with another secret key."""
    try:
        return unseal(row.sealed, CONTENT_KEYS)
    except ValueError:
        raise Refused("InternalError", "The key was sealed with another secret key.") from None


def addresses(row: ContentKey) -> tuple[str, str]:
    """Where players fetch the key, and where ClearKey players ask for it."""
    return reverse("key", args=[row.id]), reverse("key_license", args=[row.id])


def find(request: HttpRequest, key_id: str) -> ContentKey:
    """The key, for a caller who may have it. Raises Refused: NotAuthenticated, PermissionDenied, NotFound."""
    row = ContentKey.objects.filter(pk=key_id).first()
    if row is not None and row.scope in _scopes(request):
        return row
    if not auth.at_least(request.user, Role.VIEWER):  # a session reads; so no CSRF token is asked for, also not of POST
        auth.require(request, Role.VIEWER)
    if row is None:
        raise Refused("NotFound", "There is no such key.")
    if row.private:
        raise Refused("PermissionDenied", "This key goes to the player only.")
    return row


def token(scopes: Iterable[str]) -> str:
    """A player's token for these scopes."""
    return signing.dumps(sorted(scopes), salt=SALT)


def player_scopes(output_id: str, media_id: str) -> list[str]:
    """What a player of this output may open."""
    media = [media_scope(media_id, private=False), media_scope(media_id, private=True)] if media_id else []
    return [output_scope(output_id), *media] if output_id else media


def let_play(request: HttpRequest, response: HttpResponse, output_id: str, media_id: str) -> None:
    """Give the page that is answered a player's cookie, if what it plays has a key of ours."""
    scopes = player_scopes(output_id, media_id)
    if ContentKey.objects.filter(scope__in=scopes).exists():
        response.set_cookie(COOKIE, token(scopes), max_age=TOKEN_SECONDS, path="/keys/", secure=request.is_secure(), httponly=True, samesite="Strict")


def _scopes(request: HttpRequest) -> frozenset[str]:
    """What the tokens of a request open: of the address, and of the cookie."""
    found: set[str] = set()
    for text in (request.GET.get("token", ""), request.COOKIES.get(COOKIE, "")):
        try:
            found.update(signing.loads(text, salt=SALT, max_age=TOKEN_SECONDS) if text else ())
        except signing.BadSignature:
            continue
    return frozenset(found)
