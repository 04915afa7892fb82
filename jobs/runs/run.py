"""What every kind's work has in hand: the job, its fence, a private folder, the pulse, and how to run a command."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import close_old_connections

from jobs import records, scheduler, workspace
from jobs.engine.errors import JobError
from jobs.ffmpeg import probe as ffprobe
from jobs.ffmpeg import runner, stills
from jobs.media_tools import media_tools
from media_assets.storage import storage

if TYPE_CHECKING:
    from pathlib import Path

    from jobs.engine.plan import Command
    from jobs.engine.probe import Probe
    from jobs.engine.progress import Progress
    from jobs.models import Job, Step
    from jobs.pulse import Pulse
    from jobs.records import Fence
    from jobs.steps import More
    from media_assets.partial import Part

MB = 1_000_000
TAIL_CHARS = 8000


class NoSpace(Exception):
    """There is not enough free space to go on; later there may be."""


@dataclass
class Run:
    """One attempt at work. ``part``: what of the input is here, where it has holes; ``complained``: a program has told of an error, perhaps of a hole.

    ``kept``, ``more``: of a job of several steps, what this one leaves to those after it and which ones it adds; recorded with it (:mod:`jobs.steps`).
    """

    job: Job
    step: Step
    fence: Fence
    room: Path
    pulse: Pulse
    decisive_line: str = ""
    warnings: list[str] = field(default_factory=list)
    part: Part | None = None
    complained: bool = False
    kept: dict[str, Any] | None = None
    more: More | None = None
    _argv: list[list[str]] = field(default_factory=list)
    _usage: dict[str, float] = field(default_factory=lambda: {"cpu_seconds": 0.0, "max_rss_bytes": 0.0})

    def fetch_rest(self) -> None:
        """Put the whole input in the place of one with holes."""
        if self.part is not None:
            self.need_space()
            storage(self.job.input_bucket).pin(self.job.input_key, self.room)
            self.part, self.complained = None, False

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

    def mark(self, name: str) -> Probe:
        """What is in a watermark's picture in the room."""
        self.pulse.check()
        return stills.mark(self.room / name, tools=media_tools(), cwd=self.room)

    def holds(self) -> bool:
        """Whether the step is still this attempt's, and nobody has told it to stop."""
        return not self.pulse.stopping and scheduler.holds(self.fence.step_id, self.fence.attempt)

    def unreadable(self) -> JobError:
        """What is wrong with an input on which a program failed."""
        return JobError("ResourceContentBad", f"The input cannot be read to its end: {self.decisive_line}" if self.decisive_line else "")

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
        name, log = workspace.new_log(self.fence.job_id, self.step.index, self.fence.attempt)
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
        close_old_connections()
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
        self.complained = self.complained or any(map(_complaint, finished.tail.splitlines()))
        if finished.exit_code and finished.decisive_line:
            self.decisive_line = finished.decisive_line.replace("\x00", "")
        self.pulse.check()
        self.pulse.program(False)
        _raise_for_limits(finished)
        return finished


def _complaint(line: str) -> bool:
    """Whether this line of a log tells of an error; that a stream which is not used has no decoder here is none."""
    return ("[error]" in line or "[fatal]" in line) and "not on whitelist" not in line


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
    if finished.interrupted:
        raise JobError("InternalError", "The program was ended from outside, or found no space for a moment.")
    if finished.stopped == "size":
        raise JobError("EncodeFailed", "The output grew beyond the limit.")
