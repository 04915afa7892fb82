"""The kill test: a real server encodes real files while its processes are killed and frozen at random moments. Afterwards nothing is lost, doubled or left.

Jobs come through the JSON interface, whose process is among the victims: a client that hears nothing asks again with the same Idempotency-Key.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from jobs.models import Job, JobEvent, Output, Step
from jobs.states import FINAL, JobState, StepState
from media_assets.models import Discard
from tests.jobs.nodes import Group, RunningNode, of_folder, on_this_database, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill, pytest.mark.media]
MOMENTS = 30
JOBS = 25
SECONDS = 4
RATE = 25
GOES_ON = 10.0
KINDS = ("web", "beat", "busy worker", "idle worker", "pusher", "group", "ffmpeg", "freeze pusher", "freeze busy worker")


class Client:
    """Submits over HTTP until it is answered."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.again = 0

    def submit(self, number: int) -> str:
        """One job; answers its id. Every third one is an HLS set."""
        hls = number % 3 == 2
        wanted = {
            "kind": "transcode",
            "input": "oss://input/clip.mp4",
            "outputs": [{"template": "hls-h264-360p" if hls else "mp4-h264-360p", "address": f"oss://output/{number}/clip.{'m3u8' if hls else 'mp4'}"}],
        }
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": f"job-{number}"}
        end = time.monotonic() + 20
        while True:
            try:
                status, answer = self._post(json.dumps(wanted), headers)
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < end, "the web process does not come back"
                self.again += 1
                time.sleep(0.1)
                continue
            assert status in (200, 201), answer
            return str(answer["id"])

    def _post(self, body: str, headers: dict[str, str]) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", "/api/v1/jobs", body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


@dataclass
class Killer:
    """Kills and freezes, and remembers what it did to whom."""

    node: RunningNode
    draw: random.Random
    done: Counter[str] = field(default_factory=Counter)
    hits: list[tuple[str, str, int, Any]] = field(default_factory=list)  # kind, job, attempt, when

    def strike(self, kind: str) -> bool:
        """Do it to somebody. False: there is nobody of that kind now."""
        target = getattr(self, f"_{kind.replace(' ', '_')}")()
        if not target:
            return False
        pid, step, number = target
        when = timezone.now()
        try:
            os.killpg(pid, number) if kind == "group" else os.kill(pid, number)
        except ProcessLookupError:
            return False
        self.done[kind] += 1
        if step is not None:
            self.hits.append((kind, step.job_id, step.attempt, when))
        return True

    def _web(self) -> Any:
        return (pid, None, signal.SIGKILL) if (pid := self.node.child("web")) else None

    def _beat(self) -> Any:
        return (pid, None, signal.SIGKILL) if (pid := self.node.child("beat")) else None

    def _busy_worker(self) -> Any:
        return self._busy(lambda group: group.worker, signal.SIGKILL)

    def _freeze_busy_worker(self) -> Any:
        return self._busy(lambda group: group.worker, signal.SIGSTOP)

    def _ffmpeg(self) -> Any:
        return self._busy(lambda group: group.programs[0] if group.programs else 0, signal.SIGKILL, losses=1)

    def _idle_worker(self) -> Any:
        return self._any(lambda group: group.worker, signal.SIGKILL, idle=True)

    def _pusher(self) -> Any:
        return self._any(lambda group: group.pusher, signal.SIGKILL)

    def _freeze_pusher(self) -> Any:
        return self._any(lambda group: group.pusher, signal.SIGSTOP)

    def _group(self) -> Any:
        return self._any(lambda group: group.main, signal.SIGKILL)

    def _steps(self) -> dict[int, Step]:
        """Running steps by process group."""
        return {int(step.worker.rpartition("/")[2]): step for step in Step.objects.filter(state=StepState.RUNNING)}

    def _busy(self, member: Callable[[Group], int], number: int, losses: int = 2) -> Any:
        """Of a group that works on a step which can bear it: the third loss would rightly fail its job."""
        steps = self._steps()
        found = [(group, steps[group.main]) for group in self.node.groups() if group.main in steps and steps[group.main].losses < losses and member(group)]
        if not found:
            return None
        group, step = self.draw.choice(found)
        return member(group), step, number

    def _any(self, member: Callable[[Group], int], number: int, *, idle: bool = False) -> Any:
        steps = self._steps()
        groups = self.node.groups("main") + self.node.groups("short")
        found = [group for group in groups if member(group) and not (group.main in steps and (idle or steps[group.main].losses >= 2))]
        if not found:
            return None
        group = self.draw.choice(found)
        return member(group), steps.get(group.main), number


