"""Pipelines and templates through IMS's SDK."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as m

from tests.dialects.clients import Endpoint, ice

pytestmark = pytest.mark.media


def test_pipelines(site: Endpoint) -> None:
    client = ice(site)
    made = client.create_pipeline(m.CreatePipelineRequest(name="night", speed="Boost", priority=3)).body.pipeline
    assert (made.name, made.speed, made.priority, made.status) == ("night", "Boost", 3, "Active")
    client.update_pipeline(m.UpdatePipelineRequest(pipeline_id=made.pipeline_id, name="late", priority=4, status="Paused"))
    found = client.get_pipeline(m.GetPipelineRequest(pipeline_id=made.pipeline_id)).body.pipeline
    assert (found.name, found.priority, found.status) == ("late", 4, "Paused")
    assert [row.name for row in client.list_pipelines(m.ListPipelinesRequest(speed="Boost")).body.pipeline_list] == ["late"]
    assert {row.name for row in client.list_pipelines(m.ListPipelinesRequest()).body.pipeline_list} == {"default", "late"}
    assert client.update_pipeline(m.UpdatePipelineRequest(pipeline_id=made.pipeline_id, status="Active")).body.success is True
    assert client.get_pipeline(m.GetPipelineRequest(pipeline_id="late")).body.pipeline.status == "Active"
    assert client.delete_pipeline(m.DeletePipelineRequest(pipeline_id=made.pipeline_id)).body.success is True
    assert not client.list_pipelines(m.ListPipelinesRequest(speed="Boost")).body.pipeline_list


TEMPLATES = {
    1: ({"Container": {"Format": "m3u8"}, "Video": {"Codec": "H.265", "Crf": 27}, "Audio": {"Codec": "MP3"}}, ("Container", {"Format": "m3u8"})),
    2: ({"Type": "Sprite", "Interval": 5, "SpriteSnapshotConfig": {"Lines": 3}}, ("Interval", 5)),
    4: ({"File": {"Type": "OSS", "Media": "oss://input/logo.png"}, "Dx": "10", "ReferPos": "BottomLeft"}, ("ReferPos", "BottomLeft")),
    5: ({"Content": "words", "FontSize": "30"}, ("FontSize", "30")),
}


@pytest.mark.parametrize("type_", TEMPLATES)
def test_templates(site: Endpoint, type_: int) -> None:
    client = ice(site)
    config, (field, value) = TEMPLATES[type_]
    made = client.create_custom_template(m.CreateCustomTemplateRequest(name="first", type=type_, template_config=json.dumps(config))).body.custom_template
    assert (made.template_name, made.type, made.status) == ("first", type_, "Normal")

    def get() -> Any:
        return client.get_custom_template(m.GetCustomTemplateRequest(type=type_, template_id=made.template_id)).body.custom_template

    assert json.loads(get().template_config)[field] == value
    assert client.update_custom_template(m.UpdateCustomTemplateRequest(template_id=made.template_id, name="second")).body.success is True
    assert get().template_name == "second"
    listed = client.list_custom_templates(m.ListCustomTemplatesRequest(type=str(type_), page_size=5)).body
    assert (listed.total, [row.template_name for row in listed.custom_template_list]) == (1, ["second"])
    assert client.delete_custom_template(m.DeleteCustomTemplateRequest(template_id=made.template_id)).body.success is True
    assert client.list_custom_templates(m.ListCustomTemplatesRequest(type=str(type_))).body.total == 0


def test_system_templates(site: Endpoint) -> None:
    client = ice(site)
    listed = client.list_system_templates(m.ListSystemTemplatesRequest(type="1", page_size=100)).body
    names = {row.template_name: row.template_id for row in listed.system_template_list}
    assert listed.total >= len(names) > 20
    found = client.get_system_template(m.GetSystemTemplateRequest(template_id=names["mp4-h264-360p"])).body.system_template
    assert json.loads(found.template_config)["Container"] == {"Format": "mp4"}
