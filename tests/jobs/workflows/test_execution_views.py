"""The pages of executions, and where else workflows are seen."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from jobs.models import Execution, NotifyTarget, Workflow
from jobs.workflows import runs, services, tree
from jobs.workflows.states import ExecutionState
from tests.html import sent_by
from tests.jobs.workflows import MP4, go_on, url, watch, workflow

pytestmark = pytest.mark.django_db(transaction=True)  # jobs are done


def test_it_runs_on_a_file_wherever_that_lies(client_of: Any, bob: User, flow: Workflow, buckets: Any, clips: Any, work_off: Any) -> None:
    client, address = client_of(bob), url("workflow_run", flow.pk)
    buckets.put(clips.make(seconds=1), "elsewhere/clip.mp4")
    page = client.get(address, {"input": "oss://input/elsewhere/clip.mp4"})
    data = sent_by(page.content.decode(), "job-form")
    assert data["input"] == "oss://input/elsewhere/clip.mp4"
    answer = client.post(address, data | {"user_data": "order 7"})
    twice = client.post(address, data | {"user_data": "order 7"})
    assert answer.url == twice.url, "one page makes one execution"
    go_on(work_off)
    execution = Execution.objects.get()
    assert (execution.state, execution.user_data, execution.trigger, execution.owner) == ("succeeded", "order 7", "manual", bob)
    for bad in ("oss://input/none.mp4", "nonsense", ""):
        assert client.post(address, {"input": bad}).status_code == 422
    services.disable(flow, actor="bob")
    assert "Test flow with a file" in client.get(address).content.decode()
    client.post(address, {"input": "oss://input/elsewhere/clip.mp4"})
    assert Execution.objects.latest("created_at").trigger == "test"


def test_an_execution_has_its_page(client_of: Any, charlie: User, bob: User, ran: Execution) -> None:
    page = client_of(charlie).get(url("execution_detail", ran.pk))
    text = page.content.decode()
    assert "data-poll" not in text.split("execution-live")[1][:120], "it is over"
    for one in ran.activities.all():
        assert reverse("jobs:job_detail", args=[one.job_id]) in text
    assert text.count('data-step-state="success"') == 3
    assert url("execution_again", ran.pk) not in text
    text = client_of(bob).get(url("execution_detail", ran.pk)).content.decode()
    assert "Run all again" in text
    assert "Run again what failed" not in text
    job = ran.activities.get(name="mp4").job
    assert job is not None
    head = client_of(charlie).get(reverse("jobs:job_detail", args=[job.pk])).content.decode()
    assert url("execution_detail", ran.pk) in head
    media = client_of(charlie).get(reverse("media:media_tab", args=[ran.media_id, "executions"])).content.decode()
    assert url("execution_detail", ran.pk) in media


def test_one_failed_step_reads_so(client_of: Any, bob: User, half: Execution, work_off: Any) -> None:
    assert half.state == ExecutionState.COMPLETED
    client = client_of(bob)
    page = client.get(url("execution_list")).content.decode()
    badge = re.search(r'<span class="c-badge c-badge--(\w+)" data-state="completed">.*?c-badge__text">([^<]+)', page, re.DOTALL)
    assert badge is not None
    assert badge.groups() == ("warn", "Completed with 1 failure")
    assert 'class="p-segments__one is-fail"' in page
    text = client.get(url("execution_detail", half.pk)).content.decode()
    assert 'data-step-state="fail"' in text
    answer = client.post(url("execution_again", half.pk), {"from": "failed"})
    again = Execution.objects.exclude(pk=half.pk).get()
    assert answer.url == url("execution_detail", again.pk)
    assert again.again_of_id == half.pk
    assert again.activities.get(name="look").job_id == half.activities.get(name="look").job_id, "what succeeded is not done again"
    assert client.get(url("execution_detail", half.pk)).content.decode().count(again.pk[:8]) >= 1
    go_on(work_off)


def test_cancelling(client_of: Any, bob: User, flow: Workflow, buckets: Any, clips: Any, work_off: Any) -> None:
    buckets.put(clips.make(seconds=1), "in/clip.mp4")
    assert watch() == 1
    execution = Execution.objects.get()
    client, address = client_of(bob), url("execution_cancel", execution.pk)
    assert "Cancel the execution of clip.mp4?" in client.get(address).content.decode()
    assert "data-poll" in client.get(url("execution_detail", execution.pk)).content.decode()
    assert client.post(address).status_code == 302
    go_on(work_off)
    execution.refresh_from_db()
    assert execution.state == ExecutionState.CANCELLED
    assert "Cannot be cancelled: already finished." in client.get(address).content.decode()
    client.post(url("execution_bulk"), {"action": "again", "id": [execution.pk]})
    second = Execution.objects.exclude(pk=execution.pk).get()
    client.post(url("execution_bulk"), {"action": "cancel", "id": [second.pk, execution.pk]})
    second.refresh_from_db()
    assert second.cancel_requested
    assert "Select at least one execution" in client.post(url("execution_bulk"), {"action": "cancel", "id": []}, follow=True).content.decode()


def test_executions_are_found(client_of: Any, charlie: User, flow: Workflow, buckets: Any, clips: Any, alice: User) -> None:
    other = workflow(MP4 | {"under": ""}, name="other", path="other")
    for name, one in (("in/a.mp4", flow), ("b.mp4", other)):
        address = buckets.put(clips.make(seconds=1), name)
        runs.run(one, tree.Address.parse(address), owner=alice, actor="alice")
    client = client_of(charlie)

    def files(**query: str) -> list[str]:
        return [row.execution.key for row in client.get(url("execution_list"), query).context["rows"]]

    assert files() == ["b.mp4", "in/a.mp4"]
    assert files(workflow=other.pk) == ["b.mp4"]
    assert files(state="succeeded") == []
    assert files(when="1h", q="a.mp4") == ["in/a.mp4"]
    Execution.objects.filter(workflow=other).update(created_at=timezone.now() - dt.timedelta(days=2))
    assert files(when="24h") == ["in/a.mp4"]
    assert "No execution matches these filters." in client.get(url("execution_list"), {"q": "nothing"}).content.decode()


def test_jobs_are_found_by_their_workflow(client_of: Any, charlie: User, ran: Execution) -> None:
    client = client_of(charlie)
    for wanted in (ran.workflow_id, ran.workflow_name):
        found = client.get(reverse("jobs:job_list"), {"workflow": wanted})
        assert {row.job.pk for row in found.context["rows"]} == {one.job_id for one in ran.activities.all()}
    assert not client.get(reverse("jobs:job_list"), {"workflow": "none"}).context["rows"]
    assert client.get(reverse("jobs:job_list"), {"source": "workflow"}).context["total"] == 2


def test_chosen_media_are_run_through_a_workflow(client_of: Any, bob: User, ran: Execution) -> None:
    client, address = client_of(bob), reverse("media:media_bulk")
    asked = client.post(address, {"action": "workflow", "id": [ran.media_id]}).content.decode()
    assert "Run a workflow on 1 media" in asked
    done = client.post(address, {"action": "workflow", "id": [ran.media_id], "confirmed": "1", "workflow": ran.workflow_id})
    assert [row.id for row in done.context["done"]] == [ran.media_id]
    made = Execution.objects.exclude(pk=ran.pk).get()
    assert (made.media_id, made.owner, made.trigger) == (ran.media_id, bob, "manual")
    assert client.post(address, {"action": "workflow", "id": [ran.media_id], "confirmed": "1", "workflow": "none"}).status_code == 422


def test_deleting_says_what_stays(client_of: Any, alice: User, ran: Execution) -> None:
    client, address = client_of(alice), url("workflow_delete", ran.workflow_id)
    Execution.objects.filter(pk=ran.pk).update(state="running", finished_at=None)
    assert "1 execution runs" in client.get(address).content.decode()
    assert client.post(address).status_code == 422
    Execution.objects.filter(pk=ran.pk).update(state="succeeded", finished_at=timezone.now())
    assert client.post(address).url == url("workflow_list")
    text = client.get(url("execution_detail", ran.pk)).content.decode()
    assert "(deleted)" in text


def test_the_search_finds_workflows_and_executions(client_of: Any, charlie: User, ran: Execution) -> None:
    client = client_of(charlie)
    page = client.get(reverse("console:search"), {"q": "flow"}).content.decode()
    assert url("workflow_detail", ran.workflow_id) in page
    assert url("execution_detail", ran.pk) in client.get(reverse("console:search"), {"q": ran.pk}).content.decode()


def test_targets_name_the_workflows(client_of: Any, alice: User, buckets: Any, presets: None, pipeline: Any) -> None:
    target = NotifyTarget.objects.create(name="flows")
    flow = workflow(notify_topic="flows")
    for name in ("target_detail", "target_delete"):
        assert url("workflow_detail", flow.pk) in client_of(alice).get(reverse(f"notices:{name}", args=[target.pk])).content.decode()
    assert url("workflow_detail", flow.pk) in client_of(alice).get(reverse("notices:target_list")).content.decode()
