"""The page of one job: its tabs for everyone, its failed panel, its live part, and what can be done to it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from jobs import services, workspace
from jobs.engine.spec import JOB_SPEC
from jobs.models import Attempt, Job, Output, Pipeline
from tests.conftest import Buckets, Clips

TABS = ["", "outputs/", "log/", "parameters/", "timeline/", "raw/"]


@pytest.fixture
def demo(presets: None) -> None:
    """40 jobs in every state, with logs."""
    call_command("seed_demo", "--jobs", "40")


def one(state: str, **more: Any) -> Job:
    """Any demonstration job of that state."""
    found = Job.objects.filter(state=state, **more).first()
    assert found
    return found


def page(client: Client, job: Job, tab: str = "") -> str:
    """The text of a tab."""
    response = client.get(f"/console/jobs/{job.id}/{tab}")
    assert response.status_code == 200
    return html.unescape(response.content.decode())


@pytest.mark.parametrize("state", ["queued", "running", "succeeded", "failed", "cancelled"])
def test_it_works(state: str, charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job, client = one(state), client_of(charlie)
    for tab in TABS:
        text = page(client, job, tab)
        assert job.id in text
        assert f'data-state="{state}"' in text
        assert text.count('aria-current="page"') >= 2  # the tab and the entry of the navigation


def test_it_keeps_strangers_out(dana: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    for tab in TABS:
        url = f"/console/jobs/{one('failed').id}/{tab}"
        assert client_of(dana).get(url).status_code == 403
        assert client_of(None).get(url)["Location"] == f"/console/login/?next={url}"


@pytest.mark.parametrize("path", ["0" * 32 + "/", "nonsense/", "a%00b/", "{id}/nonsense/", "{id}/live/x/"])
def test_what_is_not_there_is_404(path: str, charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(charlie).get(f"/console/jobs/{path.format(id=one('failed').id)}")
    assert response.status_code == 404
    assert response["X-Request-Id"] in response.content.decode()


@pytest.mark.parametrize("action", ["cancel", "retry", "priority"])
def test_actions_are_for_operators(action: str, charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = one("queued")
    client = client_of(charlie)
    assert f"/{action}/" not in page(client, job).partition('id="job-head"')[2].partition("</section>")[0]
    for method in (client.get, client.post):
        assert method(f"/console/jobs/{job.id}/{action}/").status_code == 403
    assert client.delete(f"/console/jobs/{job.id}/{action}/").status_code == 405
    job.refresh_from_db()
    assert job.state == "queued"


def test_a_failure_is_told_without_a_click(charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = one("failed", code="EncodeFailed") if Job.objects.filter(code="EncodeFailed").exists() else one("failed", log_line__gt="")
    text = page(client_of(charlie), job)
    panel = text[text.index('id="failure"') :].partition('class="c-tabs"')[0]
    assert job.code in panel
    assert job.message in panel
    assert job.log_line in panel
    for number in (4, 5, 6, 7, 8, 9):  # the decisive line is the seventh of nine
        assert f'<span class="p-log__n">{number}</span>' in panel
    attempt = Attempt.objects.get(step__job=job)
    assert f"/console/jobs/{job.id}/log/?attempt={attempt.pk}&at=7#L7" in panel


def test_an_unknown_code_is_no_empty_box(charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = one("failed")
    Job.objects.filter(pk=job.pk).update(code="FromTheFuture", message="", log_line="")
    panel = page(client_of(charlie), job).partition('id="failure"')[2]
    assert "FromTheFuture" in panel
    assert "Conversion failed!" in panel


def test_live_parts_end_with_the_job(charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    client, job = client_of(charlie), one("running", kind="transcode")
    url = f"/console/jobs/{job.id}/live/?tab=outputs"
    assert f'data-poll="{url}&v={job.version}"' in page(client, job)
    assert client.get(f"{url}&v={job.version}").status_code == 204
    Job.objects.filter(pk=job.pk).update(progress=52, version=job.version + 1)
    moved = client.get(f"{url}&v={job.version}").content.decode()
    assert "52 %" in moved
    assert "data-poll" in moved
    assert 'id="job-outputs"' in moved
    Job.objects.filter(pk=job.pk).update(state="succeeded", finished_at=job.started_at, version=job.version + 2)
    ended = client.get(f"{url}&v={job.version + 1}").content.decode()
    assert "data-poll" not in ended.replace("hx-", "")
    assert 'data-announce="Succeeded"' in ended


def test_the_title_carries_progress(charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = one("running")
    assert f"<title>{job.progress} %" in page(client_of(charlie), job)


# --- what can be done -------------------------------------------------------------------------------------------------------
def test_cancel_asks_then_does_and_goes_back(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    client, job = client_of(bob), one("queued")
    url = f"/console/jobs/{job.id}/cancel/"
    asked = client.get(url, {"next": "/console/jobs/?state=queued"})
    assert "Nothing is lost." in asked.content.decode()
    job.refresh_from_db()
    assert job.state == "queued"
    response = client.post(url, {"next": "/console/jobs/?state=queued"})
    assert response["Location"] == "/console/jobs/?state=queued"
    job.refresh_from_db()
    assert job.state == "cancelled"
    again = client.post(url)
    assert again.status_code == 409
    assert "already cancelled" in again.content.decode()


def test_cancel_of_a_running_job_says_what_is_lost(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = one("running")
    text = client_of(bob).get(f"/console/jobs/{job.id}/cancel/").content.decode()
    assert f"at {job.progress} %" in text
    client_of(bob).post(f"/console/jobs/{job.id}/cancel/")
    job.refresh_from_db()
    assert job.cancel_requested
    assert "Cancelling" in page(client_of(bob), job)


def test_one_waiting_output_is_cancelled_alone(bob: User, charlie: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = one("queued")
    row = job.outputs.first()
    assert row is not None
    Output.objects.create(job=job, index=99, template=row.template, effective=row.effective, bucket="output", key="another.mp4")
    url = f"/console/jobs/{job.id}/outputs/{row.id}/cancel/"
    assert url in client_of(bob).get(f"/console/jobs/{job.id}/outputs/").content.decode()
    assert url not in client_of(charlie).get(f"/console/jobs/{job.id}/outputs/").content.decode()
    assert client_of(charlie).post(url).status_code == 403
    assert client_of(bob).get(url).status_code == 405
    assert client_of(bob).post(url)["Location"] == f"/console/jobs/{job.id}/outputs/"
    job.refresh_from_db()
    assert (job.state, [output.id for output in job.outputs.filter(state="cancelled")]) == ("queued", [row.id])
    assert client_of(bob).post(url).status_code == 409
    assert client_of(bob).post(f"/console/jobs/{job.id}/outputs/{'0' * 32}/cancel/").status_code == 404


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_next_stays_here(where: str, bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    job = one("queued")
    assert client_of(bob).post(f"/console/jobs/{job.id}/cancel/", {"next": where})["Location"] == f"/console/jobs/{job.id}/"


def test_priority(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    client, job = client_of(bob), one("queued")
    wrong = client.post(f"/console/jobs/{job.id}/priority/", {"priority": "0"})
    assert wrong.status_code == 422
    assert 'value="0"' in wrong.content.decode()
    assert client.post(f"/console/jobs/{job.id}/priority/", {"priority": "2"}).status_code == 302
    job.refresh_from_db()
    assert job.priority == 2
    assert client.post(f"/console/jobs/{one('succeeded').id}/priority/", {"priority": "2"}).status_code == 409


@pytest.fixture
def half(clips: Clips, buckets: Buckets, presets: None, pipeline: Pipeline, bob: User) -> Job:
    """A job of two outputs of which the second failed."""
    address = buckets.put(clips.make(seconds=1), "a b.mp4")
    document = {
        "kind": "transcode",
        "input": address,
        "outputs": [{"template": "mp4-h264-360p", "address": f"oss://output/{n}.mp4", "overrides": {"video": {"preset": "ultrafast"}}} for n in (1, 2)],
    }
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), owner=bob)
    Output.objects.filter(job=job, index=0).update(state="succeeded")
    Output.objects.filter(job=job, index=1).update(state="failed", code="EncodeFailed")
    job.steps.update(state="failed")
    Job.objects.filter(pk=job.pk).update(state="failed", code="SomeOutputsFailed", finished_at=job.created_at)
    return job


def test_retry_as_is_does_only_what_failed(half: Job, bob: User, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(bob).post(f"/console/jobs/{half.id}/retry/")
    new = Job.objects.get(retry_of=half)
    assert response["Location"] == f"/console/jobs/{new.id}/"
    assert [row.key for row in new.outputs.all()] == ["2.mp4"]
    text = page(client_of(bob), half)
    assert f"/console/jobs/{new.id}/" in text
    assert "SomeOutputsFailed" in text  # the old error stays on the old job
    assert f"/console/jobs/{half.id}/" in page(client_of(bob), new)


def test_retry_of_chosen_outputs(half: Job, bob: User, client_of: Callable[[User | None], Client]) -> None:
    client = client_of(bob)
    first = half.outputs.get(index=0)
    asked = client.get(f"/console/jobs/{half.id}/retry/").content.decode()
    assert asked.count(" checked") == 1
    assert client.post(f"/console/jobs/{half.id}/retry/", {"choose": "1"}).status_code == 422
    assert client.post(f"/console/jobs/{half.id}/retry/", {"choose": "1", "outputs": "0" * 32}).status_code == 422
    client.post(f"/console/jobs/{half.id}/retry/", {"choose": "1", "outputs": first.id})
    assert [row.key for row in Job.objects.get(retry_of=half).outputs.all()] == ["1.mp4"]


def test_what_was_cancelled_is_no_failure_and_has_nothing_to_compare(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    text = page(client_of(bob), one("cancelled"))
    assert "p-out" in text
    for wrong in ("<code>Cancelled</code>", "compare-form", "u-danger"):
        assert wrong not in text, wrong
    assert "compare-form" not in page(client_of(bob), one("failed"))


def test_retry_of_an_unfinished_job_is_a_conflict(bob: User, demo: None, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(bob).post(f"/console/jobs/{one('queued').id}/retry/").status_code == 409


@pytest.mark.django_db(transaction=True)
def test_a_finished_job_can_be_watched(
    bob: User, clips: Clips, buckets: Buckets, presets: None, pipeline: Pipeline, client_of: Callable[[User | None], Client], work_off: Callable[..., int]
) -> None:
    address = buckets.put(clips.make(seconds=1))
    document = {
        "kind": "transcode",
        "input": address,
        "outputs": [{"template": "mp4-h264-360p", "address": "oss://output/ünï é.mp4", "overrides": {"video": {"crf": 40}}}],
    }
    job = services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), owner=bob)
    work_off()
    client = client_of(bob)
    text = page(client, job)
    assert '<video controls playsinline preload="metadata" src="/objects/output/' in text
    url = text.partition('preload="metadata" src="')[2].partition('"')[0]
    assert b"".join(client.get(url).streaming_content)[4:8] == b"ftyp"  # type: ignore[attr-defined]
    for said in ("H.264 + AAC", "MP4 / MOV", 'id="compare-form"', 'form="compare-form"'):  # names as people write them; there is something to compare
        assert said in text, said
    assert "mov,mp4" not in text
    parameters = page(client, job, "parameters/")
    assert "this job" in parameters  # the origin of the override
    assert "libx264" in parameters
    for said in (">H.264<", ">1,000 kbit/s<", ">44,100 Hz<", ">60 fps<", "Size <span"):  # names, units and grouped digits, not what the engine keeps
        assert said in parameters, said
    assert re.search(r">\d+ × \d+<", parameters)
    timeline = page(client, job, "timeline/")
    assert "p-gantt__bar--encode" in timeline
    assert "Output published" in timeline
    raw = client.get(f"/console/jobs/{job.id}/raw/download/")
    assert json.loads(raw.content)["outputs"][0]["state"] == "succeeded"
    assert "attachment" in raw["Content-Disposition"]


# --- the log ------------------------------------------------------------------------------------------------------------------
@pytest.fixture
def long_log(demo: None) -> Job:
    """A failed job with a log of 5,000 lines."""
    job = one("failed")
    attempt = Attempt.objects.get(step__job=job)
    workspace.log_path(attempt.log_name).write_text("".join(f"[{'error' if n % 500 == 0 else 'info'}] line {n} <b>&\n" for n in range(1, 5001)))
    return job


def test_the_log_shows_its_end_and_leads_to_earlier_lines(long_log: Job, charlie: User, client_of: Callable[[User | None], Client]) -> None:
    response = client_of(charlie).get(f"/console/jobs/{long_log.id}/log/")
    text = response.content.decode()
    assert 'id="L5000"' in text
    assert 'id="L4001"' in text
    assert 'id="L4000"' not in text
    assert "before=4001" in text
    assert "<b>&\n" not in text  # what a program writes is never HTML
    assert "line 5000 &lt;b&gt;&amp;" in text
    assert "5,000 lines" in text


def test_a_line_that_is_linked_to_is_on_the_page(long_log: Job, charlie: User, client_of: Callable[[User | None], Client]) -> None:
    assert 'id="L1234"' in page(client_of(charlie), long_log, "log/?at=1234")


def test_search_counts_truly_and_links(long_log: Job, charlie: User, client_of: Callable[[User | None], Client]) -> None:
    text = page(client_of(charlie), long_log, "log/?q=LINE+12")
    assert "111 lines have «LINE 12»" in text  # 12, 12x and 12xx
    assert "at=1234#L1234" in text.replace("&amp;", "&")


def test_only_errors(long_log: Job, charlie: User, client_of: Callable[[User | None], Client]) -> None:
    text = page(client_of(charlie), long_log, "log/?level=error")
    assert text.count('<li id="L') == 10


@pytest.mark.parametrize("query", ["at=x", "before=-1", "attempt=999999", "attempt=x", "at=99999999999999999999", "q=%00", "level=nonsense"])
def test_the_log_survives_nonsense(query: str, long_log: Job, charlie: User, client_of: Callable[[User | None], Client]) -> None:
    assert client_of(charlie).get(f"/console/jobs/{long_log.id}/log/?{query}").status_code == 200


def test_the_tail_goes_on_where_it_was(long_log: Job, charlie: User, client_of: Callable[[User | None], Client]) -> None:
    attempt = Attempt.objects.get(step__job=long_log)
    path = workspace.log_path(attempt.log_name)
    Attempt.objects.filter(pk=attempt.pk).update(state="running")
    size, url, client = path.stat().st_size, f"/console/jobs/{long_log.id}/log/tail/", client_of(charlie)
    nothing = client.get(url, {"attempt": attempt.pk, "after": size, "line": 5000})
    assert (nothing.content.strip(), nothing["X-Log-End"]) == (b"", "0")
    with path.open("a") as out:
        out.write("neu\n")
    news = client.get(url, {"attempt": attempt.pk, "after": size, "line": 5000})
    assert 'id="L5001"' in news.content.decode()
    assert news["X-Log-Line"] == "5001"
    Attempt.objects.filter(pk=attempt.pk).update(state="failed")
    assert client.get(url, {"attempt": attempt.pk, "after": news["X-Log-After"], "line": 5001})["X-Log-End"] == "1"


def test_the_whole_log_can_be_taken_away(long_log: Job, charlie: User, dana: User, client_of: Callable[[User | None], Client]) -> None:
    url = f"/console/jobs/{long_log.id}/log/download/"
    response = client_of(charlie).get(url)
    assert b"".join(response.streaming_content).count(b"\n") == 5000  # type: ignore[attr-defined]
    assert response["Content-Type"].startswith("text/plain")
    assert client_of(dana).get(url).status_code == 403
    assert client_of(charlie).get(f"/console/jobs/{one('queued').id}/log/download/").status_code == 404
