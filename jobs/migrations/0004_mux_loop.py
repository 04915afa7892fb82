"""``mux.gif_loop`` is called ``mux.loop`` since animated WebP has it too: in what jobs were sent with and what came of it."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import Q


def renamed(template: Any, old: str, new: str) -> bool:
    """Rename the key in a template or a part of one; whether something changed."""
    mux = template.get("mux") if isinstance(template, dict) else None
    if not isinstance(mux, dict) or old not in mux:
        return False
    mux[new] = mux.pop(old)
    return True


def _rename(apps: Any, old: str, new: str) -> None:
    outputs = apps.get_model("jobs", "Output").objects.filter(Q(overrides__mux__has_key=old) | Q(effective__mux__has_key=old))
    jobs = set()
    for row in outputs.defer("checks"):
        if any([renamed(row.overrides, old, new), renamed(row.effective, old, new)]):
            row.save(update_fields=["overrides", "effective"])
            jobs.add(row.job_id)
    for job in apps.get_model("jobs", "Job").objects.filter(pk__in=jobs).only("spec"):
        given = job.spec.get("outputs") if isinstance(job.spec, dict) else None
        if any([renamed(output.get("overrides"), old, new) for output in given or () if isinstance(output, dict)]):  # noqa: C419  every one
            job.save(update_fields=["spec"])


def forwards(apps: Any, schema_editor: Any) -> None:
    _rename(apps, "gif_loop", "loop")


def backwards(apps: Any, schema_editor: Any) -> None:
    _rename(apps, "loop", "gif_loop")


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_list_indexes")]

    operations = [migrations.RunPython(forwards, backwards)]
