"""Fill an empty installation with jobs in every state, with long, Chinese, right-to-left and emoji names: for screenshots, tests and benchmarks.

Nothing runs: the rows are written as they would be afterwards. Refuses where jobs exist already, unless told to go on.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from console.lib.ids import new_id
from jobs import workspace
from jobs.engine.errors import CODES
from jobs.models import Attempt, Job, JobEvent, Lane, Output, Pipeline, Step
from jobs.states import AttemptState, JobState, Phase, StepState
from media_assets import indexing
from media_assets.buckets import ensure_default_buckets
from media_assets.models import Media
from templates_app import services as template_services
from templates_app.models import Template

if TYPE_CHECKING:
    from argparse import ArgumentParser

NAMES = (
    "launch-keynote.mp4",
    "会议录像/2026年第三季度产品发布会完整版（现场收音）.mov",
    "interviews/Ünïcode – «quoted» naïve façade.mkv",
    "شرح/مقدمة قصيرة عن المعالجة.mp4",
    "clips/🎬 final final v7 (really) 🎉.mp4",
    "archive/" + "a-very-long-name-that-nobody-would-type-but-every-camera-writes-" * 2 + "0001.mxf",
    "lectures/100%d done/-dash first.mp4",
    "raw/A001_C002_0101XX.ts",
    "podcasts/第十二集 播客.flac",
    "short.gif",
)
FAILURES = ("InputNotReadable", "ResourceContentBad", "EncodeFailed", "NoVideoStream", "Stalled")
STATES = (
    (JobState.SUCCEEDED, 70),
    (JobState.FAILED, 12),
    (JobState.QUEUED, 8),
    (JobState.CANCELLED, 5),
    (JobState.RUNNING, 5),
)
LOG = (
    "Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'input':",
    "  Duration: 00:00:30.04, start: 0.000000, bitrate: 2184 kb/s",
    "  Stream #0:0: Video: h264 (High), yuv420p, 1280x720, 2043 kb/s, 25 fps",
    "  Stream #0:1: Audio: aac (LC), 44100 Hz, stereo, fltp, 128 kb/s",
    "[h264 @ 0x5581] Warning: missing picture in access unit with size 4",
    "[h264 @ 0x5581] error while decoding MB 34 12, bytestream -7",
    "[dec:h264 @ 0x55a2] Error submitting packet to decoder: Invalid data found when processing input",
    "[out#0/mp4 @ 0x55c3] video:0KiB audio:0KiB subtitle:0KiB other streams:0KiB",
    "Conversion failed!",
)
DECISIVE = LOG[6]
BATCH = 500


class Command(BaseCommand):
    """The command."""

    help = "Write demonstration jobs in every state (nothing is run). Refuses on an installation that has jobs, unless --force."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many, and whether beside what is there."""
        parser.add_argument("--jobs", type=int, default=60, help="how many jobs (default 60)")
        parser.add_argument("--days", type=float, default=3.0, help="spread over this many days (default 3)")
        parser.add_argument("--seed", type=int, default=1, help="of the random choices; the same seed gives the same jobs")
        parser.add_argument("--only", default="", choices=["", *JobState.values], help="all jobs in this state")
        parser.add_argument("--no-logs", action="store_true", help="write no log files")
        parser.add_argument("--force", action="store_true", help="even if there are jobs already")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the rows in batches."""
        if Job.objects.exists() and not options["force"]:
            raise CommandError("There are jobs here already. Use --force to write demonstration jobs beside them.")
        if not Template.objects.exists():
            template_services.load_presets()
        maker = _Maker(random.Random(options["seed"]), options["days"], options["jobs"], options["only"], logs=not options["no_logs"])  # noqa: S311  not for secrets
        for first in range(0, options["jobs"], BATCH):
            maker.write(min(BATCH, options["jobs"] - first))
        self.stdout.write(f"{options['jobs']} demonstration jobs were written.")


class _Maker:
    """Makes rows; the state, name and times of each follow from the random numbers."""

    def __init__(self, chance: random.Random, days: float, number: int, only: str, *, logs: bool) -> None:
        self.chance, self.only, self.logs = chance, only, logs
        self.now = timezone.now()
        self.gap = days * 86_400 / max(1, number)
        self.index = 0
        ensure_default_buckets()
        self.pipelines = [
            Pipeline.objects.get_or_create(name="default")[0],
            Pipeline.objects.get_or_create(name="night-batch", defaults={"state": Pipeline.State.PAUSED, "pause_reason": "disk swap"})[0],
            Pipeline.objects.get_or_create(name="studio", defaults={"slots": 8})[0],  # its running jobs are for show: they must not take slots of real ones
        ]
        self.media = [Media.objects.get_or_create(bucket="input", key=key, defaults={"title": key.rpartition("/")[2][:40]})[0] for key in NAMES]
        indexing.refresh([media.pk for media in self.media])
        found = Template.objects.filter(name__in=("mp4-h264-540p", "hls-ladder", "mp4-h264-1080p")).select_related("current")
        self.versions = [row.current for row in found if row.current]

    def write(self, number: int) -> None:
        """So many jobs with all that belongs to them, in one transaction."""
        jobs: list[Job] = []
        outputs: list[Output] = []
        steps: list[Step] = []
        for _ in range(number):
            job = self._job()
            jobs.append(job)
            outputs += self._outputs(job)
            steps.append(self._step(job))
        with transaction.atomic():
            Job.objects.bulk_create(jobs)
            Output.objects.bulk_create(outputs)
            Step.objects.bulk_create(steps)
            Attempt.objects.bulk_create([self._attempt(step) for step in steps if step.job.started_at])
            JobEvent.objects.bulk_create([event for job in jobs for event in _events(job)])

    def _job(self) -> Job:
        self.index += 1
        created = self.now - dt.timedelta(seconds=self.index * self.gap)
        state = self.only or self.chance.choices([state for state, _ in STATES], [weight for _, weight in STATES])[0]
        media = self.media[self.index % len(self.media)]
        started = None if state == JobState.QUEUED else created + dt.timedelta(seconds=self.chance.uniform(0.03, 40))
        final = state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
        code = self.chance.choice(FAILURES) if state == JobState.FAILED else "Cancelled" if state == JobState.CANCELLED else ""
        held = self.index % 7 == 0 and state == JobState.QUEUED
        pipeline = self.pipelines[2 if state == JobState.RUNNING else 1 if held else 0]
        return Job(
            id=new_id(),
            kind="transcode" if self.index % 9 else "mediainfo",
            pipeline=pipeline,
            priority=self.chance.choice((6, 6, 6, 3, 9, 10)),
            spec={"kind": "transcode", "input": {"address": media.address}, "outputs": []},
            input_bucket=media.bucket,
            input_key=media.key,
            media_id=media.id,
            state=state,
            code=code,
            message=CODES[code].sentence if code else "",
            retryable=CODES[code].retryable if code else False,
            log_line=DECISIVE if code in ("EncodeFailed", "ResourceContentBad") else "",
            progress=100 if state == JobState.SUCCEEDED else self.chance.randrange(3, 97) if state in (JobState.RUNNING, JobState.FAILED) else 0,
            phase=Phase.ENCODE if state == JobState.RUNNING else "",
            speed=round(self.chance.uniform(0.4, 9), 2) if state == JobState.RUNNING else None,
            fps=round(self.chance.uniform(12, 240), 1) if state == JobState.RUNNING else None,
            warnings=["The subtitles cannot be held by the container and were dropped."] if self.index % 11 == 0 and state == JobState.SUCCEEDED else [],
            source=self.chance.choice((Job.Source.CONSOLE, Job.Source.API, Job.Source.API, Job.Source.CLI)),
            user_data='{"order": "2026-1142"}' if self.index % 5 == 0 else "",
            created_at=created,
            started_at=started,
            finished_at=(started or created) + dt.timedelta(seconds=self.chance.uniform(2, 900)) if final else None,
            version=1,
        )

    def _outputs(self, job: Job) -> list[Output]:
        if job.kind != "transcode":
            return []
        stem = job.input_key.rpartition(".")[0]
        chosen = self.versions[: 1 + self.index % len(self.versions)]
        rows = []
        for index, version in enumerate(chosen):
            container = version.params["container"]["format"]
            extension = "m3u8" if container == "hls" else container
            key = f"{stem}-{job.id[:6]}-{index}.{extension}"[-1000:]
            job.spec["outputs"].append({"template": version.template_id, "address": f"oss://output/{key}"})
            good = job.state == JobState.SUCCEEDED
            rows.append(
                Output(
                    job=job,
                    index=index,
                    template=version,
                    template_name=version.template.name,
                    effective=version.params,
                    bucket="output",
                    key=key,
                    state=job.state,
                    progress=job.progress,
                    code=job.code,
                    message=job.message,
                    retryable=job.retryable,
                    size=self.chance.randrange(200_000, 90_000_000) if good else None,
                    published_at=job.finished_at if good else None,
                )
            )
        return rows

    def _step(self, job: Job) -> Step:
        states = {JobState.QUEUED: StepState.READY, JobState.RUNNING: StepState.RUNNING}
        running = job.state == JobState.RUNNING
        return Step(
            job=job,
            kind=job.kind,
            pipeline=job.pipeline,
            lane=Lane.MAIN if job.kind == "transcode" else Lane.SHORT,
            priority=job.priority,
            seq=int(job.created_at.timestamp() * 1_000_000),
            state=states.get(JobState(job.state), job.state),
            attempt=1 if job.started_at else 0,
            # a year ahead: no sweep takes back what no worker holds
            lease_until=self.now + dt.timedelta(days=365) if running else None,
            worker="demo/1" if running else "",
        )

    def _attempt(self, step: Step) -> Attempt:
        job = step.job
        name = ""
        if self.logs and job.state == JobState.FAILED:
            name, path = workspace.new_log(job.id, 0, 1)
            path.write_text("\n".join(LOG) + "\n", encoding="utf-8")
        state = AttemptState.RUNNING if job.state == JobState.RUNNING else job.state
        begin = job.started_at or self.now
        return Attempt(
            step=step,
            number=1,
            worker="demo/1",
            state=state,
            argv=[["ffmpeg", "-nostdin", "-i", "input", "-vf", "scale=960:540", "-c:v", "libx264", "o0.mp4"]],
            tool_version="ffmpeg (demonstration)",
            exit_code=None if state == AttemptState.RUNNING else int(job.state == JobState.FAILED),
            code=job.code,
            log_name=name,
            phases=[[phase, (begin + dt.timedelta(seconds=at)).isoformat()] for phase, at in ((Phase.FETCH, 0), (Phase.PROBE, 0.2), (Phase.ENCODE, 0.6))],
            started_at=begin,
            finished_at=job.finished_at,
        )


def _events(job: Job) -> Iterator[JobEvent]:
    """The history that such a job would have."""
    yield JobEvent(job=job, kind="submitted", at=job.created_at, data={"source": str(job.source)})
    if job.started_at:
        yield JobEvent(job=job, kind="started", at=job.started_at, data={"attempt": 1})
    if job.finished_at:
        yield JobEvent(job=job, kind=str(job.state), at=job.finished_at, data={"code": job.code} if job.code else {})
