"""Where an output goes if nobody says: in the output bucket, named after the source and the template.

``talks/one.mp4`` with the template ``hls-ladder`` becomes ``talks/one-hls-ladder.m3u8``. If that name belongs to another input (``talks/one.mov``
came first, or somebody put an object there by hand), the extension of the source goes into it: ``talks/one-mp4-hls-ladder.m3u8``; and if that is taken too, a few characters of the digest of
the source's address. So one input never replaces what was made of another, and the same input gets the same names again.

Whoever submits with a name that was chosen here chooses it and submits inside :func:`in_turn`: of two at once, the second sees the first one's job.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction

from jobs import placeholders
from jobs.engine.address import KEY_BYTES, Address
from jobs.engine.codecs import CONTAINERS
from jobs.engine.errors import Refused
from jobs.models import Output
from jobs.states import JobState
from media_assets.storage import storage
from templates_app import queries

OUTPUT_BUCKET = "output"
DIGEST = 8  # characters
TURN = 7_103_252_001  # of the advisory lock; any number that nobody else uses
GONE = (JobState.FAILED, JobState.CANCELLED)  # such an output has published nothing


@contextmanager
def in_turn() -> Iterator[None]:
    """One at a time, over all processes that share the database. Also a decorator. Not inside a transaction.

    With SQLite all of them are on one host: they queue at a file, so that nobody waits for the database meanwhile.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
            yield
        return
    with (settings.REELMILL_DATA / "names.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def output_address(source: Address, template_name: str, bucket: str = OUTPUT_BUCKET) -> Address:
    """The default address of the output of a template, by its id or name, to be sent with a job (a pattern: braces are doubled). Raises Refused (TemplateNotFound)."""
    template = queries.find(template_name)
    container = template.current.params["container"]["format"] if template.current else "mp4"
    return Address(bucket, placeholders.escaped(default_key(source, template.name, CONTAINERS[container].extension, bucket)))


def default_key(source: Address, template_name: str, extension: str, bucket: str) -> str:
    """The default key for an input and the name of a template; never longer than a key may be."""
    key = ""
    for key in _keys(source, template_name, extension):
        if not _is_anothers(bucket, key, source):
            break
    return key


def _keys(source: Address, template_name: str, extension: str) -> Iterator[str]:
    """The names that may be given, the plainest first. The last one is the input's alone."""
    kind = placeholders.expand("{ExtName}", source).lower()
    digest = hashlib.sha256(str(source).encode()).hexdigest()[:DIGEST]
    plain = f"-{template_name.replace('/', '-')}"
    for middle in ("", f"-{kind}" if kind else "", f"-{kind}-{digest}" if kind else f"-{digest}"):
        ending = placeholders.with_extension(middle + plain, extension)
        room = KEY_BYTES - len((source.folder + ending).encode())
        stem = placeholders.expand("{FileName}", source).encode()[: max(1, room)].decode(errors="ignore")
        yield source.folder + stem + ending


def _is_anothers(bucket: str, key: str, source: Address) -> bool:
    """Whether an output of another input is, or will be, at this address; or an object that no output of this one explains."""
    rows = Output.objects.filter(bucket=bucket, key=key).exclude(state__in=GONE)
    own = rows.filter(job__input_bucket=source.bucket, job__input_key=source.key)
    if rows.exclude(pk__in=own).exists():
        return True
    return not own.exists() and _exists(bucket, key)


def _exists(bucket: str, key: str) -> bool:
    try:
        return storage(bucket).stat(key) is not None
    except Refused:
        return False  # no such bucket, or no such name in it: submitting will say so
