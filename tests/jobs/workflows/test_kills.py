"""Workflows under kills: whoever dies, wherever between two statements, and however many schedulers run, each object version is run once and each step is one job."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from jobs import records, scheduler
from jobs.engine.address import Address
from jobs.models import Activity, Delivery, Execution, Job, Lane, SeenObject, Workflow
from jobs.records import Fence
from jobs.workflows import advancing, runs, watching
from media_assets import object_writing
from media_assets.models import Media
from media_assets.object_writing import About
from tests.jobs.nodes import RunningNode, on_this_database, until
from tests.jobs.workflows import LATER, LOOK, MP4, story, watch, workflow

pytestmark = [pytest.mark.usefixtures("pipeline"), pytest.mark.django_db(transaction=True)]
OTHER = {"name": "other", "type": "analyse", "under": "look", "job": {"kind": "inspect"}}
TWIN = {"name": "twin", "type": "analyse", "job": {"kind": "mediainfo"}}
PUBLISH = {"name": "out", "type": "publish", "mode": "all"}


class Killed(BaseException):
    """The process is gone: nothing after this runs."""


class Fate:
    """Dies before the statement of this number, once."""

    def __init__(self, number: int) -> None:
        self.left, self.is_over = number, False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            self.is_over = True
            raise Killed
        return execute(sql, params, many, context)

    @contextmanager
    def waits(self) -> Iterator[None]:
        """Inside, it may strike; afterwards the next process goes on."""
        try:
            with connection.execute_wrapper(self):
                yield
        except Killed:
            connection.close()  # whatever was open is rolled back, as after a kill


def work() -> None:
    """Do what is claimable, without any program: what a job finds is not what this is about."""
    while claimed := scheduler.claim(Lane.SHORT, "test-node:1"):
        records.step_done(Fence(claimed.job_id, claimed.step_id, claimed.attempt), {})


@pytest.mark.parametrize("arrives", ["by upload", "by hand"])
def test_a_look_that_is_killed_between_any_two_statements(buckets: Any, arrives: str) -> None:
    flow = workflow(LOOK, OTHER, notify_topic="films")
    for number in range(1, 200):
        key = f"in/{number}.mp4"
        if arrives == "by upload":
            object_writing.write(Address("input", key), [b"film %d" % number], About())
        else:
            (buckets.input / key).parent.mkdir(exist_ok=True)
            (buckets.input / key).write_bytes(b"film %d" % number)
        fate = Fate(number)
        for turn in range(2):
            Workflow.objects.update(scan_at=timezone.now())
            with fate.waits():
                watching.watch(timezone.now() + turn * LATER)
        watch(3)
        (run,) = Execution.objects.filter(key=key)
        assert story(run) == {"look": "waiting", "other": "waiting"}
        assert Delivery.objects.filter(execution=run).count() == 1
        assert SeenObject.objects.get(workflow=flow, key=key).settled
        assert Media.objects.filter(bucket="input", key=key).count() == 1
        if not fate.is_over:
            break
    assert 20 < number < 199, "every statement had its turn"
    assert Execution.objects.count() == number


def test_an_execution_that_is_killed_between_any_two_statements(buckets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every statement of its whole course: two steps at the start, one below, publishing, and the messages."""
    monkeypatch.setattr(advancing, "RESTS", dt.timedelta(0))
    flow = workflow(LOOK, TWIN, OTHER, PUBLISH, notify_topic="films")
    for number in range(1, 600):
        key = f"elsewhere/{number}.mp4"
        object_writing.write(Address("input", key), [b"film %d" % number], About())
        run = runs.run(flow, Address("input", key), owner=None, actor="bob")
        fate = Fate(number)
        for _turn in range(12):
            with fate.waits():
                advancing.advance_all()
            work()
            if not Execution.objects.filter(pk=run.pk, state="running").exists():
                break
        run.refresh_from_db()
        assert (run.state, run.failures, run.due_at) == ("succeeded", 0, None), (number, story(run))
        jobs = list(Job.objects.filter(input_key=key))
        assert sorted(job.pk for job in jobs) == sorted(str(pk) for pk in run.activities.exclude(job=None).values_list("job", flat=True))
        assert len(jobs) == 3, number
        assert sorted(row.id for row in Delivery.objects.filter(execution=run)) == [f"{run.pk}-end", f"{run.pk}-start"]
        assert Media.objects.get(pk=run.media_id).state == "published"
        if not fate.is_over:
            break
    assert 60 < number < 599, "every statement had its turn"


