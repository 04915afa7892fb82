"""What others than admins do not learn: how outputs of customized templates are made. Command lines, logs, parameters and plans are kept from them.

A job's command lines and log tell of all its outputs at once, so one customized template is enough to hide them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from console.auth import Caller, at_least
from console.models import Role

if TYPE_CHECKING:
    from django.http import HttpRequest

    from jobs.models import Job, Output


def why() -> str:
    """The one sentence that stands where something is hidden."""
    return _("The job uses a customized template: only admins see its parameters, command lines and log.")


def sees_all(request: HttpRequest) -> bool:
    """Whether the caller, a program or a person, is an admin."""
    caller = getattr(request, "auth", None)
    return caller.at_least(Role.ADMIN) if isinstance(caller, Caller) else at_least(request.user, Role.ADMIN)


def is_opaque(output: Output) -> bool:
    """Whether its template is customized now."""
    return output.template is not None and output.template.template.is_opaque


def hides(request: HttpRequest, job: Job) -> bool:
    """Whether command lines and log of this job are kept from the caller."""
    return any(is_opaque(output) for output in job.outputs.all()) and not sees_all(request)


def hides_output(request: HttpRequest, output: Output) -> bool:
    """Whether parameters of this output are kept from the caller."""
    return is_opaque(output) and not sees_all(request)


def spec_told(request: HttpRequest, job: Job) -> dict[str, Any]:
    """The request as it was sent, without what it said of outputs whose template is customized."""
    spec: dict[str, Any] = job.spec
    hidden = {output.index for output in job.outputs.all() if hides_output(request, output)}
    if not hidden or "outputs" not in spec:
        return spec
    return spec | {"outputs": _without_overrides(spec["outputs"], hidden)}


def _without_overrides(outputs: Iterable[dict[str, Any]], hidden: set[int]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "overrides" or index not in hidden} for index, row in enumerate(outputs)]
