"""Where an output goes if nobody says: in the output bucket, named after the source and the template.

``talks/one.mp4`` with the template ``hls-ladder`` becomes ``talks/one-hls-ladder.m3u8``. If that name belongs to another input (``talks/one.mov``
came first), the extension of the source goes into it: ``talks/one-mp4-hls-ladder.m3u8``; and if that is taken too, a few characters of the digest of
the source's address. So one input never replaces what was made of another, and the same input gets the same names again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from jobs import placeholders
from jobs.engine.address import KEY_BYTES, Address
from jobs.engine.codecs import CONTAINERS
from jobs.models import Output
from jobs.states import JobState
from templates_app import queries

OUTPUT_BUCKET = "output"
DIGEST = 8  # characters
GONE = (JobState.FAILED, JobState.CANCELLED)  # such an output has published nothing


def output_address(source: Address, template_name: str, bucket: str = OUTPUT_BUCKET) -> Address:
    """The default address of the output of a template, by its id or name. Raises Refused (TemplateNotFound)."""
    template = queries.find(template_name)
    container = template.current.params["container"]["format"] if template.current else "mp4"
    return Address(bucket, default_key(source, template.name, CONTAINERS[container].extension, bucket))


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
    """Whether an output of another input is, or will be, at this address."""
    rows = Output.objects.filter(bucket=bucket, key=key).exclude(state__in=GONE)
    return rows.exclude(job__input_bucket=source.bucket, job__input_key=source.key).exists()
