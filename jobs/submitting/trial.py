"""«Test on 10 s of…»: a real job with parameters that nobody has saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from console.lib.ids import new_id
from jobs import services
from jobs.engine.codecs import CONTAINERS
from jobs.engine.errors import Problem, Refused
from jobs.models import Job
from jobs.payloads import read_job_request
from media_assets.models import Bucket, Media

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

SECONDS = 10.0
FOLDER = "template-tests"


def submit(params: Mapping[str, Any], media_id: str, owner: User) -> Job:
    """Submit a job without a template: the parameters are its own, of the first ten seconds. Raises Refused as any submit does."""
    media = Media.objects.filter(pk=media_id[:32]).first()
    bucket = Bucket.objects.filter(is_output=True).order_by("name").first()
    if media is None or bucket is None:
        sentence = _("Choose a media to test on.") if media is None else _("No bucket is bound as output.")
        raise Refused("InvalidParameter", sentence, problems=(Problem(("media",), sentence),))
    edit = {key: value for key, value in (params.get("edit") or {}).items() if key != "end"}
    edit["duration"] = min(edit.get("duration") or SECONDS, SECONDS)
    extension = CONTAINERS[params["container"]["format"]].extension
    document = {
        "kind": "transcode",
        "input": f"oss://{media.bucket}/{media.key}",
        "outputs": [{"address": f"oss://{bucket.name}/{FOLDER}/{new_id()[:12]}/{{FileName}}.{extension}", "overrides": {**params, "edit": edit}}],
    }
    wanted = read_job_request(document)
    return services.submit(spec=wanted.spec, pipeline=wanted.pipeline, source=Job.Source.CONSOLE, owner=owner)
