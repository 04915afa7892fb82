"""What every kind's work has in hand: the job, its fence, a private folder, the pulse, and how to run a command."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

from jobs import records, workspace
from jobs.engine.address import Address
from jobs.engine.errors import JobError
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import runner, tools
from jobs.states import Phase
from media_assets import services as media_services
from media_assets.models import Media
from media_assets.storage import storage

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.plan import Command
    from jobs.engine.probe import Probe
    from jobs.engine.progress import Progress
    from jobs.models import Job
    from jobs.pulse import Pulse
    from jobs.records import Fence

MB = 1_000_000
TAIL_CHARS = 8000


class NoSpace(Exception):
    """There is not enough free space to go on; later there may be."""


@cache
def media_tools() -> tools.Tools:
    """The programs of this node."""
    return tools.find(settings.REELMILL_FFMPEG, settings.REELMILL_FFPROBE)


@dataclass
class Run:
    """One attempt at work."""

    job: Job
    fence: Fence
    room: Path
    pulse: Pulse
    decisive_line: str = ""
    warnings: list[str] = field(default_factory=list)
    _argv: list[list[str]] = field(default_factory=list)
    _usage: dict[str, float] = field(default_factory=lambda: {"cpu_seconds": 0.0, "max_rss_bytes": 0.0})

    def open_input(self) -> Probe:
        """Fetch and probe the input: afterwards it is in the room as «input», and the job and its media know what is in it."""
        self.pulse.phase(Phase.FETCH)
        address = Address(self.job.input_bucket, self.job.input_key)
        place = storage(address.bucket)
        facts = place.stat(address.key)
        if facts is None:
            raise JobError("ObjectNotFound", f"No object at {address.bucket}/{address.key}.")
        if self.job.input_etag and facts.etag != self.job.input_etag:
            self.warnings.append("The input was replaced after the job was submitted; the new object was used.")
        self.need_space()
        place.pin(address.key, self.room)
        self.pulse.phase(Phase.PROBE)
        probe = self.probe("input")
        document = probe.model_dump(mode="json")
        records.note_probe(self.fence, document, self.warnings)
        if media := Media.objects.filter(pk=self.job.media_id).first():
            media_services.set_info(media, document)
        return probe

    def probe(self, name: str, *, count_packets: bool = False, own_playlist: bool = False) -> Probe:
        """What is in a file of the room."""
        self.pulse.check()
        return ffprobe.probe(
            self.room / name,
            tools=media_tools(),
            cwd=self.room,
            count_packets=count_packets,
            own_playlist=own_playlist,
            max_pixels=settings.REELMILL_MAX_PIXELS,
        )

    def need_space(self) -> None:
        """Raise NoSpace unless the room's file system has the reserve that the operator set."""
        free = shutil.disk_usage(self.room).free
        if free < settings.REELMILL_MIN_FREE_MB * MB:
            raise NoSpace(f"{free // MB} MB free, {settings.REELMILL_MIN_FREE_MB} MB wanted")

    def command(self, command: Command, *, done: float = 0.0, share: float = 1.0) -> runner.Finished:
        """Run one command, reporting progress from ``done`` over ``share`` of the whole. Raises Cancelled, LeaseLost, NoSpace, JobError for limits.

        The exit status is the caller's to judge.
        """
        self.need_space()
        name, log = workspace.new_log(self.fence.job_id, 0, self.fence.attempt)
        self._argv.append([command.program, *command.argv])
        records.note_attempt(self.fence, argv=self._argv, tool_version=media_tools().version, log_name=name)

        def on_progress(progress: Progress) -> None:
            fraction = progress.fraction if progress.fraction is not None else 0.0
            self.pulse.progress(int(100 * (done + share * fraction)), speed=progress.speed, fps=progress.fps, outputs=command.outputs)

        self.pulse.program(True)
        finished = runner.run(
            command,
            tools=media_tools(),
            cwd=self.room,
            log=log,
            on_progress=on_progress,
            should_stop=lambda: self.pulse.stopping,
            stall_seconds=settings.REELMILL_STALL_SECONDS,
            wall_seconds=settings.REELMILL_JOB_HOURS * 3600,
            max_bytes=None,
            min_free_bytes=settings.REELMILL_MIN_FREE_MB * MB // 2,
        )
        self._argv[-1] = list(finished.argv_shown)
        self._usage["cpu_seconds"] = round(self._usage["cpu_seconds"] + finished.cpu_seconds, 3)
        self._usage["max_rss_bytes"] = max(self._usage["max_rss_bytes"], finished.max_rss_bytes)
        records.note_attempt(
            self.fence,
            argv=self._argv,
            exit_code=finished.exit_code,
            log_tail=finished.tail[-TAIL_CHARS:].replace("\x00", ""),
            usage=self._usage,
            phases=self.pulse.phases,
        )
        if finished.exit_code and finished.decisive_line:
            self.decisive_line = finished.decisive_line.replace("\x00", "")
        self.pulse.check()
        self.pulse.program(False)
        _raise_for_limits(finished)
        return finished


def _raise_for_limits(finished: runner.Finished) -> None:
    """Turn a limit that ended the program into its error."""
    if finished.stopped == "full":
        raise NoSpace("the disk filled up while the program ran")
    if finished.stopped == "stalled":
        raise JobError("Stalled")
    if finished.stopped == "timeout":
        raise JobError("TimedOut")
    if finished.out_of_memory:
        raise JobError("OutOfMemory")
    if finished.stopped == "size":
        raise JobError("EncodeFailed", "The output grew beyond the limit.")
