"""Pipelines and templates through the SDKs of MPS."""

from __future__ import annotations

import json
import urllib.request
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkmts.request.v20140618.AddPipelineRequest import AddPipelineRequest
from aliyunsdkmts.request.v20140618.QueryPipelineListRequest import QueryPipelineListRequest
from django.contrib.auth.models import User

from jobs.models import Pipeline
from tests.dialects import clients
from tests.dialects.clients import Endpoint


def code(caught: Any) -> tuple[str, int]:
    """Code and HTTP status of a refusal."""
    return caught.value.code, caught.value.status_code


def test_a_pipeline_from_its_beginning_to_its_end(site: Endpoint) -> None:
    mts = clients.mts(site)
    made = mts.add_pipeline(
        m.AddPipelineRequest(name="Night 夜", speed="Boost", speed_level=2, role="AliyunMTSDefaultRole", notify_config='{"Topic":"ends"}')
    ).body.pipeline
    assert (made.name, made.state, made.speed, made.speed_level, made.role, made.notify_config.topic) == (
        "Night 夜",
        "Active",
        "Boost",
        2,
        "AliyunMTSDefaultRole",
        "ends",
    )
    assert made.quota_allocate == 2
    row = Pipeline.objects.get(pk=made.id)
    assert (row.type, row.notify_topic) == ("fast", "ends")

    paused = mts.update_pipeline(m.UpdatePipelineRequest(pipeline_id=made.id, name="Night", state="Paused")).body.pipeline
    assert (paused.name, paused.state, paused.notify_config.topic) == ("Night", "Paused", "ends")
    row.refresh_from_db()
    assert row.state == Pipeline.State.PAUSED

    found = mts.query_pipeline_list(m.QueryPipelineListRequest(pipeline_ids=f"{made.id},{'0' * 32}")).body
    assert [one.id for one in found.pipeline_list.pipeline] == [made.id]
    assert found.non_exist_pids.string == ["0" * 32]

    assert [p.name for p in mts.search_pipeline(m.SearchPipelineRequest(state="Paused")).body.pipeline_list.pipeline] == ["Night"]
    page = mts.search_pipeline(m.SearchPipelineRequest(page_number=2, page_size=1)).body
    assert (page.total_count, page.page_number, page.page_size, len(page.pipeline_list.pipeline)) == (2, 2, 1, 1)

    active = mts.update_pipeline(m.UpdatePipelineRequest(pipeline_id=made.id, name="Night", state="Active", notify_config='{"QueueName":"q"}')).body.pipeline
    assert (active.state, active.notify_config.queue_name, active.notify_config.topic) == ("Active", "q", None)
    row.refresh_from_db()
    assert row.notify_topic == "q"
    assert mts.delete_pipeline(m.DeletePipelineRequest(pipeline_id=made.id)).body.pipeline_id == made.id
    assert not Pipeline.objects.filter(pk=made.id).exists()


def test_the_older_sdk_reads_the_same(site: Endpoint) -> None:
    request = AddPipelineRequest()
    request.set_Name("Old")
    made = clients.old_call(site, request)["Pipeline"]
    ask = QueryPipelineListRequest()
    ask.set_PipelineIds(made["Id"])
    answer = clients.old_call(site, ask)
    assert answer["PipelineList"]["Pipeline"][0]["Name"] == "Old"
    assert answer["NonExistPids"] == {"String": []}


def test_in_xml_the_lists_are_wrapped_elements(site: Endpoint, pipeline: Any) -> None:
    request = QueryPipelineListRequest()
    request.set_PipelineIds(pipeline.id)
    request.set_accept_format("XML")
    request.set_method("GET")
    with urllib.request.urlopen(site.url + request.get_url("cn-hangzhou", site.key_id, site.secret), timeout=10) as answer:
        root = ET.fromstring(answer.read())  # noqa: S314  our own site's answer
    assert root.tag == "QueryPipelineListResponse"
    assert root.findtext("PipelineList/Pipeline/Id") == pipeline.id
    assert root.findtext("RequestId")


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"name": None}, ("InvalidParameter.NullValue", 400)),
        ({"name": "n" * 129}, ("InvalidParameter", 400)),
        ({"name": "default"}, ("InvalidParameter", 400)),
        ({"name": "x", "speed": "Warp"}, ("InvalidParameter", 400)),
        ({"name": "x", "speed_level": 9}, ("InvalidParameter.OutOfRange", 400)),
        ({"name": "x", "notify_config": "{"}, ("InvalidParameter.JsonFormatInvalid", 400)),
        ({"name": "x", "notify_config": "[1]"}, ("InvalidParameter.JsonObjectFormatInvalid", 400)),
        ({"name": "x", "notify_config": '{"Topic":"http://127.0.0.1/"}'}, ("InvalidParameter", 400)),
    ],
)
def test_what_is_no_pipeline(site: Endpoint, params: dict[str, Any], wanted: tuple[str, int]) -> None:
    with pytest.raises(ClientException) as caught:
        clients.mts(site).add_pipeline(m.AddPipelineRequest(**params))
    assert code(caught) == wanted
    assert Pipeline.objects.count() == 1


