"""Topology ⇄ a workflow of ours: Start is its input, Report its publishing, every other activity a step.

An activity comes after one other; only Report may come after several. Values inside Parameters may be JSON texts or JSON itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobs.dialects.mps import submit, translate_output, translate_snapshot
from jobs.dialects.mps.analyses import wishes
from jobs.dialects.mps.answer_job import LOCATION
from jobs.dialects.mps.reading import bucket_name, bucket_of, encoded, key
from jobs.dialects.reading import Bad, Fields
from jobs.engine.address import Address
from jobs.engine.codecs import CONTAINERS
from jobs.workflows import tree

if TYPE_CHECKING:
    from jobs.dialects.call import Call
    from jobs.workflows.models import Workflow
    from templates_app.models import Template

PLACE = "Topology"
ACTIVITIES_MAX = tree.STEPS_MAX
OUTPUTS_MAX = submit.OUTPUTS_MAX
PUBLISH = {"Manual": "manual", "Auto": "all", "TranscodeCompletedAuto": "first"}
TYPES: dict[str, str] = {"transcode": "Transcode", "package": "Transcode", "snapshot": "Snapshot", "analyse": "Analysis", "publish": "Report"}
"""What answers call our steps."""
NOT_SERVED = {
    "Cover": "There is no recognition of contents here.",
    "Summary": "There is no recognition of contents here.",
    "Censor": "There is no recognition of contents here.",
    "FpShot": "There are no fingerprints here.",
    "UploadVerify": "Uploads are verified by themselves.",
    "PackageConfig": "Use Transcode with a template of several renditions.",
    "GenerateMasterPlayList": "Use Transcode with a template of several renditions.",
    "VideoGroup": "Use Transcode with a template of several renditions.",
    "AudioGroup": "Use Transcode with a template of several renditions.",
    "SubtitleGroup": "Use Transcode with a template of several renditions.",
}
OF_PACKAGING = ("MultiBitrateVideoStream", "ExtXMedia", "WebVTTSubtitleURL", "Representation", "InputConfig")
START, REPORT = "Act-Start", "Act-Report"
"""What the two are called where no topology says it."""


@dataclass
class Told:
    """What a topology says."""

    start: str
    bucket: str
    prefix: str
    location: str
    pipeline: str
    topic: str
    priority: int | None = None
    steps: list[tree.Step] = field(default_factory=list)


def read(text: str, call: Call) -> Told:
    """Read a topology. Raises Bad, Refusal."""
    whole = Fields(text, PLACE)
    whole.need("Activities")
    activities = whole.child("Activities")
    kinds = {name: _type(activities.child(name)) for name in activities.values}
    if len(kinds) > ACTIVITIES_MAX:
        raise Bad(activities.place, f"At most {ACTIVITIES_MAX} activities.", kind="list")
    start, report = _only(kinds, "Start", activities), _only(kinds, "Report", activities)
    order, under = _order(whole, kinds, start, report)
    told = _start(activities.child(start).child("Parameters"), start)
    seen: dict[str, Template] = {}
    priorities: set[int] = set()
    for name in order:
        parameters = activities.child(name).child("Parameters")
        job = _job(kinds[name], parameters, call, seen, priorities)
        kind = {"Transcode": "transcode", "Analysis": "analyse"}.get(kinds[name], "snapshot")
        told.steps.append(_step(activities.at(name), name=name, type=kind, under="" if under[name] == start else under[name], job=job))
    mode = activities.child(report).child("Parameters").one_of("PublishType", PUBLISH, "manual")
    told.steps.append(_step(activities.at(report), name=report, type="publish", mode=mode))
    if len(priorities) > 1:
        raise Bad(activities.place, "All outputs of a workflow have one Priority.", kind="unsupported")
    told.priority = next(iter(priorities), None)
    return told


def _type(activity: Fields) -> str:
    activity.need("Type")
    said = activity.text("Type", most=64)
    if said in NOT_SERVED:
        raise Bad(activity.at("Type"), f"{said} is not served. {NOT_SERVED[said]}", kind="feature")
    words = {"Start": "Start", "Report": "Report", "Transcode": "Transcode", "Snapshot": "Snapshot", "Screenshot": "Snapshot", "Analysis": "Analysis"}
    return activity.one_of("Type", words, "")


def _only(kinds: Mapping[str, str], wanted: str, activities: Fields) -> str:
    found = [name for name, kind in kinds.items() if kind == wanted]
    if len(found) != 1:
        raise Bad(activities.place, f"There must be one {wanted} activity.", missing=not found)
    return found[0]


def _order(whole: Fields, kinds: Mapping[str, str], start: str, report: str) -> tuple[list[str], dict[str, str]]:
    """The activities between Start and Report, each behind the one it comes after, and which that is."""
    dependencies = whole.child("Dependencies")
    place = dependencies.place
    below: dict[str, list[str]] = {}
    for name in dependencies.values:
        if name not in kinds:
            raise Bad(dependencies.at(name), "There is no such activity.")
        below[name] = [str(one) for one in dependencies.items(name, ACTIVITIES_MAX)]
        for other in below[name]:
            if other not in kinds:
                raise Bad(dependencies.at(name), f'There is no activity "{other[:64]}".')
    under: dict[str, str] = {}
    order: list[str] = []
    waiting = [start]
    while waiting:
        name = waiting.pop(0)
        after = []
        for other in below.get(name, ()):
            if other == report:
                continue
            if other == start or other in under:
                raise Bad(place, f'"{other[:64]}" comes after several activities, or after itself; only Report may.', kind="unsupported")
            under[other] = name
            after.append(other)
        order += after
        waiting += after
    if left := [name for name in kinds if name not in under and name not in (start, report)]:
        raise Bad(place, f'"{left[0][:64]}" is not reached from Start.')
    if below.get(report):
        raise Bad(place, "Nothing comes after Report.", kind="unsupported")
    if not any(report in after for after in below.values()):
        raise Bad(place, "Report is not reached from Start.")
    return order, under


def _start(parameters: Fields, name: str) -> Told:
    parameters.need("InputFile")
    parameters.need("PipelineId")
    source = parameters.child("InputFile")
    prefix = key(source.text("ObjectPrefix"), source.at("ObjectPrefix"))
    topic = parameters.one_of("MessageType", {"Queue": "QueueName", "Topic": "TopicName"}, "")
    said = parameters.text(topic, most=255) if topic else parameters.text("QueueName", most=255) or parameters.text("TopicName", most=255)
    if not said and (config := parameters.child("NotifyConfig")).values:
        said = config.text("Topic", most=255) or config.text("QueueName", most=255)
    return Told(name, bucket_of(source), prefix, source.text("Location", most=64), parameters.text("PipelineId", most=128), said)


def _job(kind: str, parameters: Fields, call: Call, seen: dict[str, Template], priorities: set[int]) -> dict[str, Any]:
    if kind == "Transcode":
        return {"outputs": _outputs(parameters, call, seen, priorities)}
    if kind == "Snapshot":
        return _pictures(parameters)
    if parameters.flag("KeepOnlyHighestDefinition"):
        raise Bad(parameters.at("KeepOnlyHighestDefinition"), "Every preset that fits is kept.", kind="feature")
    return {"kind": "analysis", **wishes(parameters.child("AnalysisConfig"))}


def _outputs(parameters: Fields, call: Call, seen: dict[str, Template], priorities: set[int]) -> list[dict[str, Any]]:
    for name in OF_PACKAGING:
        if parameters.has(name):
            raise Bad(parameters.at(name), "This is not served. Use a template of several renditions.", kind="feature")
    parameters.need("Outputs")
    parameters.need("OutputBucket")
    bucket = bucket_name(parameters.text("OutputBucket"), parameters.at("OutputBucket"))
    found = []
    for one in parameters.some("Outputs", OUTPUTS_MAX):
        known = submit.known(one, seen)
        asked = translate_output.output(one, bucket, known, call.endpoint)
        if asked.priority is not None:
            priorities.add(asked.priority)
        found.append({name: value for name, value in (asked.spec | {"address": _ended(asked.spec, known)}).items() if value not in ("", {})})
    return found


def _ended(spec: Mapping[str, Any], known: translate_output.Known) -> str:
    """The address with the container's ending, which workflows append."""
    format_ = ((spec.get("overrides") or {}).get("container") or known.params.get("container") or {}).get("format", "mp4")
    ending = f".{CONTAINERS[format_].extension}" if format_ in CONTAINERS else ""
    address = str(spec["address"])
    return address if address.lower().endswith(ending) else address + ending


