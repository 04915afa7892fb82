"""A real supervisor with real django-q2 groups on the test's database. Its steps sleep; see ``node_program``."""

from __future__ import annotations

import http.client
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django_q.cluster
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from jobs import doorbell, scheduler, services
from jobs.models import Job, JobEvent, Lane, Node, Pipeline, Step
from jobs.node.supervisor import pause
from jobs.states import JobState, StepState
from tests.jobs import rows
from tests.jobs.nodes import RunningNode, of_folder, on_this_database, processes, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.kill]
Starter = Callable[..., RunningNode]
BEGUN = 20.0  # seconds for what a test only starts from; what a node promises has numbers of its own


@pytest.fixture
def start(tmp_path: Path, environment: Callable[..., dict[str, str]]) -> Iterator[Starter]:
    """start(workers=1, name="node-a", **environment) -> a node that is ready; all are gone after the test."""
    nodes: list[RunningNode] = []
    for queue in doorbell.QUEUES.values():
        doorbell.get_broker(queue).purge_queue()

    def make(workers: int = 1, name: str = "node-a", ready: bool = True, data: str = "", port: int = 0, **more: str) -> RunningNode:
        folder = tmp_path / (data or name)
        env = environment(folder, REELMILL_NODE=name, **on_this_database(folder), **more)
        nodes.append(RunningNode(["-m", "tests.jobs.node_program", str(workers), *([str(port)] if port else [])], env, folder))
        if ready:
            nodes[-1].wait_ready()
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy()


@pytest.fixture
def line() -> Pipeline:
    return rows.pipeline(slots=50)


def submit(line: Pipeline, seconds: str = "0", lane: str = Lane.MAIN, **more: Any) -> Job:
    """A job that sleeps, and the ring that a submit makes."""
    step = rows.waiting(line, lane=lane, **more)
    Job.objects.filter(pk=step.job_id).update(user_data=seconds)
    scheduler.ring(lane)
    return Job.objects.get(pk=step.job_id)


def state(job: Job) -> str:
    return str(Job.objects.values_list("state", flat=True).get(pk=job.pk))


def done(*jobs: Job) -> bool:
    return Job.objects.filter(pk__in=[job.pk for job in jobs], state=JobState.SUCCEEDED).count() == len(jobs)


def attempts(job: Job) -> int:
    return int(Step.objects.values_list("attempt", flat=True).get(job=job))


def test_it_does_what_is_submitted_in_both_lanes_and_leaves_nothing_when_stopped(start: Starter, line: Pipeline) -> None:
    node = start(workers=2)
    jobs = [submit(line, "0.05") for _ in range(10)] + [submit(line, "0.05", Lane.SHORT) for _ in range(5)]
    until(lambda: done(*jobs), 10)
    assert {attempts(job) for job in jobs} == {1}
    row = Node.objects.get(pk="node-a")
    assert sorted(group["lane"] for group in row.groups) == ["main", "main", "short"]
    assert "libx264" in row.capabilities["encoders"]
    assert {group["pgid"] for group in row.groups} == {g.main for lane in Lane.values for g in node.groups(lane)}
    workers = set(JobEvent.objects.filter(kind="started").values_list("data__worker", flat=True))
    assert workers == {f"node-a/{group['pgid']}" for group in row.groups}  # all took part
    assert node.stop() < 3
    assert node.process.returncode == 0
    assert of_folder(node.data) == []
    assert not Node.objects.exists()


def test_two_jobs_start_at_once_on_two_idle_groups(start: Starter, line: Pipeline) -> None:
    start(workers=2)
    jobs = [submit(line, "2") for _ in range(2)]
    until(lambda: Job.objects.filter(state=JobState.RUNNING).count() == 2, 1.5, "one ring was hoarded beside an idle group")
    until(lambda: done(*jobs), 6)


