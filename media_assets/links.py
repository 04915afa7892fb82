"""Signed links: an address that anybody may open until it expires, for one file of a published media and what belongs to it.

The token stands in the path before bucket and key, so that the names in a playlist lead to its segments with the same token. It says which
file and until when, signed with HMAC-SHA-256 and the installation's secret key. Making the media private, or removing it, ends its links.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from jobs.engine.errors import Problem, Refused
from media_assets.models import Media, MediaFile

if TYPE_CHECKING:
    from collections.abc import Sequence

SALT = "reelmill.links"
SECONDS_MIN, SECONDS_MAX = 60, 90 * 24 * 3600
DEFAULT_SECONDS = 24 * 3600
_TOKEN = re.compile(r"(\d{1,15})-(\d{1,12})-([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Link:
    """Where the file is to be had (path only), and until when (seconds since 1970)."""

    path: str
    expires: int


def make(file: MediaFile, seconds: int) -> Link:
    """A link to a file of a published media. Raises Refused for a private one, and for a time out of range."""
    if not SECONDS_MIN <= seconds <= SECONDS_MAX:
        text = _("From %(least)s seconds to %(most)s.") % {"least": SECONDS_MIN, "most": SECONDS_MAX}
        raise Refused("InvalidParameter", problems=(Problem(("expires_in_seconds",), text),))
    if file.media.state != Media.State.PUBLISHED:
        raise Refused("WrongState", _("The media is private. Publish it first."))
    expires = int(time.time()) + seconds
    token = f"{file.pk}-{expires}-{_signatures(file.pk, expires)[0]}"
    return Link(reverse("link", args=[token, file.bucket, file.key]), expires)


def check(token: str, bucket: str, key: str) -> int:
    """For how many seconds the token still opens this object. Raises Refused (PermissionDenied) if not; it does not say whether the object exists."""
    found = _TOKEN.fullmatch(token)
    if found is None or not any(hmac.compare_digest(found[3], one) for one in _signatures(int(found[1]), int(found[2]))):
        raise Refused("PermissionDenied", _("This link is not valid."))
    left = int(found[2]) - int(time.time())
    if left <= 0:
        raise Refused("PermissionDenied", _("This link has expired."))
    file = MediaFile.objects.filter(pk=int(found[1]), media__state=Media.State.PUBLISHED, bucket=bucket).first()
    if file is None or (key != file.key and key not in file.parts):
        raise Refused("PermissionDenied", _("This link is not valid any more."))
    return left


def file_of(media: Media, address: str = "") -> MediaFile:
    """The file of this address; not said: the newest output, else the source. Raises Refused."""
    files: Sequence[MediaFile] = list(media.files.select_related("media").order_by("-updated_at", "-pk"))
    if address:
        files = [file for file in files if str(file) == address]
    chosen = next((file for file in files if file.role == MediaFile.Role.RENDITION), None) or next(iter(files), None)
    if chosen is None:
        raise Refused("InvalidParameter", problems=(Problem(("address",), _("This is not a file of the media.")),))
    return chosen


def _signatures(file_id: int, expires: int) -> list[str]:
    """Of today's secret key, then of former ones."""
    keys = [settings.SECRET_KEY, *(str(one) for one in settings.SECRET_KEY_FALLBACKS)]
    made = [salted_hmac(SALT, f"{file_id}:{expires}", secret=key, algorithm=hashlib.sha256().name).digest() for key in keys]
    return [base64.urlsafe_b64encode(one).decode().rstrip("=") for one in made]