def _pictures(parameters: Fields) -> dict[str, Any]:
    parameters.need("SnapshotConfig")
    asked = translate_snapshot.snapshots(parameters.child("SnapshotConfig"), "oss://input/x")
    spec = {name: value for name, value in asked.spec.items() if name != "input"}
    if parameters.flag("MediaCover"):
        if spec["kind"] != "snapshot" or spec["mode"] != "single":
            raise Bad(parameters.at("MediaCover"), "Only a single picture can be the cover.", kind="unsupported")
        spec["set_cover"] = True
    return spec


def _step(place: str, **said: Any) -> tree.Step:
    try:
        return tree.Step.model_validate(said, strict=False)
    except ValueError:
        raise Bad(place, "Names of activities have 1 to 64 characters.", kind="range") from None


# --- told again -------------------------------------------------------------------------------------------------------------
def written(row: Workflow) -> str:
    """The topology of a workflow that was not made by one, or was changed since: templates, addresses and order; what was changed of templates is left out."""
    location = str(row.foreign.get("Location") or LOCATION)
    steps = tree.read(row.steps)
    start = str(row.foreign.get("Start") or START)
    report = next((step.name for step in steps if step.type == "publish"), REPORT)
    source = {"Bucket": row.bucket, "Location": location, "ObjectPrefix": encoded(row.path)}
    opening: dict[str, Any] = {"InputFile": source, "PipelineId": row.pipeline_id} | ({"QueueName": row.notify_topic} if row.notify_topic else {})
    activities: dict[str, Any] = {start: {"Name": start, "Type": "Start", "Parameters": opening}}
    after: dict[str, list[str]] = {start: []}
    mode = "manual"
    for step in steps:
        if step.type == "publish":
            mode = step.mode
            continue
        activities[step.name] = {"Name": step.name, "Type": TYPES[step.type], "Parameters": _parameters(step, location)}
        after.setdefault(step.name, [])
        after.setdefault(step.under or start, []).append(step.name)
    words = {ours: theirs for theirs, ours in PUBLISH.items()}
    activities[report] = {"Name": report, "Type": "Report", "Parameters": {"PublishType": words[mode]}}
    dependencies = {name: below or [report] for name, below in after.items()} | {report: []}
    return json.dumps({"Activities": activities, "Dependencies": dependencies}, ensure_ascii=False, separators=(",", ":"))


def _parameters(step: tree.Step, location: str) -> dict[str, Any]:
    if step.type in ("transcode", "package"):
        outputs = [one for one in step.job.get("outputs", ()) if isinstance(one, Mapping)]
        addresses = [str(one.get("address", "")).removeprefix("oss://").partition("/") for one in outputs]
        told = [
            {"OutputObject": encoded(at[2])} | ({"TemplateId": one["template"]} if one.get("template") else {})
            for one, at in zip(outputs, addresses, strict=True)
        ]
        return {"Outputs": told, "OutputBucket": addresses[0][0] if addresses else "", "OutputLocation": location}
    if step.type == "snapshot" and step.kind in ("snapshot", "sprite"):
        try:
            spec = tree.spec(tree.document(step, Address("input", "x"), run_id="{RunId}", media_id="{MediaId}"))
        except ValueError:
            return {}
        return {"SnapshotConfig": translate_snapshot.told(spec.model_dump(mode="json"), location)}
    return {}
