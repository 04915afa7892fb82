"""SubmitJobs. One of its outputs is one of ours, and their JobId is its id; outputs of equal priority are one Job of ours.

What is wrong with the request as a whole (input, pipeline, no list of outputs) refuses it. What is wrong with one output refuses that output: its result
says so, and the others are made. All rows are written in one transaction.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from pydantic import ValidationError

from console.lib.problems import problems_of
from console.models import Role
from jobs import secrecy, services
from jobs.admission import admit
from jobs.dialects.call import Answer, Call, Refusal
from jobs.dialects.mps import answer_job, errors, pipelines, templates, translate_output
from jobs.dialects.mps.reading import bucket_name, file, need, said, wrapped
from jobs.dialects.mps.translate_output import Asked, Known
from jobs.dialects.reading import Bad, Fields
from jobs.engine.errors import Problem, Refused
from jobs.engine.spec import JOB_SPEC, USER_DATA_BYTES
from jobs.models import Job, Output, Pipeline
from templates_app.marks.models import WatermarkTemplate

if TYPE_CHECKING:
    from templates_app.models import Template

OUTPUTS_MAX = 30
USUAL_PRIORITY = 6


@dataclass
class _Result:
    """What became of one element of Outputs: an output of ours, or a refusal."""

    asked: Asked | None = None
    output: Output | None = None
    refusal: Refusal | None = None


@dataclass
class _Request:
    """What holds for all outputs."""

    call: Call
    input: str
    pipeline: Pipeline
    foreign: dict[str, Any]
    results: list[_Result] = field(default_factory=list)


def submit(call: Call) -> Answer:
    """SubmitJobs."""
    need(call.params, "Input", "OutputBucket", "Outputs", "PipelineId")
    fields = Fields(call.params)
    source = fields.child("Input")
    address = file(source)
    if source.child("Container").values or source.child("Audio").values:
        raise Bad(source.place, "Raw sound as an input is not served: give it a header (WAV).", kind="feature")
    bucket = bucket_name(call.params["OutputBucket"], "OutputBucket")
    asked = fields.items("Outputs", OUTPUTS_MAX)
    if not asked:
        raise errors.absent("Outputs")
    words = said(Location=source.text("Location", most=64), OutputLocation=fields.text("OutputLocation", most=64))
    words |= said(RequestId=call.request_id, Referer=source.text("Referer"), RoleArn=source.text("RoleArn"))
    request = _Request(call, str(address), pipelines.of_id(call.params["PipelineId"]), words)
    seen: dict[str, Template] = {}
    request.results = [_read(value, number, bucket, call, seen) for number, value in enumerate(asked)]
    with transaction.atomic():
        for priority in dict.fromkeys(_priority(result, request) for result in request.results if result.asked):
            _send(request, priority)
    rows = Output.objects.select_related("job", "template__template").in_bulk([one.output.id for one in request.results if one.output])
    return wrapped("JobResult", [_told(result, rows, call) for result in request.results])


def _read(value: Any, number: int, bucket: str, call: Call, seen: dict[str, Template]) -> _Result:
    try:
        fields = Fields(value, f"Outputs[{number}]")
        return _Result(asked=translate_output.output(fields, bucket, known(fields, seen), call.endpoint))
    except (Bad, Refused) as error:
        return _Result(refusal=errors.failure(error))
    except Refusal as refusal:
        return _Result(refusal=refusal)


def known(fields: Fields, seen: dict[str, Template]) -> Known:
    """The rows that an output names; ``seen``: templates that were found for others. Raises Bad, Refusal."""
    fields.need("TemplateId")
    name = fields.text("TemplateId", most=128)
    template = seen[name] = seen.get(name) or templates.of_id(name)
    params = template.current.params if template.current else {}
    named = {one.text("WaterMarkTemplateId", most=128) for one in fields.children("WaterMarks", 20)} - {""}
    rows = WatermarkTemplate.objects.filter(Q(pk__in=named) | Q(name__in=named), deleted_at=None) if named else ()
    kinds = {row.name: row.kind for row in rows} | {row.id: row.kind for row in rows}
    for missing in sorted(named - set(kinds)):
        raise errors.no_template(missing)
    return Known({"container": params.get("container", {})} if template.is_opaque else params, kinds)


def _priority(result: _Result, request: _Request) -> int:
    return (result.asked and result.asked.priority) or request.pipeline.default_priority or USUAL_PRIORITY


def _send(request: _Request, priority: int) -> None:
    """Submit the outputs of one priority; those that are refused are left out, and the others sent again. Raises Refused for what concerns all of them."""
    group = [result for result in request.results if result.asked and _priority(result, request) == priority]
    while group:
        document = {"kind": "transcode", "input": request.input, "outputs": [result.asked.spec for result in group if result.asked]}
        try:
            job = _submitted(request, document, priority)
        except Refused as error:
            wrong = _by_output(error, document)
            if not wrong:
                raise
            for index, refusal in wrong.items():
                group[index].refusal = refusal
            group = [result for index, result in enumerate(group) if index not in wrong]
            continue
        _matched(group, job)
        return


def _matched(group: list[_Result], job: Job) -> None:
    """Give each result its output. A job of an earlier request with this ClientToken may have fewer: what was refused then is refused now."""
    for output in job.outputs.order_by("index"):
        address = job.spec["outputs"][output.index]["address"]
        result = next((one for one in group if one.output is None and one.asked and one.asked.spec["address"] == address), None)
        if result is not None:
            result.output = output
    for result in group:
        if result.output is None:
            result.refusal = Refusal("InvalidParameter", "The request with this ClientToken had this output refused.")


def _submitted(request: _Request, document: dict[str, Any], priority: int) -> Job:
    """One Job. A repeated ClientToken gives the one of that time."""
    params = request.call.params
    token = params.get("ClientToken", "")[:128]
    digest = hashlib.sha256(json.dumps([params.get(name, "") for name in ("Input", "OutputBucket", "Outputs", "PipelineId")]).encode()).hexdigest()
    return services.submit(
        spec=spec_of(document),
        pipeline=request.pipeline.id,
        priority=priority,
        notify_each=True,
        source=Job.Source.MPS,
        owner=request.call.caller.user,
        foreign=request.foreign,
        idempotency_key=f"mps:{priority}:{token}" if token else "",
        idempotency_digest=digest if token else "",
    )


def spec_of(document: dict[str, Any]) -> Any:
    """A JobSpec. Raises Refused with the place of each mistake."""
    try:
        return JOB_SPEC.validate_json(json.dumps(document))
    except ValidationError as error:
        raise Refused("InvalidParameter", problems=tuple(problems_of(error, tags=(document["kind"],)))) from None


def user_data(fields: Fields) -> str:
    """UserData of a request. Raises Bad."""
    text = fields.text("UserData")
    if len(text.encode()) > USER_DATA_BYTES:
        raise Bad(fields.at("UserData"), f"At most {USER_DATA_BYTES} bytes.", kind="range")
    return text


def _by_output(error: Refused, document: dict[str, Any]) -> dict[int, Refusal]:
    """The refusals of single outputs by their index; empty where something else is wrong too, which refuses the request."""
    found: dict[int, Refusal] = {}
    for problem in error.problems:
        if problem.loc[:1] != ("outputs",) or len(problem.loc) < 2 or not isinstance(problem.loc[1], int):
            return {}
        if problem.loc[1] not in found:
            one = _alone(document, problem.loc[1]) or Refused(error.code, problem.message, problems=(Problem(problem.loc[2:], problem.message),))
            found[problem.loc[1]] = errors.failure(one) or Refusal("InternalError", problem.message)
    return found


def _alone(document: dict[str, Any], index: int) -> Refused | None:
    """What is wrong with one output by itself: several mistakes of all kinds together have no code of their own. None: only with the others."""
    try:
        admit(spec_of(document | {"outputs": [document["outputs"][index]]}), {})
    except Refused as error:
        problems = tuple(Problem(problem.loc[2:], problem.message) for problem in error.problems)
        return Refused(error.code, error.message, problems=problems)
    return None


def _told(result: _Result, rows: dict[str, Output], call: Call) -> dict[str, Any]:
    if result.output is None:
        refusal = result.refusal or Refusal("InternalError", "The output was not made.")
        return {"Success": False, "Code": refusal.code, "Message": refusal.message}
    output = rows[result.output.id]
    return {"Success": True, "Job": answer_job.job(output, secret=hidden(output, call))}


def hidden(output: Output, call: Call) -> bool:
    """Whether the parameters of this output are not for the caller."""
    return secrecy.is_opaque(output) and not call.caller.at_least(Role.ADMIN)
