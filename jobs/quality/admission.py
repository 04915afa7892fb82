"""What can be known of a quality job at the door: whether both sides are there and belong together. Reads rows and buckets, writes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.engine.errors import Refused
from jobs.engine.template import Template
from jobs.models import Output
from jobs.states import JobState
from media_assets.models import Bucket
from media_assets.storage import storage

if TYPE_CHECKING:
    from jobs.engine.spec import QualitySpec
    from jobs.frames.sprite_admission import Loc, Mistakes


def quality(spec: QualitySpec, mistakes: Mistakes) -> None:
    """What is impossible goes to the mistakes. Outputs lie where outputs go, so any bound bucket will do."""
    address = spec.distorted
    if not Bucket.objects.filter(name=address.bucket).exists():
        mistakes.add("BucketNotFound", ("distorted",), f"There is no bucket {address.bucket}.")
    else:
        try:
            if storage(address.bucket).stat(address.key) is None:
                mistakes.add("ObjectNotFound", ("distorted",), f"No object at {address.bucket}/{address.key}.")
        except Refused as error:
            mistakes.add(error.code, ("distorted",), error.message)
    if spec.output is None:
        return
    row = Output.objects.select_related("job").filter(pk=spec.output).first()
    if row is None or row.job.kind != "transcode":
        mistakes.add("NotFound", ("output",), "There is no such output of a transcode job.")
    elif row.state != JobState.SUCCEEDED:
        mistakes.add("WrongState", ("output",), "The output has not succeeded, so there is nothing to measure.")
    elif (row.bucket, row.key) != (address.bucket, address.key) or (row.job.input_bucket, row.job.input_key) != (
        spec.input.address.bucket,
        spec.input.address.key,
    ):
        mistakes.add("InvalidParameter", ("output",), "Input and distorted must be the input and the address of this output.")
    elif why := _never(Template.model_validate(row.effective, strict=False)):
        mistakes.add("ImpossibleCombination", ("output",), why)


def asked(template: Template, loc: Loc, mistakes: Mistakes) -> None:
    """The switch of an output of a transcode: what can never be measured is refused."""
    if why := _never(template):
        mistakes.add("ImpossibleCombination", (*loc, "quality"), why)


def _never(template: Template) -> str:
    """Why an output of this template can never be measured; empty: it can."""
    edit = template.edit
    if template.video.remove:
        return "An output without video has no quality to measure."
    if edit.before or edit.after or edit.after_list or edit.openings or edit.tails:
        return "An output that is joined from several inputs has no single source to be compared with."
    if template.container.format == "dash":
        return "DASH sets are not opened as inputs, so their quality cannot be measured: CMAF and HLS can be."
    if template.encryption is not None:
        return "An encrypted output cannot be opened, so its quality cannot be measured."
    return ""


def of_output(output_id: str) -> dict[str, object]:
    """The request that measures an output against its source. Raises Refused NotFound."""
    row = Output.objects.select_related("job").filter(pk=output_id).first()
    if row is None:
        raise Refused("NotFound", "There is no such output of a transcode job.")
    return {"input": dict(row.job.spec["input"]), "distorted": f"oss://{row.bucket}/{row.key}", "output": row.id}
