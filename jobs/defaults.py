"""Where an output goes if nobody says: in the output bucket, named after the source and the template."""

from __future__ import annotations

from jobs import placeholders
from jobs.engine.address import KEY_BYTES, Address
from jobs.engine.codecs import CONTAINERS
from templates_app import queries

OUTPUT_BUCKET = "output"


def output_address(source: Address, template_name: str, bucket: str = OUTPUT_BUCKET) -> Address:
    """``talks/one.mp4`` with template ``hls-ladder`` gives ``oss://output/talks/one-hls-ladder.m3u8``. Raises Refused (TemplateNotFound)."""
    template = queries.find(template_name)
    container = template.current.params["container"]["format"] if template.current else "mp4"
    ending = f"-{template.name.replace('/', '-')}.{CONTAINERS[container].extension}"
    room = KEY_BYTES - len((source.folder + ending).encode())
    stem = placeholders.expand("{FileName}", source).encode()[: max(1, room)].decode(errors="ignore")
    return Address(bucket, source.folder + stem + ending)
