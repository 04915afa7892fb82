"""Odd values in every parameter of every action, straight at the actions: answered, or refused with a code of MPS; never an error of ours."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.contrib.auth.models import User

from console.auth import Caller
from console.models import Role
from jobs.dialects.call import Call, Refusal
from jobs.dialects.mps import errors
from jobs.dialects.mps.dialect import DIALECT
from jobs.engine.errors import ReelmillError
from jobs.models import Job, Output
from tests.dialects.mps.conftest import file
from tests.dialects.mps.test_translate import ODD, OUTPUT, places, put

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("presets", "buckets")]
NAMES = (
    "Name", "PipelineId", "PipelineIds", "State", "Speed", "SpeedLevel", "NotifyConfig", "PageNumber", "PageSize", "TemplateId", "TemplateIds", "Container", "Video",
    "Audio", "TransConfig", "MuxConfig", "NamePrefix", "WaterMarkTemplateId", "WaterMarkTemplateIds", "Config", "Input", "OutputBucket", "OutputLocation", "Outputs",
    "JobId", "JobIds", "NextPageToken", "MaximumPageSize", "StartOfJobCreatedTimeRange", "EndOfJobCreatedTimeRange", "SnapshotConfig", "SnapshotJobIds", "UserData",
    "Async", "MediaInfoJobIds", "FileURL", "FileURLs", "CoverURL", "Title", "Description", "Tags", "Tag", "CateId", "MediaId", "MediaIds", "Publish", "From", "To",
    "KeyWord", "SortBy", "Formats", "AuthTimeout", "CateName", "ParentId", "Bucket", "Referer", "IncludePlayList", "ClientToken",
)  # fmt: skip
TEXTS = tuple(value if isinstance(value, str) else json.dumps(value) for value in ODD if value not in ("\ud800",))


def asked(user: User, action: str, params: dict[str, str]) -> Any:
    """What the door does with an action, without the door."""
    call = Call(
        "2014-06-18", action, {name: value for name, value in params.items() if "\x00" not in value}, Caller(user, Role.ADMIN), "ID", "http://127.0.0.1:1"
    )
    refusal: Refusal | None
    try:
        return DIALECT.actions[action].run(call)
    except Refusal as error:
        refusal = error
    except (ReelmillError, ValueError) as error:
        refusal = errors.failure(error)
    assert refusal is not None, (action, params)
    assert refusal.code != "InternalError", (action, params)
    assert refusal.message
    return None


@pytest.mark.parametrize("action", sorted(DIALECT.actions))
def test_every_action(action: str, alice: User, pipeline: Any, clips: Any, buckets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.waiting.WAIT_SECONDS", 0.0)
    monkeypatch.setattr("jobs.dialects.mps.snapshots.wait_for", lambda job: False)
    monkeypatch.setattr("jobs.dialects.mps.mediainfo.wait_for", lambda job: False)
    buckets.put(clips.make(seconds=1), "x.mp4")
    good = {
        "Input": json.dumps(file("x.mp4")), "OutputBucket": "output", "PipelineId": pipeline.id, "Outputs": json.dumps([{"OutputObject": "a.mp4", "TemplateId": "MP4-LD"}]),
        "SnapshotConfig": json.dumps({"OutputFile": file("a.jpg", "output"), "Time": 0, "Num": 1}), "Name": "N", "Container": '{"Format":"mp4"}', "Video": '{"Codec":"H.264"}',
        "Config": "{}", "FileURL": "oss://input/x.mp4", "CateName": "C", "Bucket": "input", "State": "Active" if "Pipeline" in action else "",
    }  # fmt: skip
    asked(alice, action, {})
    asked(alice, action, good)
    dice = random.Random(action)
    for name in NAMES:
        for value in dice.sample(TEXTS, 4):
            asked(alice, action, good | {name: value})


def test_submit_jobs(alice: User, pipeline: Any, clips: Any, buckets: Any) -> None:
    for name in ("x.mp4", "m.mp4", "o.mp4", "t.mp4"):
        buckets.put(clips.make(seconds=1), name)
    params = {"Input": json.dumps(file("x.mp4")), "OutputBucket": "output", "PipelineId": pipeline.id}
    dice = random.Random(7)
    document = {name: value for name, value in OUTPUT.items() if name not in ("WaterMarks", "SubtitleConfig", "AudioStreamMap")}
    paths = list(places(document))
    taken = 0
    for _round in range(150):
        changed = put(document, dice.choice(paths), dice.choice([value for value in ODD if value != "\ud800"]))
        answer = asked(alice, "SubmitJobs", params | {"Outputs": json.dumps([changed, document | {"OutputObject": "good.mp4"}])})
        if answer is None:
            continue
        first, second = answer["JobResultList"]["JobResult"]
        assert first["Success"] or (first["Code"] and first["Code"] != "InternalError"), (changed, first)
        taken += first["Success"]
        assert second["Success"] or "same object" in second["Message"], (changed, second)
    assert 10 < taken < 140
    assert Output.objects.count() > taken
    assert Job.objects.exclude(source="mps").count() == 0
