"""Fetch what a transcode reads besides its input: further inputs, joined parts, pictures for watermarks, subtitle files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobs import bucket_wait
from jobs.engine import join_list, texts
from jobs.engine.errors import JobError, Refused
from jobs.engine.needs import addresses
from jobs.engine.sources import Fetched, Material
from jobs.readables import read_list
from jobs.records import AGAIN
from jobs.runs import playlists
from jobs.states import Phase
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.address import Address
    from jobs.engine.errors import ReelmillError
    from jobs.engine.needs import Role
    from jobs.engine.probe import Probe
    from jobs.engine.spec import TranscodeSpec
    from jobs.engine.template import Template
    from jobs.runs.run import Run

TEXT_BYTES = texts.BYTES_MAX


def gather(run: Run, spec: TranscodeSpec, templates: Sequence[Template], probe: Probe) -> tuple[Material, list[Template]]:
    """Everything in the room, under names of ours: «m0», «m1» … The job's own input is not fetched twice.

    The templates come back with the parts of their lists in the lists' places. What cannot be fetched or used fails only the outputs that need it.
    """
    problems: dict[Address, Fetched] = {}
    templates = [_listed(template, problems) for template in templates]
    files: dict[Address, Fetched] = {spec.input.address: Fetched("input", probe)}
    # a file that is media and mark is fetched as media: that probe tells more
    for _, address, role in sorted(addresses(spec, templates), key=lambda found: found[2] == "mark"):
        if address in files or address in problems:
            continue
        name = f"mark{len(files)}" if role == "mark" else f"m{len(files)}"
        files[address] = _fetched(run, address, role, name)
    return Material(probe, files | problems), templates


def _listed(template: Template, problems: dict[Address, Fetched]) -> Template:
    """The template with the parts of its list; the list stays where it cannot be read, and the problem is noted."""
    address = template.edit.after_list
    if address is None:
        return template
    try:
        return join_list.with_parts(template, read_list(address))
    except (JobError, Refused) as error:
        _raise_passing(error)
        problems[address] = Fetched("", problem=JobError(error.code, error.message))
    return template


def _fetched(run: Run, address: Address, role: Role, name: str) -> Fetched:
    """One object. What cannot be fetched or used fails only the outputs that need it."""
    try:
        _fetch(run, address, name)
        if role == "text":
            with (run.room / name).open("rb") as file:
                return Fetched(name, data=file.read(TEXT_BYTES + 1))
        run.pulse.phase(Phase.PROBE)
        return Fetched(name, run.mark(name) if role == "mark" else playlists.fetched(run, address, name))
    except (JobError, Refused) as error:
        _raise_passing(error)
        return Fetched(name, problem=JobError(error.code, error.message))


def _raise_passing(error: ReelmillError) -> None:
    """What may pass by itself is no output's fault: the whole step is tried again."""
    if error.code in bucket_wait.CODES or error.code in AGAIN:
        raise error


def _fetch(run: Run, address: Address, name: str) -> None:
    run.pulse.phase(Phase.FETCH)
    place = storage(address.bucket)
    if place.stat(address.key) is None:
        raise JobError("ObjectNotFound", f"No object at {address.bucket}/{address.key}.")
    run.need_space()
    place.pin(address.key, run.room, name)
