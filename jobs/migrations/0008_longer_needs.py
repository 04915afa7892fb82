"""A step may need filters and programs beside encoders."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Longer «needs»."""

    dependencies: ClassVar = [("jobs", "0007_whole_logs")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="step",
            name="needs",
            field=models.CharField(blank=True, help_text="capabilities that a worker must have; mostly empty", max_length=255, verbose_name="needs"),
        ),
    ]
