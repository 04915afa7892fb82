"""Data written before ``mux.gif_loop`` became ``mux.loop`` is read after."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps

from jobs.models import Job, Output
from templates_app import services
from templates_app.models import TemplateVersion
from tests.jobs.rows import waiting

OLD = {"container": {"format": "gif"}, "mux": {"gif_loop": 3, "faststart": True}}


def test_versions_outputs_and_jobs_get_the_new_name_and_back(presets, pipeline):
    template = services.create("Loops", {"container": {"format": "gif"}, "mux": {"loop": 1}})
    TemplateVersion.objects.filter(pk=template.current_id).update(params=OLD)
    output = waiting(pipeline, outputs=2).job.outputs.first()
    Output.objects.filter(pk=output.pk).update(overrides={"mux": {"gif_loop": 2}}, effective=OLD)
    Job.objects.filter(pk=output.job_id).update(spec={"kind": "transcode", "outputs": [{"overrides": {"mux": {"gif_loop": 2}}}, {}]})
    modules = [importlib.import_module(name) for name in ("templates_app.migrations.0002_mux_loop", "jobs.migrations.0004_mux_loop")]
    for module in modules:
        module.forwards(apps, None)
    template.current.refresh_from_db()
    output.refresh_from_db()
    job = Job.objects.get(pk=output.job_id)
    assert template.current.params["mux"] == output.effective["mux"] == {"loop": 3, "faststart": True}
    assert output.overrides == {"mux": {"loop": 2}}
    assert job.spec["outputs"] == [{"overrides": {"mux": {"loop": 2}}}, {}]
    for module in reversed(modules):
        module.backwards(apps, None)
    output.refresh_from_db()
    job.refresh_from_db()
    assert output.overrides == job.spec["outputs"][0]["overrides"] == {"mux": {"gif_loop": 2}}


@pytest.mark.parametrize("value", [{}, {"mux": None}, {"mux": {"loop": 1}}, None, []])
def test_what_does_not_say_it_stays(value):
    module = importlib.import_module("jobs.migrations.0004_mux_loop")
    assert not module.renamed(value, "gif_loop", "loop")
