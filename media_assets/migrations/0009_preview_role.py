from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media_assets", "0008_snapshot_role")]

    operations = [
        migrations.AlterField(
            model_name="mediafile",
            name="role",
            field=models.CharField(
                choices=[("source", "Source"), ("rendition", "Rendition"), ("snapshot", "Snapshot"), ("preview", "Preview")],
                max_length=16,
                verbose_name="role",
            ),
        ),
    ]
