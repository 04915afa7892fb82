"""``mux.gif_loop`` is called ``mux.loop`` since animated WebP has it too."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def renamed(mux: Any, old: str, new: str) -> bool:
    """Rename a key where it is; whether something changed."""
    if not isinstance(mux, dict) or old not in mux:
        return False
    mux[new] = mux.pop(old)
    return True


def _rename(apps: Any, old: str, new: str) -> None:
    versions = apps.get_model("templates_app", "TemplateVersion")
    for row in versions.objects.filter(params__mux__has_key=old):
        if renamed(row.params.get("mux"), old, new):
            row.save(update_fields=["params"])


def forwards(apps: Any, schema_editor: Any) -> None:
    _rename(apps, "gif_loop", "loop")


def backwards(apps: Any, schema_editor: Any) -> None:
    _rename(apps, "loop", "gif_loop")


class Migration(migrations.Migration):
    dependencies = [("templates_app", "0001_initial")]

    operations = [migrations.RunPython(forwards, backwards)]
