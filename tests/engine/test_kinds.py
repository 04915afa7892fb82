"""The table of kinds agrees with the specs."""

from __future__ import annotations

from jobs.engine.kinds import KINDS, transcode
from jobs.engine.spec import JOB_SPEC, LIGHT_KINDS
from tests.engine.samples import plan, probe, spec, template


def test_every_kind_has_a_spec_and_its_lane_says_whether_it_takes_a_slot() -> None:
    tagged = JOB_SPEC.json_schema()["discriminator"]["mapping"]
    assert set(tagged) == set(KINDS)
    assert {k.name for k in KINDS.values() if not k.takes_slot} == LIGHT_KINDS
    assert all(name == kind.name for name, kind in KINDS.items())


def test_transcode_plans_as_resolve_does() -> None:
    made = transcode.plan(spec(), [template("mp4")], probe("bbb"))
    assert made == plan("bbb", template("mp4"))
    assert [c.outputs for c in transcode.commands(made)] == [(0,)]
    assert transcode.needs([template("mp4"), template("mp3")]) == {"libx264", "aac", "libmp3lame"}
