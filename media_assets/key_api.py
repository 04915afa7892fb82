"""Tokens for players of encrypted sets, as JSON: whoever embeds a player elsewhere asks for one and hands it on."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, Field

from console.auth import needs_operator
from console.lib.http import answer, iso, known_parameters
from jobs.engine.errors import Refused
from media_assets import keys
from media_assets.models import ContentKey

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

router = Router(tags=["keys"])


class PlayerToken(BaseModel):
    """What a player adds to the key's address: ``?token=…``."""

    token: str
    expires_at: str = Field(description="ISO 8601, UTC")
    key_url: str = Field(description="where the 16 bytes are, token included")
    license_url: str = Field(description="where ClearKey players ask, token included")


@router.post("/keys/{key_id}/token", response={201: PlayerToken}, auth=needs_operator, operation_id="make_player_token", summary="Let a player have a key")
def make_player_token(request: HttpRequest, key_id: str) -> HttpResponse:
    """A short-lived token that opens this key and no other, private ones too. The key's id stands in its address in the playlist or manifest. Role operator."""
    known_parameters(request)
    row = ContentKey.objects.filter(pk=key_id).first() if key_id.isalnum() else None
    if row is None:
        raise Refused("NotFound", "There is no such key.")
    token = keys.token([row.scope])
    address, license_address = (request.build_absolute_uri(path) + f"?token={token}" for path in keys.addresses(row))
    expires = timezone.now() + dt.timedelta(seconds=keys.TOKEN_SECONDS)
    made: dict[str, Any] = {"token": token, "expires_at": iso(expires), "key_url": address, "license_url": license_address}
    return answer(made, 201)
