"""Which outputs had which watermark templates laid over them; outputs that are there already are asked for theirs."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.db import migrations, models


def fill(apps: Any, _schema_editor: Any) -> None:
    """The ids stand in the effective parameters."""
    output, used, mark = (apps.get_model(*name) for name in (("jobs", "Output"), ("jobs", "UsedMark"), ("templates_app", "WatermarkTemplate")))
    known = set(mark.objects.values_list("pk", flat=True))
    if not known:
        return
    rows = output.objects.filter(effective__watermarks__0__isnull=False).only("id", "effective")
    for row in rows.iterator(chunk_size=500):
        ids = {one.get("template") for one in row.effective.get("watermarks") or () if isinstance(one, dict)}
        used.objects.bulk_create([used(output_id=row.pk, mark_id=pk) for pk in ids & known], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("templates_app", "0004_snapshot_templates"), ("jobs", "0017_output_certificate")]

    operations = [
        migrations.CreateModel(
            name="UsedMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "mark",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="templates_app.watermarktemplate", verbose_name="watermark template"
                    ),
                ),
                (
                    "output",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="used_marks", to="jobs.output", verbose_name="output"),
                ),
            ],
            options={"verbose_name": "used watermark template", "verbose_name_plural": "used watermark templates", "ordering": ("output", "mark")},
        ),
        migrations.AddConstraint(model_name="usedmark", constraint=models.UniqueConstraint(fields=("output", "mark"), name="used_mark_once")),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