def test_a_cancel_that_is_killed_between_any_two_statements(buckets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advancing, "RESTS", dt.timedelta(0))
    flow = workflow(LOOK, TWIN, OTHER)
    object_writing.write(Address("input", "x/1.mp4"), [b"film"], About())
    for number in range(1, 300):
        run = runs.run(flow, Address("input", "x/1.mp4"), owner=None, actor="bob")
        advancing.advance(run.pk)
        fate = Fate(number)
        with fate.waits():
            runs.cancel(run.pk, actor="bob")
        wished = Execution.objects.get(pk=run.pk).cancel_requested
        for _turn in range(4):
            with fate.waits():
                advancing.advance_all()
            if not wished:
                work()
        run.refresh_from_db()
        assert (run.state, run.due_at) == (("cancelled", None) if wished else ("succeeded", None)), (number, story(run))
        assert not run.activities.filter(job__finished_at=None).exclude(job=None).exists()
        if not fate.is_over:
            break
    assert 20 < number < 299


def _at_once(work: Callable[[], object], threads: int = 4) -> None:
    """The same by several schedulers at the same moment."""
    errors: list[Exception] = []
    gate = threading.Barrier(threads)

    def one() -> None:
        try:
            gate.wait(10)
            work()
        except Exception as error:  # noqa: BLE001  told below
            errors.append(error)
        finally:
            connection.close()

    running = [threading.Thread(target=one) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join(60)
    assert not errors, errors


def advance_in_any_order(ids: list[str]) -> None:
    for pk in random.sample(ids, len(ids)):
        advancing.advance(pk)


@pytest.mark.parametrize("owned", [True, False])
def test_many_schedulers_at_once(buckets: Any, alice: User, owned: bool) -> None:
    """Jobs with an owner also have keys that are theirs alone; who comes second runs into these."""
    flow = workflow(LOOK, TWIN, OTHER, notify_topic="films", owner=alice if owned else None)
    for number in range(10):
        object_writing.write(Address("input", f"in/{number}.mp4"), [b"film %d" % number], About())
    _at_once(lambda: watching.scan(Workflow.objects.get(pk=flow.pk), timezone.now()))
    assert Counter(Execution.objects.values_list("key", flat=True)) == Counter(f"in/{number}.mp4" for number in range(10))
    for _turn in range(4):
        ids = list(Execution.objects.values_list("pk", flat=True))
        _at_once(lambda ids=ids: advance_in_any_order(ids))  # type: ignore[misc]
        work()
    assert set(Execution.objects.values_list("state", flat=True)) == {"succeeded"}
    assert Job.objects.count() == 30
    assert Activity.objects.exclude(job=None).values("job").distinct().count() == 30
    assert Delivery.objects.count() == 20


@pytest.fixture
def nodes(tmp_path: Path, environment: Callable[..., dict[str, str]], free_port: Callable[[], int]) -> Iterator[list[RunningNode]]:
    """Two hosts: one that serves and one that only works."""
    made = []
    for name, command in (("first", "serve"), ("second", "worker")):
        data = tmp_path / name
        more = {"REELMILL_WORKERS": "1", "REELMILL_PORT": str(free_port()), "REELMILL_NODE": name}
        made.append(RunningNode(["manage.py", command], environment(data, **on_this_database(data), **more), data))
    yield made
    for node in made:
        node.destroy()


@pytest.mark.kill
@pytest.mark.media
@pytest.mark.usefixtures("presets")
def test_real_nodes_whose_clocks_are_killed_run_each_file_once(nodes: list[RunningNode], buckets: Any, clips: Any, decoded: Callable[[Path], int]) -> None:
    """Files come by hand and by upload while clocks and workers of two hosts die: one execution for each, one output for each."""
    hls = {"name": "hls", "type": "package", "job": {"outputs": [{"template": "hls-h264-360p", "address": "oss://output/{RunId}/{FileName}.m3u8"}]}}
    workflow(LOOK, MP4, hls)
    for node in nodes:
        node.wait_ready()
    film, draw = clips.make(seconds=1, size="160x90"), random.Random(20261122)
    for number in range(8):
        if number % 2:
            buckets.put(film, f"in/{number}.mp4")
        else:
            object_writing.write(Address("input", f"in/{number}.mp4"), [film.read_bytes()], About())
    kills = 0
    end = time.monotonic() + 120
    while Execution.objects.exclude(state="running").count() < 8 and time.monotonic() < end:
        time.sleep(draw.uniform(0.2, 1.2))
        victim = draw.choice(nodes).child("beat")
        if victim and kills < 20:
            os.kill(victim, signal.SIGKILL)
            kills += 1
    assert kills >= 8
    assert Counter(Execution.objects.values_list("key", "state")) == Counter((f"in/{number}.mp4", "succeeded") for number in range(8))
    assert Job.objects.count() == 24
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded"}
    for run in Execution.objects.all():
        name = run.key.rpartition("/")[2].removesuffix(".mp4")
        assert decoded(buckets.output / run.pk / f"{name}.mp4") == 25
        assert decoded(buckets.output / run.pk / f"{name}.m3u8") == 25
    time.sleep(3)
    assert Execution.objects.count() == 8
    until(lambda: not Activity.objects.exclude(state="success").exists(), 5)
