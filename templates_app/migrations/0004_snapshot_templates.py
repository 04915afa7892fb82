from django.db import migrations, models

import console.lib.ids


class Migration(migrations.Migration):
    dependencies = [("templates_app", "0003_watermark_templates")]

    operations = [
        migrations.CreateModel(
            name="SnapshotTemplate",
            fields=[
                ("id", models.CharField(default=console.lib.ids.new_id, editable=False, max_length=64, primary_key=True, serialize=False, verbose_name="id")),
                ("name", models.CharField(max_length=128, unique=True, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[("snapshot", "Snapshot"), ("sprite", "Sprite"), ("webvtt", "WebVTT thumbnails")],
                        default="snapshot",
                        max_length=16,
                        verbose_name="type",
                    ),
                ),
                ("params", models.JSONField(default=dict, help_text="what a snapshot or sprite job says, without its input", verbose_name="parameters")),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated")),
            ],
            options={"verbose_name": "snapshot template", "verbose_name_plural": "snapshot templates", "ordering": ("name",)},
        ),
    ]
