"""Times that rows are given at first, or with each save, are those of the database's clock."""

from __future__ import annotations

import jobs.clock
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0018_used_marks"),
    ]

    operations = [
        # Times are written by Python. Without this, SQLite would copy each table, jobs too, for nothing.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="attempt",
                    name="started_at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="started"),
                ),
                migrations.AlterField(
                    model_name="bucketattachment",
                    name="created_at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="bucketattachment",
                    name="updated_at",
                    field=jobs.clock.ChangedField(editable=False, verbose_name="updated"),
                ),
                migrations.AlterField(
                    model_name="foreigntask",
                    name="created_at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="job",
                    name="created_at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="jobevent",
                    name="at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="time"),
                ),
                migrations.AlterField(
                    model_name="notifytarget",
                    name="created_at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="notifytarget",
                    name="updated_at",
                    field=jobs.clock.ChangedField(editable=False, verbose_name="updated"),
                ),
                migrations.AlterField(
                    model_name="pipeline",
                    name="created_at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="pipeline",
                    name="updated_at",
                    field=jobs.clock.ChangedField(editable=False, verbose_name="updated"),
                ),
                migrations.AlterField(
                    model_name="pipelineevent",
                    name="at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="time"),
                ),
                migrations.AlterField(
                    model_name="project",
                    name="created_at",
                    field=models.DateTimeField(default=jobs.clock.now, editable=False, verbose_name="created"),
                ),
                migrations.AlterField(
                    model_name="project",
                    name="updated_at",
                    field=jobs.clock.ChangedField(editable=False, verbose_name="updated"),
                ),
            ],
        ),
    ]
