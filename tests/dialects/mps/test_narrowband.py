"""Narrowband in the words of MPS, IMS and IMM, through the official SDKs: presets, templates, subtypes, pipelines, and what arrives in a job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as ice_models
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException

from jobs.models import Output, Pipeline
from templates_app.models import Template
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.mps.conftest import file

PICTURE = {"Codec": "H.264", "Width": "640", "NarrowBand": {"Version": "1.0", "Abrmax": "900", "MaxAbrRatio": "1.0"}}


def stored(template_id: str) -> dict[str, Any]:
    """The parameters of a template as we keep them."""
    row = Template.objects.get(pk=template_id)
    assert row.current is not None
    params: dict[str, Any] = row.current.params
    return params


def test_the_presets_of_mps_are_told(site: Endpoint) -> None:
    found = clients.mts(site).query_template_list(m.QueryTemplateListRequest(template_ids="S00000002-200040,S00000003-200050")).body.template_list.template
    told = {one.name: (one.video.narrow_band.version, one.video.narrow_band.abrmax, one.video.bitrate, one.container.format) for one in found}
    assert told == {"MP4-HD-NarrowBandHDV1": ("1.0", 1500.0, "1500", "mp4"), "MP4-FHD-NarrowBandHDV2": ("2.0", 3000.0, "3000", "mp4")}


def test_a_template_of_mps(site: Endpoint) -> None:
    mts = clients.mts(site)
    made = mts.add_template(m.AddTemplateRequest(name="Narrow", container='{"Format":"mp4"}', video=json.dumps(PICTURE), audio="{}")).body.template
    assert (made.video.narrow_band.version, made.video.narrow_band.abrmax, made.video.bitrate, made.video.crf) == ("1.0", 900.0, "900", None)
    params = stored(made.id)
    assert params["video"]["narrowband"] == {"method": 1}
    assert (params["video"]["bitrate_kbps"], params["conditions"]["if_lower_video_bitrate"]) == (900, "keep")
    changed = PICTURE | {"Bitrate": "700", "Maxrate": "1400", "NarrowBand": {"Version": "2.0", "Abrmax": "900"}}
    told = mts.update_template(
        m.UpdateTemplateRequest(template_id=made.id, name="Narrow", container='{"Format":"mp4"}', video=json.dumps(changed))
    ).body.template
    assert (told.video.narrow_band.version, told.video.narrow_band.abrmax, told.video.maxrate) == ("2.0", 700.0, "1400")  # the smaller bound holds


def test_an_output_of_mps_with_a_preset_and_its_own_words(submit: Any) -> None:
    results = submit(
        {"OutputObject": "a.mp4", "TemplateId": "S00000002-200040"},
        {"OutputObject": "b.mp4", "TemplateId": "S00000003-200030"},
        {"OutputObject": "c.m3u8", "TemplateId": "S00000002-100020"},
        {"OutputObject": "d.mp4", "TemplateId": "S00000001-200030", "Video": {"NarrowBand": {"Version": "2.0", "Abrmax": "1000"}}},
    )
    assert [one.success for one in results] == [True] * 4, [one.message for one in results]
    rows = [Output.objects.get(pk=one.job.job_id) for one in results]
    assert [(row.template.params if row.template else {}).get("video", {}).get("narrowband") for row in rows] == [
        {"method": 1},
        {"method": 2},
        {"method": 1},
        None,
    ]
    assert rows[3].overrides["video"]["narrowband"] == {"method": 2}
    assert rows[3].overrides["video"]["bitrate_kbps"] == 1000


@pytest.mark.media
def test_presets_on_a_real_film(submit: Any, jobs_of: Any, work_off: Any, buckets: Any, media: Path) -> None:
    buckets.put(media / "bottles-360p30-h264-noaudio.mp4", "real/bottles.mp4")
    clip = {"TimeSpan": {"Duration": "3"}}
    results = submit(
        {"OutputObject": "one.mp4", "TemplateId": "S00000002-200020", "Clip": clip},
        {"OutputObject": "two.mp4", "TemplateId": "S00000003-200020", "Clip": clip},
        input=json.dumps(file("real/bottles.mp4")),
    )
    assert all(one.success for one in results), [one.message for one in results]
    work_off()
    for method, job in enumerate(jobs_of(*(one.job.job_id for one in results)), start=1):
        assert job.state == "TranscodeSuccess", (job.code, job.message)
        assert float(job.output.properties.bitrate) <= 400 * 1.02  # the regular preset's
        row = Output.objects.get(pk=job.job_id)
        assert row.certificate
        assert (row.certificate["method"], row.certificate["target"]) == (method, 93.0)
        assert row.certificate["kbps"] <= row.certificate["twin"]["kbps"] * 1.05


@pytest.mark.parametrize(("subtype", "method"), [(4, 1), (5, 2)])
def test_a_template_of_ims(site: Endpoint, subtype: int, method: int) -> None:
    client = clients.ice(site)
    config = {"Container": {"Format": "mp4"}, "Video": {"Codec": "H.264", "Height": "360", "AbrMax": "800"}, "Audio": {"Codec": "AAC"}}
    made = client.create_custom_template(
        ice_models.CreateCustomTemplateRequest(name="narrow", type=1, subtype=subtype, template_config=json.dumps(config))
    ).body.custom_template
    assert made.subtype == str(subtype)
    params = stored(made.template_id)
    assert (params["video"]["narrowband"], params["video"]["bitrate_kbps"]) == ({"method": method}, 800)
    found = client.get_custom_template(ice_models.GetCustomTemplateRequest(template_id=made.template_id)).body.custom_template
    told = json.loads(found.template_config)
    assert found.subtype == subtype
    assert told["Video"]["AbrMax"] == "800"
    assert "NarrowBand" not in told["Video"]
    listed = client.list_custom_templates(ice_models.ListCustomTemplatesRequest(type="1", subtype=str(subtype))).body
    assert [row.template_id for row in listed.custom_template_list] == [made.template_id]
    assert client.list_custom_templates(ice_models.ListCustomTemplatesRequest(type="1", subtype="1")).body.total == 0


def test_lists_of_ims_by_subtype(site: Endpoint) -> None:
    """Each of the five knows its own, and what says nothing of a field is not left out of «Normal»."""
    client = clients.ice(site)
    sound = {"Container": {"Format": "mp3"}, "Audio": {"Codec": "MP3"}}
    picture = {"Container": {"Format": "mp4"}, "Video": {"Codec": "H.264", "AbrMax": "800"}, "Audio": {"Codec": "AAC"}}
    copied = {"Container": {"Format": "mp4"}, "Video": {"Codec": "copy"}, "Audio": {"Codec": "copy"}}
    made = {}
    for subtype, config in {1: picture, 2: sound, 3: copied, 4: picture, 5: picture}.items():
        request = ice_models.CreateCustomTemplateRequest(name=f"t{subtype}", type=1, subtype=subtype, template_config=json.dumps(config))
        made[subtype] = client.create_custom_template(request).body.custom_template.template_id
    for subtype, id_ in made.items():
        rows = client.list_custom_templates(ice_models.ListCustomTemplatesRequest(type="1", subtype=str(subtype))).body.custom_template_list
        assert [(row.template_id, row.subtype) for row in rows] == [(id_, subtype)]


def test_a_template_of_ims_needs_its_bound(site: Endpoint) -> None:
    config = {"Container": {"Format": "mp4"}, "Video": {"Codec": "H.264", "Height": "360", "Crf": "26"}, "Audio": {"Codec": "AAC"}}
    with pytest.raises(ClientException) as caught:
        clients.ice(site).create_custom_template(ice_models.CreateCustomTemplateRequest(name="narrow", type=1, subtype=5, template_config=json.dumps(config)))
    assert caught.value.status_code == 400
    assert not Template.objects.filter(name="narrow").exists()


@pytest.mark.parametrize(("subtype", "number"), [(4, 18), (5, 4)])
def test_system_templates_of_ims(site: Endpoint, subtype: int, number: int) -> None:
    client = clients.ice(site)
    listed = client.list_system_templates(ice_models.ListSystemTemplatesRequest(type="1", subtype=str(subtype), page_size=100)).body.system_template_list
    assert {row.subtype for row in listed} == {subtype}
    assert len([row for row in listed if row.template_id.startswith("S0")]) == number
    one = client.get_system_template(ice_models.GetSystemTemplateRequest(template_id=f"S0000000{subtype - 2}-200040")).body.system_template
    assert (one.template_name, one.subtype) == (f"MP4-HD-NarrowBandHDV{subtype - 3}", subtype)


def test_pipelines_of_the_type(site: Endpoint) -> None:
    made = clients.mts(site).add_pipeline(m.AddPipelineRequest(name="Narrow", speed="NarrowBandHDV2")).body.pipeline
    assert made.speed == "NarrowBandHDV2"
    assert Pipeline.objects.get(pk=made.id).type == Pipeline.Type.NARROWBAND
    listed = clients.ice(site).list_pipelines(ice_models.ListPipelinesRequest(speed="NarrowBandHDV2")).body.pipeline_list
    assert [(row.pipeline_id, row.speed) for row in listed] == [(made.id, "NarrowBandHDV2")]
