"""The pages of pipelines, as each role sees and uses them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from jobs.models import Job, Pipeline, PipelineEvent, Step
from jobs.pipelines import queries as pipeline_queries
from jobs.states import JobState, StepState
from tests.jobs.rows import waiting

PAGES = ("pipeline_detail", "pipeline_edit", "pipeline_pause", "pipeline_delete")


def url(name, *args):
    return reverse(f"pipelines:{name}", args=args)


@pytest.fixture
def spare(pipeline):
    return Pipeline.objects.create(name="night")


def test_it_sends_strangers_to_the_sign_in_page(client_of, pipeline):
    for address in (url("pipeline_list"), url("pipeline_create"), *(url(page, pipeline.id) for page in PAGES)):
        response = client_of(None).get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("console:login"))
    assert client_of(None).post(url("pipeline_resume", pipeline.id)).status_code == 302


@pytest.mark.parametrize(
    ("person", "allowed"), [("dana", set()), ("charlie", {"pipeline_detail"}), ("bob", {"pipeline_detail", "pipeline_pause"}), ("alice", set(PAGES))]
)
def test_each_role_has_its_pages(request, client_of, spare, person, allowed):
    client = client_of(request.getfixturevalue(person))
    for page in PAGES:
        assert client.get(url(page, spare.id)).status_code == (200 if page in allowed else 403), page


def test_it_refuses_the_wrong_method(client_of, alice, pipeline):
    client = client_of(alice)
    assert client.get(url("pipeline_resume", pipeline.id)).status_code == 405
    assert client.get(url("job_up", pipeline.id, "x")).status_code == 405
    assert client.post(url("pipeline_list")).status_code == 405
    assert client.post(url("pipeline_detail", pipeline.id)).status_code == 405


def test_an_unknown_pipeline_is_not_found(client_of, alice, pipeline):
    for page in PAGES:
        assert client_of(alice).get(url(page, "nothing")).status_code == 404
    assert client_of(alice).get("/console/pipelines/a%00b/").status_code == 404
    assert client_of(alice).get(url("pipeline_list"), {"q": "a\x00b"}).status_code == 200


def test_the_list_shows_the_load(client_of, charlie, pipeline):
    for _ in range(3):
        waiting(pipeline)
    running = waiting(pipeline).job
    Job.objects.filter(pk=running.pk).update(state=JobState.RUNNING)
    failed = waiting(pipeline).job
    Job.objects.filter(pk=failed.pk).update(state=JobState.FAILED, finished_at=timezone.now())
    page = client_of(charlie).get(url("pipeline_list")).content.decode()
    assert f'data-row-id="{pipeline.id}"' in page
    assert "1 / 2" in page
    assert f"?pipeline={pipeline.id}&amp;state=queued" in page
    assert "5 jobs submitted in the last 24 hours" in page
    assert url("pipeline_pause", pipeline.id) not in page, "a viewer has no pause button"


def test_the_list_filters_and_says_so(client_of, charlie, spare):
    client = client_of(charlie)
    page = client.get(url("pipeline_list"), {"q": "nig", "state": "Active"})
    assert [row["pipeline"].name for row in page.context["rows"]] == ["night"]
    assert [chip["value"] for chip in page.context["chips"]] == ["nig", "Active"]
    none = client.get(url("pipeline_list"), {"q": "no such"}).content.decode()
    assert "No pipeline matches these filters." in none
    assert 'value="no such"' in none


def test_the_live_part_is_only_the_table(client_of, charlie, pipeline):
    response = client_of(charlie).get(url("pipeline_list"), headers={"X-Live": "1", "HX-Request": "true"})
    text = response.content.decode().strip()
    assert text.startswith("<div")
    assert 'id="pipeline-table"' in text
    assert "<html" not in text


def test_the_load_is_read_in_a_fixed_number_of_queries(pipeline, django_assert_num_queries):
    pipelines = [pipeline, *(Pipeline.objects.create(name=f"line {n}") for n in range(8))]
    for line in pipelines:
        waiting(line)
    with django_assert_num_queries(3):
        loads = pipeline_queries.loads(pipelines)
    assert {load.queued for load in loads.values()} == {1}
    assert {load.submitted_day for load in loads.values()} == {1}


def test_hours_are_counted_where_they_belong(pipeline):
    step = waiting(pipeline)
    Job.objects.filter(pk=step.job_id).update(created_at=timezone.now() - dt.timedelta(hours=5))
    load = pipeline_queries.loads([pipeline])[pipeline.id]
    assert load.hourly[pipeline_queries.HOURS - 6] == 1
    assert sum(load.hourly) == 1
    assert [bar["height"] for bar in load.bars if bar["height"]] == [22]


# --- pause and resume ---------------------------------------------------------------------------------------------------
def test_the_pause_page_says_the_rule_with_numbers(client_of, bob, pipeline):
    waiting(pipeline)
    waiting(pipeline)
    Job.objects.filter(pk=waiting(pipeline).job_id).update(state=JobState.RUNNING)
    page = client_of(bob).get(url("pipeline_pause", pipeline.id)).content.decode()
    assert "1 running job will finish." in page
    assert "2 queued jobs wait." in page
    assert "New jobs may still be submitted." in page
    assert "<html" in page


def test_as_a_dialog_it_has_no_frame(client_of, bob, pipeline):
    page = client_of(bob).get(url("pipeline_pause", pipeline.id), headers={"HX-Request": "true", "HX-Target": "dialog-body"}).content.decode()
    assert "<html" not in page
    assert 'name="reason"' in page


def test_it_pauses_and_goes_back_to_the_same_list(client_of, bob, pipeline):
    later = timezone.localtime() + dt.timedelta(hours=2)
    back = url("pipeline_list") + "?q=def"
    response = client_of(bob).post(url("pipeline_pause", pipeline.id), {"reason": "disk swap", "resume_at": later.strftime("%Y-%m-%dT%H:%M"), "next": back})
    assert (response.status_code, response.url) == (302, back)
    pipeline.refresh_from_db()
    assert (pipeline.state, pipeline.pause_reason) == ("Paused", "disk swap")
    assert pipeline.resume_at == later.replace(second=0, microsecond=0)
    event = PipelineEvent.objects.get(pipeline=pipeline)
    assert (event.kind, event.actor, event.data["reason"]) == ("paused", "bob", "disk swap")


def test_it_never_goes_back_to_another_site(client_of, bob, pipeline):
    for elsewhere in ("https://example.org/", "//example.org/", "javascript:alert(1)"):
        response = client_of(bob).post(url("pipeline_resume", pipeline.id), {"next": elsewhere})
        assert response.url == url("pipeline_list")


def test_a_time_in_the_past_is_refused_and_the_reason_is_kept(client_of, bob, pipeline):
    response = client_of(bob).post(url("pipeline_pause", pipeline.id), {"reason": "disk swap", "resume_at": "2020-01-01T12:00"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "This time is in the past." in page
    assert 'value="disk swap"' in page
    pipeline.refresh_from_db()
    assert pipeline.state == "Active"


def test_a_reason_too_long_is_refused(client_of, bob, pipeline):
    response = client_of(bob).post(url("pipeline_pause", pipeline.id), {"reason": "x" * 201})
    assert response.status_code == 422
    assert response.context["form"].errors["reason"]


def test_resume_is_one_click(client_of, bob, pipeline):
    Pipeline.objects.filter(pk=pipeline.pk).update(state="Paused", pause_reason="x")
    assert client_of(bob).post(url("pipeline_resume", pipeline.id)).status_code == 302
    pipeline.refresh_from_db()
    assert (pipeline.state, pipeline.pause_reason) == ("Active", "")


def test_a_paused_pipeline_says_how_many_finish(client_of, charlie, pipeline):
    Pipeline.objects.filter(pk=pipeline.pk).update(state="Paused", pause_reason="disk swap")
    for _ in range(3):
        Job.objects.filter(pk=waiting(pipeline).job_id).update(state=JobState.RUNNING)
    page = client_of(charlie).get(url("pipeline_list")).content.decode()
    assert "Paused, 3 finishing" in page
    assert "disk swap" in page


def test_viewers_can_neither_pause_nor_resume(client_of, charlie, pipeline):
    assert client_of(charlie).post(url("pipeline_pause", pipeline.id), {}).status_code == 403
    assert client_of(charlie).post(url("pipeline_resume", pipeline.id), {}).status_code == 403
    pipeline.refresh_from_db()
    assert pipeline.state == "Active"


# --- create, edit, delete -----------------------------------------------------------------------------------------------
FIELDS = {"name": "night", "type": "standard", "slots": "3", "default_priority": "4", "max_queued": "50"}


def test_it_creates(client_of, alice, pipeline):
    response = client_of(alice).post(url("pipeline_create"), FIELDS)
    made = Pipeline.objects.get(name="night")
    assert response.url == url("pipeline_detail", made.id)
    assert (made.slots, made.default_priority, made.max_queued) == (3, 4, 50)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "default", "A pipeline with this name exists."),
        ("name", "-x", "Start the name with a letter or a digit."),
        ("name", "管" * 43, "129 of 128 bytes."),
        ("slots", "0", "greater than or equal to 1"),
        ("default_priority", "11", "less than or equal to 10"),
    ],
)
def test_mistakes_stand_at_their_fields_and_values_are_kept(client_of, alice, pipeline, field, value, words):
    response = client_of(alice).post(url("pipeline_create"), FIELDS | {field: value})
    assert response.status_code == 422
    assert words in " ".join(response.context["form"].errors[field])
    assert f'value="{value}"' in response.content.decode()
    assert Pipeline.objects.count() == 1


def test_an_empty_post_is_refused_too(client_of, alice, pipeline):
    assert client_of(alice).post(url("pipeline_create")).status_code == 422


def test_it_edits_all_but_the_type(client_of, alice, spare):
    response = client_of(alice).post(url("pipeline_edit", spare.id), FIELDS | {"name": "late", "type": "fast"})
    assert response.status_code == 302
    spare.refresh_from_db()
    assert (spare.name, spare.slots, spare.type) == ("late", 3, "standard")
    page = client_of(alice).get(url("pipeline_detail", spare.id)).content.decode()
    assert "name: night → late" in page


def test_operators_cannot_create_or_delete(client_of, bob, spare):
    assert client_of(bob).post(url("pipeline_create"), FIELDS).status_code == 403
    assert client_of(bob).post(url("pipeline_delete", spare.id), {"name": "night"}).status_code == 403


def test_delete_wants_the_name_and_moves_the_jobs(client_of, alice, pipeline, spare):
    job = waiting(spare).job
    client = client_of(alice)
    refused = client.post(url("pipeline_delete", spare.id), {"name": "nigth", "move_to": pipeline.id})
    assert refused.status_code == 422
    assert "This is not the name of the pipeline." in refused.content.decode()
    assert client.post(url("pipeline_delete", spare.id), {"name": "night", "move_to": pipeline.id}).url == url("pipeline_list")
    assert not Pipeline.objects.filter(pk=spare.pk).exists()
    job.refresh_from_db()
    assert job.pipeline == pipeline
    assert Step.objects.get(job=job).pipeline == pipeline


def test_delete_is_refused_while_jobs_run(client_of, alice, pipeline, spare):
    Job.objects.filter(pk=waiting(spare).job_id).update(state=JobState.RUNNING)
    response = client_of(alice).post(url("pipeline_delete", spare.id), {"name": "night", "move_to": pipeline.id})
    assert response.status_code == 422
    assert "Jobs are running in this pipeline." in response.content.decode()
    assert Pipeline.objects.filter(pk=spare.pk).exists()


def test_the_default_pipeline_has_no_delete(client_of, alice, pipeline):
    client = client_of(alice)
    page = client.get(url("pipeline_delete", pipeline.id)).content.decode()
    assert "The default pipeline cannot be deleted." in page
    assert 'name="move_to"' not in page
    other = Pipeline.objects.create(name="x")
    assert client.post(url("pipeline_delete", pipeline.id), {"name": "default", "move_to": other.id}).status_code == 422
    assert Pipeline.objects.filter(pk=pipeline.pk).exists()


# --- detail -------------------------------------------------------------------------------------------------------------
def test_the_waiting_list_is_in_the_order_of_claims(client_of, charlie, pipeline):
    first, urgent, second = waiting(pipeline), waiting(pipeline, priority=9), waiting(pipeline)
    Step.objects.filter(pk=waiting(pipeline).pk).update(state=StepState.BLOCKED)
    response = client_of(charlie).get(url("pipeline_detail", pipeline.id))
    assert [step.pk for step in response.context["waiting"]] == [urgent.pk, first.pk, second.pk]


def test_move_up_raises_the_priority_up_to_ten(client_of, bob, charlie, pipeline):
    step = waiting(pipeline, priority=9)
    up = url("job_up", pipeline.id, step.job_id)
    assert client_of(charlie).post(up).status_code == 403
    for wanted in (10, 10):
        assert client_of(bob).post(up).url == url("pipeline_detail", pipeline.id)
        step.refresh_from_db()
        assert (step.priority, Job.objects.get(pk=step.job_id).priority) == (wanted, wanted)
    assert client_of(bob).post(url("job_up", pipeline.id, "nothing")).status_code == 404


def test_history_tells_who_and_why(client_of, alice, bob, pipeline):
    client_of(bob).post(url("pipeline_pause", pipeline.id), {"reason": "disk swap"})
    client_of(alice).post(url("pipeline_resume", pipeline.id))
    events = client_of(alice).get(url("pipeline_detail", pipeline.id)).context["events"]
    assert [(told.label, told.event.actor, told.details) for told in events] == [("Resumed", "alice", ""), ("Paused", "bob", "disk swap")]


def test_many_are_paused_after_a_page_and_resumed_at_once(bob: User, charlie: User, client_of: Any) -> None:
    one, two, other = (Pipeline.objects.create(name=name) for name in ("one", "two", "other"))
    url, client = reverse("pipelines:pipeline_bulk"), client_of(bob)
    chosen = {"id": [one.id, two.id, "nobody"], "action": "pause"}
    page = client.post(url, chosen)
    assert page.status_code == 200
    assert "Running jobs will finish" in page.content.decode()
    assert not Pipeline.objects.filter(state="Paused").exists()
    assert client.post(url, chosen | {"confirmed": "1", "resume_at": "2001-01-01T00:00"}).status_code == 422
    assert client.post(url, chosen | {"confirmed": "1", "reason": "night", "next": "/console/pipelines/?q=o"}).headers["Location"] == "/console/pipelines/?q=o"
    assert list(Pipeline.objects.filter(state="Paused", pause_reason="night").order_by("name").values_list("name", flat=True)) == ["one", "two"]
    client.post(url, {"id": [one.id, other.id], "action": "resume"})
    assert list(Pipeline.objects.filter(state="Paused").values_list("name", flat=True)) == ["two"]
    assert list(other.events.values_list("kind", flat=True)) == []
    assert client.post(url, {"action": "pause"}).status_code == 302
    assert client_of(charlie).post(url, chosen).status_code == 403