@pytest.mark.parametrize("role", ["main", "sentinel", "worker", "pusher", "monitor"])
def test_a_killed_process_takes_its_group_and_a_new_one_goes_on(start: Starter, line: Pipeline, role: str) -> None:
    node = start(workers=1)
    busy = submit(line, "!1.5")
    until(lambda: state(busy) == JobState.RUNNING, BEGUN)
    [group] = node.groups()
    os.kill(getattr(group, role), signal.SIGKILL)
    if role == "monitor":  # the sentinel sees it
        until(lambda: group.main not in processes(), 2)
    until(lambda: [g.main for g in node.groups() if g.whole] not in ([], [group.main]), 2.5, "no new group")
    assert not any(p.group == group.main for p in processes().values())
    until(lambda: done(busy), 8)
    assert attempts(busy) == 2
    assert JobEvent.objects.get(job=busy, kind="lost").data["reason"] == "worker died"
    after = submit(line)
    until(lambda: done(after), 3)


def test_beat_comes_back_and_with_it_the_sweep(start: Starter, line: Pipeline) -> None:
    node = start(workers=1)
    beat = node.child("beat")
    os.kill(beat, signal.SIGKILL)
    assert until(lambda: node.child("beat") not in (0, beat), 2) < 2
    step = rows.waiting(line)  # nobody rings for it
    until(lambda: done(step.job), 4)


def test_a_frozen_pusher_is_replaced_when_it_is_needed(start: Starter, line: Pipeline) -> None:
    node = start(workers=1)
    [group] = node.groups()
    os.kill(group.pusher, signal.SIGSTOP)
    job = submit(line)
    until(lambda: group.main not in processes(), 6)
    until(lambda: done(job), 4)


def test_a_frozen_busy_worker_is_replaced_and_the_job_goes_on(start: Starter, line: Pipeline) -> None:
    node = start(workers=1)
    job = submit(line, "1")
    until(lambda: state(job) == JobState.RUNNING, BEGUN)
    [group] = node.groups()
    os.kill(group.worker, signal.SIGSTOP)
    until(lambda: group.main not in processes(), 6)
    until(lambda: done(job), 5)
    assert attempts(job) == 2


