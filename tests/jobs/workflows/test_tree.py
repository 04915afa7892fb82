"""Workflows, what needs no rows: what is wrong with a tree of steps, what follows from what has ended, and how an execution stands."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from jobs.engine.address import Address
from jobs.workflows import course, tree
from jobs.workflows.course import Part
from jobs.workflows.states import ActivityState, ExecutionState

W, R, S, F, X = (ActivityState(word) for word in ("waiting", "running", "success", "fail", "skipped"))


def step(name: str, type_: str = "transcode", under: str = "", job: Any = None, **more: Any) -> dict[str, Any]:
    jobs = {
        "transcode": {"outputs": [{"template": "t", "address": f"oss://output/{{FileName}}-{name}.mp4"}]},
        "package": {"outputs": [{"template": "t", "address": f"oss://output/{{FileName}}-{name}.m3u8"}]},
        "snapshot": {"output": f"oss://output/{{FileName}}-{name}-{{Count}}.jpg", "mode": "average", "count": 3},
        "analyse": {},
        "publish": {},
    }
    return {"name": name, "type": type_, "under": under, "job": jobs[type_] if job is None else job, **more}


def wrong(*steps: dict[str, Any], bucket: str = "input", path: str = "in/") -> list[tuple[tuple[str | int, ...], str]]:
    return [(problem.loc, problem.message) for problem in tree.check(tree.read(steps), bucket, path)]


def test_a_whole_tree_is_right() -> None:
    steps = (
        step("look", "analyse"),
        step("mp4", under="look"),
        step("hls", "package", under="mp4"),
        step("pictures", "snapshot"),
        step("sheet", "snapshot", job={"kind": "sprite", "output": "oss://output/{MediaId}/s-{TileCount}.jpg"}),
        step("cover", "snapshot", job={"kind": "cover", "output": "oss://output/{RunId}.jpg", "keep": 1}),
        step("out", "publish", under="hls", mode="all"),
    )
    assert wrong(*steps) == []


@pytest.mark.parametrize(
    ("steps", "loc", "words"),
    [
        ([step("a"), step("a")], ("steps", 1, "name"), "Another step has this name."),
        ([step("a", under="b"), step("b")], ("steps", 0, "under"), "no step «b» before"),
        ([step("a", under="a")], ("steps", 0, "under"), "no step «a» before"),
        ([step("p", "package"), step("a", under="p")], ("steps", 1, "under"), "Nothing is encoded after packaging"),
        ([step("p", "package"), step("q", "package", under="p")], ("steps", 1, "under"), "Nothing is encoded after packaging"),
        ([step("a"), step("p", "publish", under="a"), step("b", under="p")], ("steps", 2, "under"), "Nothing comes after publishing"),
        ([step("p", "publish"), step("q", "publish")], ("steps", 1, "type"), "One step that publishes is enough"),
        ([step("a", mode="all")], ("steps", 0, "mode"), "Only a step that publishes"),
        ([step("p", "publish", job={"kind": "cover"})], ("steps", 0, "job"), "Publishing needs no job"),
        ([step("a", job={"kind": "snapshot"})], ("steps", 0, "job", "kind"), "Choose one of: transcode"),
        ([step("a", job={"outputs": []})], ("steps", 0, "job", "outputs"), "at least 1|1 items or more"),
        ([step("a", job={"outputs": [{"adress": "x"}]})], ("steps", 0, "job", "outputs", 0, "address"), "required"),
        ([step("a", job={"input": "oss://input/x.mp4", "outputs": []})], ("steps", 0, "job", "input"), "for all of its jobs"),
        ([step("a", job={"pipeline": "fast", "outputs": []})], ("steps", 0, "job", "pipeline"), "for all of its jobs"),
        (
            [step("s", "snapshot", job={"kind": "sprite", "mode": "images", "output": "oss://output/{FileName}-{TileCount}.jpg"})],
            ("steps", 0, "job", "mode"),
            "not of given pictures",
        ),
        ([step("s", "snapshot", job={"output": "oss://output/{FileName}.jpg", "count": 3})], ("steps", 0, "job", "count"), ""),
    ],
)
def test_what_cannot_be_is_told_with_its_place(steps: list[dict[str, Any]], loc: tuple[str | int, ...], words: str) -> None:
    import re

    found = wrong(*steps)
    assert [message for place, message in found if place == loc and re.search(words, message)], found


@pytest.mark.parametrize(
    ("address", "bucket", "path", "loops"),
    [
        ("oss://input/in/{FileName}.mp4", "input", "in/", True),
        ("oss://input/{ObjectPrefix}{FileName}-x.mp4", "input", "in/", True),
        ("oss://input/{dirname}/x/{barename}.mp4", "input", "in/", True),
        ("oss://input/{key}.mp4", "input", "in/", True),
        ("oss://input/out/{FileName}.mp4", "input", "in/", False),
        ("oss://input/inner/{FileName}.mp4", "input", "in/", False),
        ("oss://input/out/{FileName}.mp4", "input", "", True),  # the whole bucket is watched
        ("oss://output/{ObjectPrefix}{FileName}.mp4", "input", "", False),
        ("oss://output/{ObjectPrefix}{FileName}.mp4", "output", "in/", True),
        ("oss://input/{RunId}/{FileName}.mp4", "input", "in/", False),
    ],
)
def test_outputs_below_the_input_path_are_refused(address: str, bucket: str, path: str, loops: bool) -> None:
    found = wrong(step("a", job={"outputs": [{"template": "t", "address": address}]}), bucket=bucket, path=path)
    expected = [(("steps", 0, "job", "outputs", 0, "address"), "The output path lies inside the input path: an endless loop.")]
    assert found == (expected if loops else [])


def test_loops_of_pictures_sheets_and_indices_are_found() -> None:
    sheet = {
        "kind": "sprite",
        "output": "oss://output/{FileName}-{TileCount}.jpg",
        "index": "oss://input/in/{FileName}.vtt",
        "singles": "oss://input/in/{FileName}-{Count}.jpg",
    }
    found = wrong(step("s", "snapshot", job=sheet), step("t", "snapshot", job={"output": {"address": "oss://input/in/{FileName}.jpg"}}))
    assert [loc for loc, message in found if "endless" in message] == [
        ("steps", 0, "job", "index"),
        ("steps", 0, "job", "singles"),
        ("steps", 1, "job", "output", "address"),
    ]


def test_addresses_must_tell_files_apart_and_be_known() -> None:
    same = wrong(step("a", job={"outputs": [{"template": "t", "address": "oss://output/all.mp4"}]}))
    assert same == [
        (("steps", 0, "job", "outputs", 0, "address"), "Every file would write the same object: put {FileName}, {MediaId} or {RunId} into the address.")
    ]
    unknown = wrong(step("a", job={"outputs": [{"template": "t", "address": "oss://output/{FileName}-{Nonsense}.mp4"}]}))
    assert unknown == [(("steps", 0, "job", "outputs", 0, "address"), "Unknown placeholder {Nonsense}.")]
    twice = wrong(step("a"), step("b", job=step("a")["job"]))
    assert twice == [(("steps", 1, "job"), "Steps «a» and «b» write the same object.")]


def test_run_and_media_are_filled_in_and_the_rest_is_left_to_the_job() -> None:
    (one,) = tree.read(
        [step("a", job={"outputs": [{"template": "t", "address": "oss://output/{RunId}/{MediaId}/{{x}}{FileName}-{DestMd5}.mp4"}], "input_name": "{RunId}"})]
    )
    asked = tree.document(one, Address("input", "in/a b.mp4"), run_id="1" * 32, media_id="2" * 32)
    assert asked["outputs"][0]["address"] == f"oss://output/{'1' * 32}/{'2' * 32}/{{{{x}}}}{{FileName}}-{{DestMd5}}.mp4"
    assert asked["input"] == "oss://input/in/a b.mp4"
    assert asked["input_name"] == "{RunId}", "only addresses are patterns"
    assert one.job["outputs"][0]["address"].startswith("oss://output/{RunId}"), "the step itself stays as it is"


# --- what follows --------------------------------------------------------------------------------------------------------
def states(found: course.Course) -> list[str]:
    return [part.state for part in found.parts]


def test_steps_begin_when_the_one_above_has_succeeded() -> None:
    parts = [Part("a", "", W), Part("b", "a", W), Part("c", "a", W), Part("d", "", W)]
    found = course.follow(parts)
    assert (found.begin, found.state) == (("a", "d"), ExecutionState.RUNNING)
    after = course.follow([Part("a", "", S), Part("b", "a", W), Part("c", "a", R), Part("d", "", F)])
    assert (after.begin, after.state, after.failures) == (("b",), ExecutionState.RUNNING, 1)


def test_what_is_below_a_failed_step_is_skipped_however_deep() -> None:
    found = course.follow([Part("a", "", F), Part("b", "a", W), Part("c", "b", W), Part("d", "", S)])
    assert states(found) == [F, X, X, S]
    assert (found.begin, found.state, found.failures) == ((), ExecutionState.COMPLETED, 1)


@pytest.mark.parametrize(
    ("found", "cancelled", "state", "failures"),
    [
        ([S, S], False, "succeeded", 0),
        ([S, F], False, "completed", 1),
        ([S, F, F, X], False, "completed", 2),
        ([F], False, "failed", 1),
        ([F, X], False, "failed", 1),
        ([F, F], False, "failed", 2),
        ([F, R], False, "running", 1),
        ([S, W], False, "running", 0),
        ([S, X], True, "cancelled", 0),
        ([F, X], True, "cancelled", 1),
        ([S, S], True, "succeeded", 0),
        ([R, X], True, "running", 0),
    ],
)
def test_how_an_execution_stands(found: list[str], cancelled: bool, state: str, failures: int) -> None:
    assert course.state_of(found, cancelled=cancelled) == (state, failures)


@pytest.mark.parametrize("cancelled", [False, True])
def test_every_course_of_a_tree_ends_and_never_moves_back(cancelled: bool) -> None:
    """All states of three steps in a row: what is over stays, nothing below a failure runs, and what is over has a final state."""
    for combination in itertools.product((W, R, S, F, X), repeat=3):
        before = [Part("a", "", combination[0]), Part("b", "a", combination[1]), Part("c", "b", combination[2])]
        found = course.follow(before, cancelled=cancelled)
        for old, new in zip(before, found.parts, strict=True):
            assert new.state == old.state or (old.state, new.state) == (W, X)
        assert not (cancelled and found.begin)
        live = any(part.state in course.LIVE for part in found.parts)
        assert (found.state == ExecutionState.RUNNING) == live
        if W in states(found) and R not in states(found) and combination[0] != X and sorted(set(combination)) != [W]:
            assert found.begin or any(part.state == W and part.under for part in found.parts)


@pytest.mark.parametrize(
    ("mode", "others", "first", "state", "publishes"),
    [
        ("all", [S, R], False, W, False),
        ("all", [S, S], False, S, True),
        ("all", [S, F], False, X, False),
        ("first", [R, W], False, W, False),
        ("first", [R, W], True, S, True),
        ("first", [F, S], True, S, True),
        ("first", [F, F], False, X, False),
        ("manual", [S, R], False, S, False),
    ],
)
def test_when_it_is_published(mode: str, others: list[str], first: bool, state: str, publishes: bool) -> None:
    parts = [*(Part(f"o{number}", "", one) for number, one in enumerate(others)), Part("p", "", W, mode)]
    found = course.follow(parts, first_output=first)
    assert (found.parts[-1].state, found.publish) == (state, publishes)


def test_publishing_alone_does_not_make_a_failure_less() -> None:
    found = course.follow([Part("a", "", F), Part("p", "", W, "manual")])
    assert (states(found), found.state) == ([F, S], ExecutionState.FAILED)
    assert course.follow([Part("a", "", R), Part("p", "", W, "first")], cancelled=True).parts[-1].state == X
