"""Transcoding and watermark templates through the SDKs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkmts.request.v20140618.AddTemplateRequest import AddTemplateRequest
from aliyunsdkmts.request.v20140618.AddWaterMarkTemplateRequest import AddWaterMarkTemplateRequest

from jobs.dialects.mps.dialect import DIALECT
from jobs.engine.template import Template as Params
from templates_app.models import Template, WatermarkTemplate
from templates_app.presets import shipped
from tests.dialects import clients
from tests.dialects.clients import Endpoint

WHOLE = {
    "container": '{"Format":"mp4"}',
    "video": '{"Codec":"H.264","Profile":"high","Bitrate":"900","Width":"640","Height":"360","Fps":"25","Gop":"10s","Preset":"medium","ScanMode":"progressive",'
    '"Bufsize":"1800","Maxrate":"1200","PixFmt":"yuv420p"}',
    "audio": '{"Codec":"AAC","Profile":"aac_low","Samplerate":"44100","Bitrate":"64","Channels":"2"}',
    "trans_config": '{"TransMode":"twopass","AdjDarMethod":"pad","IsCheckReso":"true","IsCheckVideoBitrateFail":"true"}',
    "mux_config": "{}",
}


def test_a_template_from_its_beginning_to_its_end(site: Endpoint) -> None:
    mts = clients.mts(site)
    made = mts.add_template(m.AddTemplateRequest(name="Mine", **WHOLE)).body.template
    video, audio, trans = made.video, made.audio, made.trans_config
    assert (made.name, made.state, made.container.format) == ("Mine", "Normal", "mp4")
    assert (video.codec, video.profile, video.bitrate, video.width, video.height, video.fps, video.gop) == ("H.264", "high", "900", "640", "360", "25", "10s")
    assert (video.preset, video.scan_mode, video.bufsize, video.maxrate, video.pix_fmt, video.remove) == (
        "medium",
        "progressive",
        "1800",
        "1200",
        "yuv420p",
        "false",
    )
    assert (audio.codec, audio.samplerate, audio.bitrate, audio.channels, audio.profile) == ("AAC", "44100", "64", "2", "aac_low")
    assert (trans.trans_mode, trans.adj_dar_method, trans.is_check_reso, trans.is_check_video_bitrate_fail) == ("twopass", "pad", "true", "true")
    row = Template.objects.get(pk=made.id)
    params = Params.model_validate(row.current.params, strict=False)  # type: ignore[union-attr]
    assert (params.video.bitrate_kbps, params.video.passes, params.video.scale_type, params.conditions.if_smaller) == (900, 2, "fill", "keep")
    assert params.conditions.if_lower_video_bitrate == "fail"

    changed = mts.update_template(
        m.UpdateTemplateRequest(template_id=made.id, name="Mine 2", container='{"Format":"mp3"}', audio='{"Codec":"MP3"}')
    ).body.template
    assert (changed.name, changed.container.format, changed.audio.codec, changed.audio.bitrate, changed.video.remove) == ("Mine 2", "mp3", "MP3", "128", "true")

    found = mts.query_template_list(m.QueryTemplateListRequest(template_ids=f"{made.id},S00000001-200030,{'0' * 32}")).body
    assert [one.name for one in found.template_list.template] == ["Mine 2", "MP4-HD"]
    assert found.template_list.template[1].video.width == "1280"
    assert found.non_exist_tids.string == ["0" * 32]

    search = mts.search_template(m.SearchTemplateRequest(name_prefix="Mi")).body
    assert (search.total_count, [one.id for one in search.template_list.template]) == (1, [made.id])
    assert mts.delete_template(m.DeleteTemplateRequest(template_id=made.id)).body.template_id == made.id
    (gone,) = mts.query_template_list(m.QueryTemplateListRequest(template_ids=made.id)).body.template_list.template
    assert (gone.name, gone.state) == ("Mine 2", "Deleted")
    assert mts.search_template(m.SearchTemplateRequest(state="Normal")).body.total_count == 0
    assert mts.search_template(m.SearchTemplateRequest(state="Deleted")).body.total_count == 1
    with pytest.raises(ClientException) as caught:
        mts.delete_template(m.DeleteTemplateRequest(template_id=made.id))
    assert (caught.value.code, caught.value.status_code) == ("InvalidParameter.TemplateNotFound", 404)


def test_what_is_not_said_has_the_values_of_mps(site: Endpoint) -> None:
    request = AddTemplateRequest()
    request.set_Name("Bare")
    request.set_Container('{"Format":"m3u8"}')
    request.set_Video('{"Codec":"H.265"}')
    request.set_Audio('{"Codec":"AAC"}')
    made = clients.old_call(site, request)["Template"]
    assert made["Container"] == {"Format": "m3u8"}
    assert (made["Video"]["Codec"], made["Video"]["Crf"], made["Video"]["Gop"], made["Video"]["MaxFps"]) == ("H.265", "26", "250", "60")
    assert (made["Audio"]["Samplerate"], made["Audio"]["Channels"], made["Audio"]["Bitrate"]) == ("44100", "2", "128")
    assert (made["TransConfig"]["IsCheckReso"], made["TransConfig"]["TransMode"]) == ("false", "onepass")


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"video": '{"Codec":"H.263"}'}, "InvalidParameter"),
        ({"video": '{"Codec":"H.265","Profile":"high"}'}, "InvalidParameter.NotSupported"),
        ({"video": '{"Bitrate":"9"}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Bitrate":"50001"}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Crf":"52"}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Width":"127"}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Width":"641"}'}, "InvalidParameter"),
        ({"video": '{"Height":4098}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Fps":"61"}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Fps":"0"}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Gop":"0"}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"Preset":"warp"}'}, "InvalidParameter"),
        ({"video": '{"ScanMode":"sideways"}'}, "InvalidParameter"),
        ({"video": '{"Crop":"1:2:3"}'}, "InvalidParameter"),
        ({"video": '{"Remove":"perhaps"}'}, "InvalidParameter"),
        ({"video": '{"Width":640'}, "InvalidParameter.JsonFormatInvalid"),
        ({"video": "7"}, "InvalidParameter.JsonObjectFormatInvalid"),
        ({"video": '{"NarrowBand":{"Version":"1.0"}}'}, "InvalidParameter.NotSupported"),
        ({"video": '{"Bitrate":"900","NarrowBand":{"Version":"3.0"}}'}, "InvalidParameter"),
        ({"video": '{"NarrowBand":{"Version":"1.0","Abrmax":"9"}}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"NarrowBand":{"Abrmax":"900","MaxAbrRatio":"1.5"}}'}, "InvalidParameter.OutOfRange"),
        ({"video": '{"NarrowBand":{"Abrmax":"900","MaxAbrRatio":"0.5"}}'}, "Parameters.NotSupported"),
        ({"video": '{"Codec":"AV1","NarrowBand":{"Version":"1.0","Abrmax":"900"}}'}, "InvalidParameter.NotSupported"),
        ({"container": '{"Format":"exe"}'}, "InvalidParameter"),
        ({"container": '{"Format":"flv"}', "video": '{"Codec":"H.265"}'}, "InvalidParameter.NotSupported"),
        ({"audio": '{"Codec":"AAC","Samplerate":"12345"}'}, "InvalidParameter"),
        ({"audio": '{"Codec":"AAC","Bitrate":"1001"}'}, "InvalidParameter.OutOfRange"),
        ({"audio": '{"Codec":"AAC","Channels":"9"}'}, "InvalidParameter.OutOfRange"),
        ({"audio": '{"Codec":"MP3","Profile":"aac_low"}'}, "InvalidParameter.NotSupported"),
        ({"audio": '{"Codec":"AAC","Volume":{"Method":"linear","Level":"21"}}'}, "InvalidParameter.OutOfRange"),
        ({"audio": '{"Codec":"AAC","Volume":{"Method":"adaptive"}}'}, "Parameters.NotSupported"),
        ({"trans_config": '{"TransMode":"threepass"}'}, "InvalidParameter"),
        ({"trans_config": '{"TransMode":"CBR"}'}, "InvalidParameter"),
        ({"trans_config": '{"IsCheckReso":"yes"}'}, "InvalidParameter"),
        ({"container": '{"Format":"m3u8"}', "mux_config": '{"Segment":{"Duration":"61"}}'}, "InvalidParameter.OutOfRange"),
        ({"container": '{"Format":"m3u8"}', "mux_config": '{"Segment":{"ForceSegTime":"3,2"}}'}, "InvalidParameter"),
        ({"name": ""}, "InvalidParameter.NullValue"),
        ({"name": "n" * 129}, "InvalidParameter"),
        ({"name": "MP4-HD"}, "InvalidParameter"),
    ],
)
def test_what_is_no_template(site: Endpoint, params: dict[str, str], wanted: str) -> None:
    number = Template.objects.count()
    whole = {"name": "T", "container": '{"Format":"mp4"}', "video": '{"Codec":"H.264"}', "audio": '{"Codec":"AAC"}'} | params
    with pytest.raises(ClientException) as caught:
        clients.mts(site).add_template(m.AddTemplateRequest(**whole))
    assert caught.value.code == wanted
    assert Template.objects.count() == number


def test_presets_cannot_be_changed(site: Endpoint) -> None:
    mts = clients.mts(site)
    for ask in (
        lambda: mts.delete_template(m.DeleteTemplateRequest(template_id="S00000001-200030")),
        lambda: mts.update_template(m.UpdateTemplateRequest(template_id="S00000001-200030", name="X", video='{"Width":"640"}')),
    ):
        with pytest.raises(ClientException) as caught:
            ask()
        assert caught.value.status_code == 403
    assert Template.objects.get(pk="S00000001-200030").name == "MP4-HD"


@pytest.mark.parametrize("preset", [one for one in shipped() if one.id.startswith("S0")], ids=lambda one: one.id)
def test_every_preset_is_told(site: Endpoint, preset: Any) -> None:
    (told,) = clients.mts(site).query_template_list(m.QueryTemplateListRequest(template_ids=preset.id)).body.template_list.template
    assert (told.id, told.name, told.state) == (preset.id, preset.name, "Normal")
    assert told.container.format == {"hls": "m3u8"}.get(preset.params["container"]["format"], preset.params["container"]["format"])
    width = (preset.params.get("video") or {}).get("width")
    assert told.video.width == (str(width) if width else None)


def test_a_watermark_template_from_its_beginning_to_its_end(site: Endpoint) -> None:
    mts = clients.mts(site)
    config = {"Type": "Image", "Width": "0.05", "Dx": "10", "Dy": "0.12345", "ReferPos": "BottomLeft", "Timeline": {"Start": "3", "Duration": "ToEND"}}
    made = mts.add_water_mark_template(m.AddWaterMarkTemplateRequest(name="Logo", config=json.dumps(config))).body.water_mark_template
    assert (made.name, made.state, made.type, made.width, made.dx, made.dy, made.refer_pos) == ("Logo", "Normal", "Image", "0.05", "10", "0.1234", "BottomLeft")
    assert (made.timeline.start, made.timeline.duration, made.ratio_refer.width) == ("3", "ToEND", "Width")
    assert WatermarkTemplate.objects.get(pk=made.id).params == {"width": 0.05, "dx": 10, "dy": 0.1234, "corner": "bottom_left", "start": 3.0}
    changed = mts.update_water_mark_template(
        m.UpdateWaterMarkTemplateRequest(water_mark_template_id=made.id, name="Logo 2", config='{"Height":"64","Timeline":"{\\"Duration\\":\\"5\\"}"}')
    ).body.water_mark_template
    assert (changed.name, changed.height, changed.width, changed.refer_pos, changed.timeline.duration) == ("Logo 2", "64", None, "TopRight", "5")
    found = mts.query_water_mark_template_list(m.QueryWaterMarkTemplateListRequest(water_mark_template_ids=f"{made.id},nobody")).body
    assert [one.name for one in found.water_mark_template_list.water_mark_template] == ["Logo 2"]
    assert found.non_exist_wids.string == ["nobody"]
    assert mts.search_water_mark_template(m.SearchWaterMarkTemplateRequest(state="Normal")).body.total_count == 1
    assert mts.delete_water_mark_template(m.DeleteWaterMarkTemplateRequest(water_mark_template_id=made.id)).body.water_mark_template_id == made.id
    (gone,) = mts.search_water_mark_template(m.SearchWaterMarkTemplateRequest(state="Deleted")).body.water_mark_template_list.water_mark_template
    assert (gone.id, gone.name, gone.state) == (made.id, "Logo 2", "Deleted")
    request = AddWaterMarkTemplateRequest()
    request.set_Name("Words")
    request.set_Config('{"Type":"Text"}')
    assert clients.old_call(site, request)["WaterMarkTemplate"]["Type"] == "Text"


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ("", "InvalidParameter.NullValue"),
        ("{", "InvalidParameter.JsonFormatInvalid"),
        ('{"Width":"5"}', "InvalidParameter.OutOfRange"),
        ('{"Width":"4097"}', "InvalidParameter.OutOfRange"),
        ('{"Width":"1.5"}', "InvalidParameter.OutOfRange"),
        ('{"Dx":"-3"}', "InvalidParameter.OutOfRange"),
        ('{"ReferPos":"Middle"}', "InvalidParameter"),
        ('{"Type":"Song"}', "InvalidParameter"),
        ('{"RatioRefer":{"Dx":"Height"}}', "InvalidParameter.NotSupported"),
        ('{"Timeline":{"Duration":"soon"}}', "InvalidParameter.NumberFormatInvalid"),
    ],
)
def test_what_is_no_watermark_template(site: Endpoint, config: str, wanted: str) -> None:
    with pytest.raises(ClientException) as caught:
        clients.mts(site).add_water_mark_template(m.AddWaterMarkTemplateRequest(name="W", config=config))
    assert caught.value.code == wanted
    assert not WatermarkTemplate.objects.exists()


def test_every_partly_says_what_is_missing() -> None:
    for name, action in DIALECT.actions.items():
        assert bool(action.missing) == (action.coverage == "partly"), name
    assert all(why.endswith(".") for why in DIALECT.not_served.values())
    assert not set(DIALECT.actions) & set(DIALECT.not_served)