def test_everything_dies_with_the_supervisor_and_the_next_start_goes_on(start: Starter, line: Pipeline) -> None:
    node = start(workers=2)
    jobs = [submit(line, "!2") for _ in range(2)]
    until(lambda: Job.objects.filter(state=JobState.RUNNING).count() == 2, BEGUN)
    node.process.kill()
    node.process.wait()
    until(lambda: of_folder(node.data) == [], 2)
    start(workers=2)
    until(lambda: done(*jobs), 8)
    assert set(Step.objects.values_list("attempt", "losses")) == {(2, 0)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_lets_end_what_ends_soon_and_hands_the_rest_back_uncounted(start: Starter, line: Pipeline, number: int) -> None:
    node = start(workers=2, REELMILL_GRACE_SECONDS="2")
    soon, late = submit(line, "!1"), submit(line, "!30")
    until(lambda: Job.objects.filter(state=JobState.RUNNING).count() == 2, BEGUN)
    waiting = submit(line, "0", priority=1)
    assert node.stop(number) < 6
    assert (state(soon), state(late), state(waiting)) == (JobState.SUCCEEDED, JobState.QUEUED, JobState.QUEUED)
    step = Step.objects.get(job=late)
    assert (step.state, step.losses, step.attempt) == (StepState.READY, 0, 1)
    assert "1 unfinished step(s) will go on" in node.text
    assert of_folder(node.data) == []


def test_a_second_interrupt_does_not_wait(start: Starter, line: Pipeline) -> None:
    node = start(workers=1, REELMILL_GRACE_SECONDS="30")
    job = submit(line, "60")
    until(lambda: state(job) == JobState.RUNNING, BEGUN)
    node.process.send_signal(signal.SIGINT)
    until(lambda: "Press Ctrl-C again" in node.text, 2)
    assert node.stop(signal.SIGINT) < 3
    assert state(job) == JobState.QUEUED
    assert of_folder(node.data) == []


def test_a_running_job_is_cancelled_within_two_seconds(start: Starter, line: Pipeline) -> None:
    start(workers=1)
    job = submit(line, "30")
    until(lambda: state(job) == JobState.RUNNING, BEGUN)
    services.cancel(job.pk, actor="bob")
    until(lambda: state(job) == JobState.CANCELLED, 2)


def test_another_node_takes_over_when_a_whole_node_vanishes(start: Starter, line: Pipeline) -> None:
    first = start(workers=1, name="node-a", REELMILL_LEASE_SECONDS="3")
    job = submit(line, "!1.5")
    until(lambda: state(job) == JobState.RUNNING, BEGUN)
    second = start(workers=1, name="node-b", REELMILL_LEASE_SECONDS="3")
    assert state(job) in (JobState.RUNNING, JobState.SUCCEEDED)
    job = submit(line, "!1.5") if done(job) else job
    until(lambda: state(job) == JobState.RUNNING, BEGUN)
    worker = Step.objects.get(job=job).worker
    dead, alive = (first, second) if worker.startswith("node-a/") else (second, first)
    dead.process.kill()
    until(lambda: done(job), 10)
    assert attempts(job) == 2
    assert alive.process.poll() is None


def test_two_nodes_on_one_data_folder_have_different_names(start: Starter) -> None:
    start(name="node-a")
    start(name="node-a", data="node-a")
    until(lambda: set(Node.objects.values_list("name", flat=True)) == {"node-a", "node-a-2"}, BEGUN)


def test_a_name_that_another_installation_uses_is_refused(start: Starter) -> None:
    start(name="node-a")
    until(Node.objects.exists, BEGUN)
    other = start(name="node-a", data="elsewhere", ready=False)
    assert other.process.wait(20) == 1
    assert "Another Reelmill calls itself «node-a»" in other.text


def test_a_second_server_on_one_data_folder_and_a_taken_port_are_refused_with_a_sentence(start: Starter, free_port: Callable[[], int]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = start(ready=False, port=port)
        assert refused.process.wait(20) == 1
        assert refused.text.startswith(f"Cannot listen on 127.0.0.1 port {port}")
        assert "Traceback" not in refused.text
    first = start(name="node-b", port=free_port())
    second = start(name="node-c", data="node-b", ready=False, port=free_port())
    assert second.process.wait(20) == 1
    assert "already running on this data folder" in second.text
    assert first.process.poll() is None


def test_a_killed_web_process_comes_back_and_no_client_is_refused(start: Starter, free_port: Callable[[], int]) -> None:
    port = free_port()
    node = start(port=port)
    assert f"Reelmill is ready: http://127.0.0.1:{port}/" in node.text

    def ask() -> int:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            client.request("GET", "/healthz")
            return client.getresponse().status
        finally:
            client.close()

    assert ask() == 200
    web = node.child("web")
    os.kill(web, signal.SIGKILL)
    until(lambda: web not in processes(), 2)
    assert ask() == 200  # asked while nobody listens: it waits in the socket that the supervisor holds
    assert node.child("web") not in (0, web)


def test_a_node_without_tables_says_what_to_do(tmp_path: Path, environment: Callable[..., dict[str, str]]) -> None:
    data = tmp_path / "empty"
    node = RunningNode(["-m", "tests.jobs.node_program", "1"], environment(data), data)
    assert node.process.wait(30) == 1
    assert node.text == "The database is not up to date. Run «manage.py migrate» first.\n"


def test_a_program_that_is_older_than_the_database_does_not_start(tmp_path: Path, environment: Callable[..., dict[str, str]]) -> None:
    data = tmp_path / "old"
    recorder = MigrationRecorder(connection)
    recorder.record_applied("jobs", "9999_of_a_later_version")
    try:
        node = RunningNode(["-m", "tests.jobs.node_program", "1"], environment(data, **on_this_database(data)), data)
        assert node.process.wait(60) == 1
    finally:
        recorder.record_unapplied("jobs", "9999_of_a_later_version")
    assert node.text == "The database is of a newer version of Reelmill. Update this host too.\n"


def test_who_ends_by_itself_waits_ever_longer_and_who_was_killed_comes_back_at_once() -> None:
    assert [pause(n, killed=True) for n in (0, 1, 3)] == [0, 0, 0]
    assert pause(50, killed=True) == 1.0
    assert [pause(n, killed=False) for n in (0, 1, 2, 3)] == [0, 0.5, 1.0, 2.0]
    assert pause(50, killed=False) == 10.0


def test_django_q2_still_has_what_is_replaced_in_it() -> None:
    assert callable(django_q.cluster.Sentinel.reincarnate)
    assert "Sentinel" in django_q.cluster.Cluster.start.__code__.co_names
    assert doorbell.QUEUES[Lane.MAIN] == django_q.conf.Conf.CLUSTER_NAME
