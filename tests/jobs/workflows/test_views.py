"""The pages of workflows and executions, as each role sees and uses them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from console.lib.badges import LOOKS
from jobs.models import Execution, Workflow
from jobs.workflows import graph, shown, tree
from jobs.workflows.starters import STARTERS
from jobs.workflows.states import ActivityState, ExecutionState
from tests.html import sent_by
from tests.jobs.workflows import url, workflow

pytestmark = pytest.mark.django_db(transaction=True)  # jobs are done
READING = ("workflow_detail",)
OPERATING = ("workflow_run",)
CHANGING = ("workflow_edit", "workflow_delete")


def editor(client: Any, address: str, *buttons: tuple[str, str], **changes: Any) -> Any:
    """Open the editor, change fields, press its buttons one after the other without scripts; answers the last page."""
    response = client.get(address)
    data = sent_by(response.content.decode(), "job-form") | changes
    for name, value in buttons:
        response = client.post(address, data | {name: value})
        if response.status_code == 302:
            return response
        data = sent_by(response.content.decode(), "job-form") | changes
    return response


def names(workflow: Workflow) -> list[tuple[str, str]]:
    """The steps with what they stand under."""
    return [(step.name, step.under) for step in tree.read(workflow.steps)]


# --- who may -------------------------------------------------------------------------------------------------------------
def test_it_sends_strangers_to_the_sign_in_page(client_of: Any, flow: Workflow) -> None:
    pages = [url("workflow_list"), url("workflow_new"), url("execution_list"), *(url(page, flow.pk) for page in (*READING, *OPERATING, *CHANGING))]
    for address in pages:
        response = client_of(None).get(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("console:login"))


@pytest.mark.parametrize(
    ("person", "allowed"),
    [("dana", set()), ("charlie", {*READING}), ("bob", {*READING, *OPERATING}), ("alice", {*READING, *OPERATING, *CHANGING})],
)
def test_each_role_has_its_pages(request: pytest.FixtureRequest, client_of: Any, flow: Workflow, person: str, allowed: set[str]) -> None:
    client = client_of(request.getfixturevalue(person))
    for page in (*READING, *OPERATING, *CHANGING):
        assert client.get(url(page, flow.pk)).status_code == (200 if page in allowed else 403), page
    for page in ("workflow_list", "execution_list"):
        assert client.get(url(page)).status_code == (403 if person == "dana" else 200)
    assert client.get(url("workflow_new")).status_code == (200 if person == "alice" else 403)
    assert client.post(url("workflow_disable", flow.pk)).status_code == (302 if person in ("bob", "alice") else 403)
    assert client.post(url("workflow_checks"), {}).status_code == (200 if person == "alice" else 403)


def test_wrong_methods_and_unknown_ids(client_of: Any, alice: User, flow: Workflow) -> None:
    client = client_of(alice)
    for page in ("workflow_enable", "workflow_disable"):
        assert client.get(url(page, flow.pk)).status_code == 405
    assert client.get(url("workflow_bulk")).status_code == client.get(url("execution_bulk")).status_code == 405
    for page in (*READING, *OPERATING, *CHANGING):
        assert client.get(url(page, "nothing")).status_code == 404
    assert client.get(url("execution_detail", "nothing")).status_code == 404
    assert client.get("/console/workflows/a%00b/").status_code == 404
    for bad in ({"q": "a\x00b"}, {"state": "none"}, {"workflow": "x"}, {"when": "never"}):
        assert client.get(url("workflow_list"), bad).status_code == client.get(url("execution_list"), bad).status_code == 200


# --- the list -------------------------------------------------------------------------------------------------------------
def test_the_first_visit_offers_starters(client_of: Any, alice: User, charlie: User, pipeline: Any) -> None:
    page = client_of(alice).get(url("workflow_list")).content.decode()
    assert "Run the same steps on every new file." in page
    for starter in STARTERS:
        assert f"{url('workflow_new')}?starter={starter.key}" in page
    assert "?starter=" not in client_of(charlie).get(url("workflow_list")).content.decode(), "a viewer cannot make one"


def test_the_list_tells_how_they_do(client_of: Any, charlie: User, half: Execution) -> None:
    response = client_of(charlie).get(url("workflow_list"))
    (row,) = response.context["rows"]
    assert (row["use"].good, row["use"].bad) == (0, 1)
    assert [line.kind for line in row["steps"]] == ["mediainfo", "transcode"]
    text = response.content.decode()
    assert "input/in/" in text
    assert 'data-state="Active"' in text
    assert url("workflow_disable", half.workflow_id) not in text, "a viewer has no switch"
    part = client_of(charlie).get(url("workflow_list"), headers={"X-Live": "1"}).content.decode()
    assert part.strip().startswith("<div")
    assert "<html" not in part


def test_the_list_filters(client_of: Any, charlie: User, flow: Workflow) -> None:
    workflow(name="night", path="night", active=False)
    client = client_of(charlie)
    found = client.get(url("workflow_list"), {"state": "Inactive", "q": "nig"})
    assert [row["workflow"].name for row in found.context["rows"]] == ["night"]
    assert len(found.context["chips"]) == 2
    assert "No workflow matches these filters." in client.get(url("workflow_list"), {"q": "none such"}).content.decode()


def test_switching_one_and_many(client_of: Any, alice: User, bob: User, flow: Workflow) -> None:
    client = client_of(bob)
    assert client.post(url("workflow_disable", flow.pk), {"next": url("workflow_list")}).url == url("workflow_list")
    assert f'href="{url("workflow_detail", flow.pk)}"' in client_of(alice).get(reverse("console:audit")).content.decode()  # who did so, and where
    flow.refresh_from_db()
    assert flow.state == "Inactive"
    other = workflow(name="other", path="other", active=False)
    client.post(url("workflow_bulk"), {"action": "enable", "id": [flow.pk, other.pk]})
    assert set(Workflow.objects.values_list("state", flat=True)) == {"Active"}
    answer = client.post(url("workflow_bulk"), {"action": "enable", "id": [flow.pk]}, follow=True)
    assert "Select at least one inactive workflow" in answer.content.decode()


# --- the editor -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("starter", [one.key for one in STARTERS])
def test_every_starter_can_be_saved_as_it_is(client_of: Any, alice: User, buckets: Any, presets: None, pipeline: Any, starter: str) -> None:
    client = client_of(alice)
    address = url("workflow_new") + f"?starter={starter}"
    page = client.get(address)
    assert page.status_code == 200
    answer = client.post(url("workflow_new"), sent_by(page.content.decode(), "job-form") | {"path": "new", "active": "1"})
    assert answer.status_code == 302, [text for _a, _b, text in answer.context["forms"].errors]
    made = Workflow.objects.get()
    assert (made.state, made.source, made.owner, made.path) == ("Active", "console", alice, "new/")
    detail = client.get(answer.url).content.decode()
    for step in tree.read(made.steps):
        assert step.name in detail


def test_the_editor_works_without_scripts(client_of: Any, alice: User, flow: Workflow) -> None:
    client, address = client_of(alice), url("workflow_edit", flow.pk)
    page = editor(client, address, ("do", "add:cover:1"), ("do", "add:publish"), ("do", "add:analysis"))
    forms = page.context["forms"]
    assert [step.kind for step in forms.steps] == ["mediainfo", "transcode", "cover", "analysis", "publish"], "publishing stays the last"
    assert [step.name for step in forms.steps] == ["look", "mp4", "cover", "analysis", "publish"]
    assert not forms.errors, "nothing is judged before it is sent"
    answer = client.post(address, sent_by(page.content.decode(), "job-form"))
    assert answer.status_code == 302, [text for _a, _b, text in answer.context["forms"].errors]
    flow.refresh_from_db()
    assert names(flow) == [("look", ""), ("mp4", "look"), ("cover", "mp4"), ("analysis", ""), ("publish", "")]
    assert flow.number == 2
    assert list(flow.versions.values_list("number", flat=True)) == [2, 1]


def test_saving_without_a_change_makes_no_version(client_of: Any, alice: User, flow: Workflow) -> None:
    before = flow.steps
    address = url("workflow_edit", flow.pk)
    page = client_of(alice).get(address)
    assert client_of(alice).post(address, sent_by(page.content.decode(), "job-form")).status_code == 302
    flow.refresh_from_db()
    assert tree.read(flow.steps) == tree.read(before)
    assert flow.number == 1


def test_what_the_editor_cannot_show_stays(client_of: Any, alice: User, buckets: Any, presets: None, pipeline: Any) -> None:
    steps = (
        {"name": "shots", "type": "snapshot", "job": {"mode": "series", "interval": 2.5, "count": 4, "output": "oss://output/{FileName}-{Count}.png"}},
        {
            "name": "sheet",
            "type": "snapshot",
            "job": {"kind": "sprite", "mode": "series", "interval": 5, "rows": 3, "output": "oss://output/{FileName}-{TileCount}.jpg"},
        },
        {"name": "look", "type": "analyse", "job": {"kind": "inspect", "measures": ["black", "silence"]}},
        {"name": "weigh", "type": "analyse", "job": {"kind": "analysis", "quality": 30, "crop": {"width": 100, "height": 80, "left": 2, "top": 4}}},
        {"name": "clip", "type": "snapshot", "job": {"kind": "preview", "output": "oss://output/{FileName}.webp", "seconds": 3.0}},
        {
            "name": "film",
            "type": "transcode",
            "job": {
                "audio_selectors": [{"name": "first", "rule": "index", "stream": 0}],
                "outputs": [
                    {"template": "mp4-h264-360p", "address": "oss://output/{RunId}/{FileName}.mp4", "overrides": {"video": {"crf": 31}}, "user_data": "x"}
                ],
            },
        },
        {"name": "end", "type": "publish", "mode": "first"},
    )
    flow = workflow(*steps, active=False)
    before = tree.read(flow.steps)
    address = url("workflow_edit", flow.pk)
    page = client_of(alice).get(address)
    answer = client_of(alice).post(address, sent_by(page.content.decode(), "job-form"))
    assert answer.status_code == 302, [text for _a, _b, text in answer.context["forms"].errors]
    flow.refresh_from_db()
    for old, new in zip(before, tree.read(flow.steps), strict=True):
        assert (old.name, old.type, old.mode, old.kind) == (new.name, new.type, new.mode, new.kind)
        if old.job:
            sample = tree.Address("input", "x")
            was, is_ = (tree.spec(tree.document(one, sample, run_id="r", media_id="m")) for one in (old, new))
            shared = {"overrides", "frame"}  # said or not, they mean the same
            assert was.model_dump(exclude=shared) == is_.model_dump(exclude=shared) or json.loads(was.model_dump_json()) == json.loads(is_.model_dump_json())


def test_moving_and_removing(client_of: Any, alice: User, flow: Workflow) -> None:
    client, address = client_of(alice), url("workflow_edit", flow.pk)
    stays = editor(client, address, ("do", "up:1")).context["forms"]
    assert [step.name for step in stays.steps] == ["look", "mp4"], "a step does not go before the one it stands under"
    page = editor(client, address, ("do", "remove:0"))
    (left,) = page.context["forms"].steps
    assert (left.name, left.above) == ("mp4", ""), "what stood under it goes to where it stood"
    page = editor(client, address, ("do", "more:1"), ("do", "more:1"), ("do", "less:1:0"))
    assert [number for number, _form in page.context["forms"].steps[1].output_numbers] == ["1", "2"]
    assert editor(client, address, ("do", "nonsense")).status_code == 200
    assert editor(client, address, ("do", "remove:77")).status_code == 200


def test_mistakes_stand_at_their_fields(client_of: Any, alice: User, flow: Workflow) -> None:
    client, address = client_of(alice), url("workflow_edit", flow.pk)
    data = sent_by(client.get(address).content.decode(), "job-form")
    wrong = data | {"s1-name": "look", "s1-o0-key": "{Nothing}.mp4"}
    answer = client.post(address, wrong | {"s1-o0-bucket": "output"})
    assert answer.status_code == 422
    forms = answer.context["forms"]
    assert "Unknown placeholder {Nothing}." in str(forms.steps[1].outputs[0].errors["key"])
    answer = client.post(address, data | {"s1-name": "look"})
    assert answer.status_code == 422
    assert "Another step has this name." in str(answer.context["forms"].steps[1].head.errors["name"])
    text = answer.content.decode()
    assert "1 thing to correct" in text
    assert 'id="id_s1-name_error"' in text
    answer = client.post(address, data | {"name": "", "path": "in"})
    assert "name" in answer.context["form"].errors
    workflow(name="taken", path="elsewhere", active=False)
    assert "A workflow with this name exists." in client.post(address, data | {"name": "taken"}).content.decode()
    assert Workflow.objects.get(pk=flow.pk).number == 1


def test_an_endless_loop_and_every_file_into_one_are_refused(client_of: Any, alice: User, buckets: Any, presets: None, pipeline: Any) -> None:
    client = client_of(alice)
    page = client.get(url("workflow_new") + "?starter=pictures")
    data = sent_by(page.content.decode(), "job-form") | {"path": "in"}
    one = next(name for name in data if name.endswith("-output") and "cover" in str(data[name]))
    checks = client.post(url("workflow_checks"), data | {one: "oss://input/in/{FileName}.jpg"}).content.decode()
    assert "endless loop" in checks
    checks = client.post(url("workflow_checks"), data | {one: "oss://output/cover.jpg"}).content.decode()
    assert "Every file would write the same object" in checks
    assert "Nothing is wrong with it." in client.post(url("workflow_checks"), data).content.decode()
    assert client.post(url("workflow_new"), data | {one: "oss://input/in/{FileName}.jpg"}).status_code == 422
    assert not Workflow.objects.exists()


def test_an_overlap_is_a_warning(client_of: Any, alice: User, flow: Workflow) -> None:
    client = client_of(alice)
    data = sent_by(client.get(url("workflow_new") + "?starter=mp4").content.decode(), "job-form") | {"path": "in/deeper"}
    checks = client.post(url("workflow_checks"), data).content.decode()
    assert "The path overlaps that of flow: a file there runs both." in checks
    assert "Nothing is wrong with it." in checks
    assert client.post(url("workflow_new"), data | {"active": "1"}).status_code == 302
    assert "overlaps" in client.get(url("workflow_detail", flow.pk)).content.decode()


# --- the picture ------------------------------------------------------------------------------------------------------------
def test_the_picture_has_a_line_to_every_step() -> None:
    steps = [graph.Step("a", "film"), graph.Step("b", "film", under="a"), graph.Step("c", "film"), graph.Step("d", "film", under="b")]
    drawn = graph.drawn(graph.Step("start", "folder"), steps)
    assert [box.step.name for box in drawn.boxes] == ["start", "a", "b", "d", "c"]
    assert [bool(box.line) for box in drawn.boxes] == [False, True, True, True, True]
    assert [box.x for box in drawn.boxes] == [2, 28, 54, 80, 28]
    assert len({box.y for box in drawn.boxes}) == 5
    assert drawn.height == drawn.boxes[-1].y + graph.BOX_HEIGHT + graph.EDGE


def test_the_picture_survives_nonsense() -> None:
    steps = [graph.Step("a", "film", under="b"), graph.Step("b", "film", under="a"), graph.Step("c", "film", under="gone"), graph.Step("c", "film")]
    assert len(graph.drawn(graph.Step("start", "folder"), steps).boxes) == 5
    assert len(graph.drawn(graph.Step("start", "folder"), []).boxes) == 1


@pytest.mark.parametrize(("text", "short"), [("short", "short"), ("x" * 40, "x" * 26 + "…"), ("长" * 20, "长" * 12 + "…")])
def test_long_names_are_cut_to_fit(text: str, short: str) -> None:
    assert graph.clipped(text) == short


def test_every_state_has_its_badge() -> None:
    for state in (*ActivityState.values, *ExecutionState.values, *Workflow.State.values):
        assert state in LOOKS, state
    for kind in shown.WORDS:
        assert shown.word(kind)