@pytest.fixture
def node(tmp_path: Path, environment: Callable[..., dict[str, str]], free_port: Callable[[], int]) -> Iterator[RunningNode]:
    """``manage.py serve`` with two groups for encodes, on the test's database."""
    data = tmp_path / "data"
    more = {"REELMILL_WORKERS": "2", "REELMILL_PORT": str(free_port()), "REELMILL_NODE": "victim", "REELMILL_DISCARD_GRACE_SECONDS": "2"}
    made = RunningNode(["manage.py", "serve"], environment(data, **on_this_database(data), **more), data)
    made.port = int(more["REELMILL_PORT"])
    yield made
    made.destroy()


def unfinished() -> int:
    return Job.objects.exclude(state__in=FINAL).count()


def test_nothing_is_lost_doubled_or_left_when_processes_die_at_random(
    node: RunningNode, clips: Any, buckets: Any, presets: None, pipeline: Any, bob: Any, token_of: Callable[..., str], decoded: Callable[[Path], int]
) -> None:
    buckets.put(clips.make(seconds=SECONDS, size="640x360", rate=RATE), "clip.mp4")
    draw = random.Random(20261120)
    kinds = [*KINDS, *draw.choices(KINDS, k=MOMENTS - len(KINDS))]
    draw.shuffle(kinds)
    node.wait_ready()
    client, killer = Client(node.port, token_of(bob)), Killer(node, draw)
    accepted: list[str] = []

    # 30 moments; work is fed so that there is always something to lose
    while kinds:
        while unfinished() < 4 and (len(accepted) < JOBS or kinds):
            accepted.append(client.submit(len(accepted)))
        time.sleep(draw.uniform(0.3, 1.5))
        for kind in list(dict.fromkeys(kinds)):
            if killer.strike(kind):
                kinds.remove(kind)
                break
    while len(accepted) < JOBS:
        accepted.append(client.submit(len(accepted)))
    until(lambda: not unfinished(), 60, "jobs are left unfinished")

    # every kind of violence happened
    assert sum(killer.done.values()) == MOMENTS
    assert set(killer.done) == set(KINDS)

    # no job is lost, none is there twice, each is done
    jobs = {job.pk: job for job in Job.objects.all()}
    assert sorted(jobs) == sorted(set(accepted))
    assert len(accepted) == len(set(accepted)) >= JOBS
    assert {(job.state, job.code) for job in jobs.values()} == {(JobState.SUCCEEDED, "")}, node.text[-3000:]

    # each output was published exactly once, by the attempt that recorded it
    published = Counter(JobEvent.objects.filter(kind="published").values_list("data__output", flat=True))
    outputs = list(Output.objects.all())
    assert published == Counter({output.pk: 1 for output in outputs})
    by_attempt = dict(JobEvent.objects.filter(kind="published").values_list("data__output", "data__attempt"))
    assert all(output.published_attempt == by_attempt[output.pk] for output in outputs)

    # each output is whole
    for output in outputs:
        assert decoded(buckets.output / output.key) == SECONDS * RATE, output.key

    # who was hit went on within ten seconds
    hits = [hit for hit in killer.hits if (ended := jobs[hit[1]].finished_at) and ended > hit[3]]  # the others had just ended
    assert len(hits) >= 5
    for kind, job, attempt, when in hits:
        events = JobEvent.objects.filter(job=job, at__gt=when).exclude(kind__in=("lost", "released")).order_by("id")
        went_on = [event for event in events if event.kind in FINAL or event.kind == "published" or event.data.get("attempt", 0) > attempt]
        assert went_on, (kind, job)
        assert (went_on[0].at - when).total_seconds() < GOES_ON, (kind, job, attempt)

    # nothing is left over: no temporary file, no unrecorded object, no program
    expected = {output.key for output in outputs} | {part for output in outputs for part in output.parts}
    until(lambda: not Discard.objects.exists(), 20, "objects that wait for removal")
    until(lambda: not list((node.data / "work").iterdir()), 20, "rooms of dead attempts")
    until(lambda: files(buckets.output) == expected, 20, f"{files(buckets.output) ^ expected}")
    assert files(buckets.input) == {"clip.mp4"}
    family = {process.pid for process in of_folder(node.data)}
    assert not [pid for group in node.groups() + node.groups("short") for pid in group.programs]
    assert len(family) == 1 + 2 + 3 * 5  # supervisor, web, beat, three groups of five: nobody else
    assert node.stop() < 10
    assert of_folder(node.data) == []


def files(folder: Path) -> set[str]:
    """Keys of everything in a bucket's folder, hidden files included, but for the empty files that locks are held on."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not (name.startswith(".reelmill/locks/") and (folder / name).stat().st_size == 0)}