def test_pipelines_that_are_not_there(site: Endpoint, pipeline: Any) -> None:
    mts = clients.mts(site)
    for ask in (
        lambda: mts.update_pipeline(m.UpdatePipelineRequest(pipeline_id="0" * 32, name="x", state="Active")),
        lambda: mts.delete_pipeline(m.DeletePipelineRequest(pipeline_id="nobody")),
    ):
        with pytest.raises(ClientException) as caught:
            ask()
        assert code(caught) == ("InvalidParameter.ResourceNotFound", 404)
    with pytest.raises(ClientException) as caught:
        mts.update_pipeline(m.UpdatePipelineRequest(pipeline_id=pipeline.id, name="x", state="Sleeping"))
    assert code(caught) == ("InvalidParameter", 400)
    with pytest.raises(ClientException) as caught:
        mts.query_pipeline_list(m.QueryPipelineListRequest(pipeline_ids=",".join(f"{n:032x}" for n in range(11))))
    assert code(caught) == ("InvalidParameter.ListSizeExceed", 400)
    with pytest.raises(ClientException) as caught:
        mts.query_pipeline_list(m.QueryPipelineListRequest())
    assert code(caught) == ("InvalidParameter.NullValue", 400)
    with pytest.raises(ClientException) as caught:
        mts.delete_pipeline(m.DeletePipelineRequest(pipeline_id=pipeline.id))
    assert code(caught) == ("InvalidParameter.InvalidState", 400)
    pipeline.refresh_from_db()
    assert pipeline.name == "default"


def test_operators_and_viewers(site_of: Any, bob: User, charlie: User) -> None:
    for site in (site_of(bob), site_of(charlie, role="viewer")):
        assert clients.mts(site).search_pipeline(m.SearchPipelineRequest()).body.total_count == 1
        with pytest.raises(ClientException) as caught:
            clients.mts(site).add_pipeline(m.AddPipelineRequest(name="x"))
        assert code(caught) == ("NoPermission", 403)


def test_what_is_not_served_says_so(site: Endpoint) -> None:
    mts = clients.mts(site)
    with pytest.raises(ClientException) as caught:
        mts.submit_fp_shot_job(m.SubmitFpShotJobRequest(input="{}", fp_shot_config="{}", pipeline_id="x"))
    assert code(caught)[0] == "UnsupportedOperation"
    assert "not served" in caught.value.message
    with pytest.raises(ServerException) as old:
        clients.old_call(site, clients.common("2014-06-18", "SubmitVideoGifJob"))
    assert old.value.get_error_code() == "UnsupportedOperation"
    with pytest.raises(ServerException) as old:
        clients.old_call(site, clients.common("2014-06-18", "BrewCoffee"))
    assert (old.value.get_error_code(), old.value.get_http_status()) == ("InvalidAction.NotFound", 404)


def test_every_action_of_the_newest_sdk_is_known() -> None:
    from alibabacloud_mts20140618.client import Client

    from jobs.dialects.mps.dialect import DIALECT

    spelled = {name.lower() for name in (*DIALECT.actions, *DIALECT.not_served)}
    methods = {
        name.replace("_", "")
        for name in dir(Client)
        if not name.startswith("_") and name.endswith(("list", "job", "jobs", "template", "pipeline", "bucket", "media"))
    }
    methods = {name for name in methods if f"{name}request" in {model.lower() for model in dir(m)}}
    assert methods
    assert methods <= spelled, sorted(methods - spelled)
    requests = {name.removesuffix("Request") for name in dir(m) if name.endswith("Request")}
    assert requests <= {*DIALECT.actions, *DIALECT.not_served}, sorted(requests - {*DIALECT.actions, *DIALECT.not_served})
    assert json.dumps(sorted(DIALECT.not_served))
