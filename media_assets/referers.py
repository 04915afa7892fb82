"""Which pages may embed the files of a bucket: a list of hosts, compared with what the browser says in Referer.

It keeps honest browsers from playing a bucket's files in foreign pages; it is no lock, since any program can send any Referer.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from jobs.engine.errors import Problem, Refused
from media_assets.models import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

HOSTS_MAX = 100
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9][a-z0-9-]{0,62})*(:\d{1,5})?")


def set_referers(bucket: Bucket, hosts: Iterable[str], *, without: bool) -> Bucket:
    """Let only pages of these hosts embed the bucket's files; none: every page. ``without``: requests without Referer may too.

    A host is ``example.org``, ``example.org:8080`` or ``*.example.org`` (all below it, not itself). Raises Refused with every mistake.
    """
    words = list(dict.fromkeys(word.strip().lower() for word in hosts if word.strip()))
    problems = [Problem(("hosts",), _("This is not a host: %(host)s") % {"host": word[:80]}) for word in words if len(word) > 253 or not _HOST.fullmatch(word)]
    if len(words) > HOSTS_MAX:
        problems.append(Problem(("hosts",), _("At most %(most)s hosts.") % {"most": HOSTS_MAX}))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))
    bucket.referers, bucket.without_referer = "\n".join(words), without
    bucket.save(update_fields=["referers", "without_referer"])
    return bucket


def check(request: HttpRequest, bucket: str) -> None:
    """Whether the page that sends this request may have files of the bucket. Pages of this site and programs with a bearer token always may.

    Raises Refused (PermissionDenied).
    """
    if "Authorization" in request.headers:
        return
    found = Bucket.objects.filter(name=bucket).values_list("referers", "without_referer").first()
    if found is None or not found[0]:
        return
    referer = request.headers.get("Referer", "")
    if not referer:
        allowed = found[1]
    else:
        allowed = _allowed(referer, [request.get_host(), *found[0].split("\n")])
    if not allowed:
        raise Refused("PermissionDenied", _("Files of this bucket may not be embedded there."))


def _allowed(referer: str, hosts: list[str]) -> bool:
    try:
        parts = urlsplit(referer)
        name, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not name:
        return False
    given = {name, f"{name}:{port}" if port else name}
    return any(any(one.endswith(host[1:]) for one in given) if host.startswith("*.") else host.lower() in given for host in hosts)
