"""JobSpec: what is accepted, and every mistake with its place."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from jobs.engine.spec import JOB_SPEC, OUTPUTS_MAX, MediaInfoSpec, TranscodeSpec

OUTPUT = {"template": "mp4-h264-540p", "address": "oss://output/a.mp4"}
GOOD: dict[str, Any] = {"kind": "transcode", "input": "oss://input/a.mp4", "outputs": [OUTPUT]}


def read(**changes: Any) -> Any:
    return JOB_SPEC.validate_python(GOOD | changes, strict=False)


def test_a_plain_address_is_an_input() -> None:
    spec = read()
    assert isinstance(spec, TranscodeSpec)
    assert str(spec.input.address) == "oss://input/a.mp4"
    assert spec.input.start is None
    assert read(input={"address": "oss://input/a.mp4", "start": 1, "duration": 2.5}).input.duration == 2.5
    assert isinstance(JOB_SPEC.validate_python({"kind": "mediainfo", "input": "oss://input/a.mp4"}), MediaInfoSpec)


def test_it_survives_json() -> None:
    spec = read(outputs=[OUTPUT | {"overrides": {"video": {"crf": 20}}, "user_data": "ü", "overwrite": False}])
    assert JOB_SPEC.validate_json(JOB_SPEC.dump_json(spec)) == spec


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"kind": "other"}, ()),
        ({"speed": 9}, ("transcode", "speed")),
        ({"input": "nowhere"}, ("transcode", "input", "address")),
        ({"input": {"address": "oss://input/a", "start": -1.0}}, ("transcode", "input", "start")),
        ({"input": {"address": "oss://input/a", "duration": 0.0}}, ("transcode", "input", "duration")),
        ({"input": {"address": "oss://input/a", "duration": float("nan")}}, ("transcode", "input", "duration")),
        ({"outputs": []}, ("transcode", "outputs")),
        ({"outputs": [OUTPUT] * (OUTPUTS_MAX + 1)}, ("transcode", "outputs")),
        ({"outputs": [OUTPUT | {"template": ""}]}, ("transcode", "outputs", 0, "template")),
        ({"outputs": [OUTPUT, OUTPUT | {"user_data": "中" * 342}]}, ("transcode", "outputs", 1, "user_data")),
        ({"outputs": [OUTPUT | {"overrides": [1]}]}, ("transcode", "outputs", 0, "overrides")),
    ],
)
def test_mistakes_have_their_place(changes: dict[str, Any], place: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        read(**changes)
    assert place in [e["loc"] for e in caught.value.errors()]


def test_all_mistakes_come_at_once() -> None:
    with pytest.raises(ValidationError) as caught:
        read(input="x", outputs=[{"template": "", "address": "y", "extra": 1}])
    found = {e["loc"][1:] for e in caught.value.errors() if e["type"] != "too_short"}  # of the outputs, none of which is good
    assert found == {("input", "address"), ("outputs", 0, "template"), ("outputs", 0, "address"), ("outputs", 0, "extra")}
