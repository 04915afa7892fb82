"""What the translators share: locations, typed reading, TargetURI templates, ladders."""

from __future__ import annotations

from typing import Any

import pytest

from jobs.dialects.ladders import rung_names
from jobs.dialects.locations import object_at
from jobs.dialects.reading import Bad, Fields
from jobs.dialects.uri_variables import has_extension, numbered, pattern, with_extension
from jobs.engine.rules.packaging import is_reserved
from jobs.foreign.tasks import merged

ENDPOINT = "https://media.example.org:8443"


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("oss://bucket/a b/%20+.mp4", "oss://bucket/a b/%20+.mp4"),
        ("https://bucket.oss-cn-hangzhou.aliyuncs.com/a%20b/c%2Bd.mp4", "oss://bucket/a b/c+d.mp4"),
        ("http://bucket.any.host/%E8%A7%86%E9%A2%91.mp4", "oss://bucket/视频.mp4"),
        ("http://127.0.0.1:8000/bucket/a%2Fb.mp4", "oss://bucket/a/b.mp4"),
        ("http://[::1]:8000/bucket/a.mp4", "oss://bucket/a.mp4"),
        ("http://localhost/bucket/a.mp4", "oss://bucket/a.mp4"),
        ("https://media.example.org:8443/bucket/a.mp4", "oss://bucket/a.mp4"),
        ("https://bucket.media.example.org:8443/a.mp4", "oss://bucket/a.mp4"),
    ],
)
def test_locations(location: str, address: str) -> None:
    assert str(object_at(location, ENDPOINT)) == address


@pytest.mark.parametrize(
    "location",
    ["", "a.mp4", "ftp://bucket.host/a", "oss://bucket", "oss://bucket/", "oss://b/a", "https://bucket.host/a?x=1", "https://bucket.host/%ff", "https://bucket.host/a/../b",
     "http://", "oss://bucket/a\x00b", "file:///etc/passwd", "https://[x/a"],
)  # fmt: skip
def test_no_locations(location: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        object_at(location, ENDPOINT)


def test_typed_looks() -> None:
    fields = Fields({"n": "25", "f": "29.97", "yes": "True", "no": False, "empty": [], "blank": "", "o": '{"a":1}', "l": "[1,2]", "rows": [{"x": 1}], "t": 5})
    assert (fields.whole("n", 0, 100), fields.number("f", 0, 100), fields.flag("yes"), fields.flag("no", default=True)) == (25, 29.97, True, False)
    assert (fields.has("empty"), fields.has("blank"), fields.whole("blank", 0, 1), fields.text("t")) == (False, False, None, "5")
    assert (fields.child("o").whole("a", 0, 9), fields.items("l"), fields.children("rows")[0].place) == (1, [1, 2], "rows[0]")
    assert fields.one_of("n", {"25": "a"}, "b") == "a"
    assert fields.child("nothing").values == {}


@pytest.mark.parametrize(
    "look",
    [
        lambda f: f.whole("half", 0, 9),
        lambda f: f.whole("word", 0, 9),
        lambda f: f.whole("yes", 0, 9),
        lambda f: f.number("huge", 0, 9),
        lambda f: f.number("nan", 0, 9),
        lambda f: f.flag("word"),
        lambda f: f.child("word"),
        lambda f: f.child("rows"),
        lambda f: f.items("object"),
        lambda f: f.children("numbers"),
        lambda f: f.one_of("word", {"a": 1}, 1),
        lambda f: f.text("object"),
        lambda f: f.text("long"),
        lambda f: f.need("absent"),
        lambda f: f.some("none"),
        lambda f: f.items("deep"),
        lambda f: f.items("lone"),
    ],
)
def test_bad_values(look: Any) -> None:
    values = {
        "half": 1.5,
        "word": "x",
        "yes": True,
        "huge": "1e99",
        "nan": "nan",
        "rows": [1],
        "object": {"a": 1},
        "numbers": [1],
        "long": "x" * 5000,
        "none": "[]",
    }
    fields = Fields(values | {"deep": "[" * 5000 + "]" * 5000, "lone": '["\\ud800"]'}, "P")
    with pytest.raises(Bad) as bad:
        look(fields)
    assert bad.value.place.startswith("P.")


def test_target_uris() -> None:
    assert pattern("b", "{dirname}/{tags.a}-{{x}}.mp4", {"a": "{v}"}) == "oss://b/{dirname}/{{v}}-{{x}}.mp4"
    assert [has_extension(key) for key in ("a.mp4", "a", "a/b.c/d", "{tags.a}", "{barename}.{autoext}", ".hidden")] == [True, False, False, False, True, False]
    assert (with_extension("a"), with_extension("a.mp4")) == ("a.{autoext}", "a.mp4")
    assert (numbered("a"), numbered("a.jpg"), numbered("a-{index}.jpg")) == ("a_{index}.{autoext}", "a_{index}.jpg", "a-{index}.jpg")
    with pytest.raises(ValueError, match="There is no tag"):
        pattern("b", "{tags.c}", {})


def test_rungs_have_names_of_their_own() -> None:
    assert rung_names(["720P HD", "720p-hd", "", "视频", "x" * 60]) == ["720p-hd", "720p-hdx1", "r2", "r3", "x" * 28]
    names = rung_names(["1", "1080", "output_1", "v", "init", "a0", "packager", "lo-init", "a", "A"])
    assert names == ["r1", "r1080", "output1", "rv", "rinit", "ra0", "rpackager", "loinit", "a", "ax9"]
    assert not any(is_reserved(name) for name in names)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["queued", "queued"], "queued"),
        (["queued", "succeeded"], "running"),
        (["running", "failed"], "running"),
        (["succeeded", "failed", "cancelled"], "failed"),
        (["succeeded", "cancelled"], "cancelled"),
        (["succeeded"], "succeeded"),
        ([], "cancelled"),
    ],
)
def test_state_of_a_task(states: list[str], state: str) -> None:
    assert merged(states) == state
