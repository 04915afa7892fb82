"""The media library, categories, playing and buckets through the SDKs; actions that newer SDKs have no method for are sent by name."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkmts.request.v20140618.AddMediaRequest import AddMediaRequest
from aliyunsdkmts.request.v20140618.QueryMediaListRequest import QueryMediaListRequest

from media_assets.models import Bucket, Category, Media
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.mps.conftest import file
from tests.dialects.mps.test_jobs import SMALL

URL = "http://input.oss-cn-hangzhou.aliyuncs.com/a%20b/%E6%BA%90%2B1.mp4"


@pytest.fixture
def call(site: Endpoint) -> Callable[..., dict[str, Any]]:
    """call(action, **params) -> the answer."""

    def send(action: str, **params: Any) -> dict[str, Any]:
        return clients.old_call(site, clients.common("2014-06-18", action, **params))

    return send


def test_a_media_from_its_beginning_to_its_end(site: Endpoint, clip: str, call: Any) -> None:
    mts = clients.mts(site)
    category = call("AddCategory", CateName="Films 影片")["Category"]
    made = mts.add_media(m.AddMediaRequest(file_url=URL, title="One", description="About", tags="red, blue,red", cate_id=int(category["CateId"]))).body.media
    assert (made.title, made.description, made.tags.tag, made.cate_id) == ("One", "About", ["blue", "red"], int(category["CateId"]))
    assert (made.publish_state, made.censor_state, made.format, made.file.state) == ("UnPublish", "Initiated", "mp4", "Normal")
    assert made.file.url == f"{site.url}/input/a%20b/%E6%BA%90%2B1.mp4"
    row = Media.objects.get(pk=made.media_id)
    assert (row.bucket, row.key) == ("input", clip)

    mts.add_media_tag(m.AddMediaTagRequest(media_id=row.pk, tag="green"))
    mts.delete_media_tag(m.DeleteMediaTagRequest(media_id=row.pk, tag="red"))
    mts.update_media_publish_state(m.UpdateMediaPublishStateRequest(media_id=row.pk, publish=True))
    mts.update_media_cover(m.UpdateMediaCoverRequest(media_id=row.pk, cover_url=URL))
    (told,) = mts.query_media_list(m.QueryMediaListRequest(media_ids=row.pk)).body.media_list.media
    assert (sorted(told.tags.tag), told.publish_state, told.cover_url) == (["blue", "green"], "Published", made.file.url)
    mts.update_media_category(m.UpdateMediaCategoryRequest(media_id=row.pk, cate_id=-1))
    row.refresh_from_db()
    assert (row.category, row.state) == (None, "published")

    for url in (URL, made.file.url, f"oss://input/{clip}"):
        found = mts.query_media_list_by_url(m.QueryMediaListByURLRequest(file_urls=f"{url},http://input.x.com/no.mp4")).body
        assert [one.media_id for one in found.media_list.media] == [row.pk]
        assert found.non_exist_file_urls.file_url == ["http://input.x.com/no.mp4"]

    changed = mts.update_media(m.UpdateMediaRequest(media_id=row.pk, title="Two")).body.media
    assert (changed.title, changed.description, changed.tags.tag, changed.cover_url) == ("Two", None, [], None), "what is not said is cleared"
    mts.delete_media(m.DeleteMediaRequest(media_ids=row.pk))
    assert not Media.objects.exists()
    assert mts.query_media_list(m.QueryMediaListRequest(media_ids=row.pk)).body.non_exist_media_ids.media_id == [row.pk]
    request = AddMediaRequest()
    request.set_FileURL(URL)
    again = clients.old_call(site, request)["Media"]
    assert again["Title"] == "源+1.mp4"
    ask = QueryMediaListRequest()
    ask.set_MediaIds(again["MediaId"])
    assert clients.old_call(site, ask)["MediaList"]["Media"][0]["MediaId"] == again["MediaId"]


def test_what_was_made_of_a_media_is_told_and_played(site: Endpoint, submit: Any, work_off: Any, call: Any, buckets: Any) -> None:
    mts = clients.mts(site)
    submit({"OutputObject": "small.mp4", "TemplateId": SMALL, "Video": {"Width": "160"}})
    config = {"OutputFile": file("{Count}.jpg", "output"), "Time": "0", "Interval": "1"}
    mts.submit_snapshot_job(m.SubmitSnapshotJobRequest(input=json.dumps(file("a b/源+1.mp4")), snapshot_config=json.dumps(config)))
    work_off()
    media_id = Media.objects.get(key="a b/源+1.mp4").pk
    request = m.QueryMediaListRequest(
        media_ids=media_id, include_media_info=True, include_play_list=True, include_snapshot_list=True, include_summary_list=True
    )
    (told,) = mts.query_media_list(request).body.media_list.media
    assert (told.width, told.height, told.fps, told.duration[:3]) == ("320", "180", "25", "2.0")
    assert told.media_info.streams.video_stream_list.video_stream[0].codec_name == "h264"
    (play,) = told.play_list.play
    assert (play.format, play.width, play.height, play.file.url) == ("mp4", "160", "90", f"{site.url}/output/small.mp4")
    (shots,) = told.snapshot_list.snapshot
    assert (shots.type, shots.count) == ("Series", "2")

    with pytest.raises(ServerException) as caught:
        call("PlayInfo", MediaId=media_id)
    assert caught.value.get_error_code() == "InvalidParameter.InvalidState"
    mts.update_media_publish_state(m.UpdateMediaPublishStateRequest(media_id=media_id, publish=True))
    answer = call("PlayInfo", MediaId=media_id, Formats="mp4,m3u8", AuthTimeout="600")
    (info,) = answer["PlayInfoList"]["PlayInfo"]
    assert (info["width"], info["format"], answer["NotFoundCDNDomain"]) == ("160", "mp4", {"String": []})
    with urllib.request.urlopen(info["Url"], timeout=10) as played:
        assert played.read() == (buckets.output / "small.mp4").read_bytes()
    assert call("PlayInfo", MediaId=media_id, Formats="flv")["PlayInfoList"] == {"PlayInfo": []}


def test_search_and_list(site: Endpoint, buckets: Any, clips: Any, call: Any) -> None:
    mts = clients.mts(site)
    category = call("AddCategory", CateName="News")["Category"]["CateId"]
    ids = []
    for name, more in (("alpha", {"tags": "x"}), ("beta", {"description": "Second"}), ("gamma", {"cate_id": int(category), "tags": "x,y"})):
        buckets.put(clips.make(seconds=1), f"{name}.mp4")
        made = mts.add_media(m.AddMediaRequest(file_url=f"oss://input/{name}.mp4", title=f"The {name}", **more))
        ids.append(made.body.media.media_id)

    def found(**params: Any) -> list[str]:
        return [row["Title"].removeprefix("The ") for row in call("SearchMedia", **params)["MediaList"]["Media"]]

    assert found() == ["gamma", "beta", "alpha"]
    assert found(SortBy="CreationTime:Asc") == ["alpha", "beta", "gamma"]
    assert found(Tag="x") == ["gamma", "alpha"]
    assert found(Tag="x", CateId=category) == ["gamma"]
    assert found(Title="bet") == found(Description="sec") == found(KeyWord="beta") == ["beta"]
    assert found(From="2099-01-01T00:00:00Z") == []
    page = call("SearchMedia", PageSize=2, PageNumber=2)
    assert (page["TotalNum"], page["PageNumber"], page["PageSize"], len(page["MediaList"]["Media"])) == (3, 2, 2, 1)
    first = call("ListMedia", MaximumPageSize=2)
    rest = call("ListMedia", MaximumPageSize=2, NextPageToken=first["NextPageToken"])
    assert [row["MediaId"] for row in (*first["MediaList"]["Media"], *rest["MediaList"]["Media"])] == ids[::-1]
    assert "NextPageToken" not in rest


def test_categories(call: Any) -> None:
    top = call("AddCategory", CateName="Top")["Category"]
    assert (top["ParentId"], top["Level"]) == ("-1", "0")
    below = call("AddCategory", CateName="Below", ParentId=top["CateId"])["Category"]
    assert (below["ParentId"], below["Level"]) == (top["CateId"], "1")
    (tree,) = json.loads(call("CategoryTree")["CategoryTree"])
    assert (tree["CateName"], tree["Level"], tree["SubcateList"][0]["CateName"]) == ("Top", 0, "Below")
    assert tree["SubcateList"][0]["CateId"] == int(below["CateId"])
    call("UpdateCategoryName", CateId=below["CateId"], CateName="Lower")
    assert [row["CateName"] for row in call("ListAllCategory")["CategoryList"]["Category"]] == ["Top", "Lower"]
    call("DeleteCategory", CateId=top["CateId"])
    assert [row.name for row in Category.objects.filter(parent=None)] == ["Lower"]
    for action, params, wanted in (
        ("AddCategory", {"CateName": "Lower"}, "InvalidParameter"),
        ("AddCategory", {}, "InvalidParameter.NullValue"),
        ("AddCategory", {"CateName": "x", "ParentId": 999}, "InvalidParameter.ResourceNotFound"),
        ("DeleteCategory", {"CateId": "x"}, "InvalidParameter.NumberFormatInvalid"),
        ("UpdateCategoryName", {"CateId": 999, "CateName": "x"}, "InvalidParameter.ResourceNotFound"),
    ):
        with pytest.raises(ServerException) as caught:
            call(action, **params)
        assert caught.value.get_error_code() == wanted, action


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"file_url": None}, "InvalidParameter.NullValue"),
        ({"file_url": "ftp://x/y"}, "InvalidParameter"),
        ({"file_url": "http://input.host.com/nothing.mp4"}, "InvalidParameter.ResourceNotFound"),
        ({"file_url": "http://elsewhere.host.com/x.mp4"}, "InvalidParameter.ResourceNotFound"),
        ({"file_url": "http://input.host.com/%ff.mp4"}, "InvalidParameter"),
        ({"title": "t" * 129}, "InvalidParameter"),
        ({"description": "d" * 1025}, "InvalidParameter"),
        ({"tags": ",".join(f"t{n}" for n in range(17))}, "InvalidParameter"),
        ({"tags": "t" * 33}, "InvalidParameter"),
        ({"cate_id": 4711}, "InvalidParameter.ResourceNotFound"),
        ({"media_workflow_id": "0" * 32}, "InvalidParameter.ResourceNotFound"),
        ({"cover_url": "http://input.host.com/nothing.jpg"}, "InvalidParameter.ResourceNotFound"),
    ],
)
def test_what_is_no_media(site: Endpoint, clip: str, params: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ClientException) as caught:
        clients.mts(site).add_media(m.AddMediaRequest(**({"file_url": URL} | params)))
    assert caught.value.code == wanted, caught.value.message
    assert not Media.objects.exists()


def test_media_that_are_not_there(site: Endpoint) -> None:
    mts = clients.mts(site)
    for ask in (
        lambda: mts.update_media(m.UpdateMediaRequest(media_id="0" * 32)),
        lambda: mts.delete_media(m.DeleteMediaRequest(media_ids="0" * 32)),
        lambda: mts.add_media_tag(m.AddMediaTagRequest(media_id="x", tag="y")),
        lambda: mts.update_media_publish_state(m.UpdateMediaPublishStateRequest(media_id="x", publish=True)),
    ):
        with pytest.raises(ClientException) as caught:
            ask()
        assert (caught.value.code, caught.value.status_code) == ("InvalidParameter.ResourceNotFound", 404)


def test_buckets(site: Endpoint, buckets: Any) -> None:
    mts = clients.mts(site)

    def bound() -> list[tuple[str, str]]:
        rows = mts.list_all_media_bucket(m.ListAllMediaBucketRequest()).body.media_bucket_list.media_bucket
        return [(row.bucket, row.type) for row in rows]

    assert bound() == [("input", "Input"), ("output", "Output")]
    mts.bind_input_bucket(m.BindInputBucketRequest(bucket="output", referer="http://x"))
    mts.bind_input_bucket(m.BindInputBucketRequest(bucket="output"))
    assert bound() == [("input", "Input"), ("output", "Input"), ("output", "Output")]
    mts.unbind_output_bucket(m.UnbindOutputBucketRequest(bucket="output"))
    assert bound() == [("input", "Input"), ("output", "Input")]
    mts.bind_output_bucket(m.BindOutputBucketRequest(bucket="new-one"))
    assert ("new-one", "Output") in bound()
    page = mts.list_all_media_bucket(m.ListAllMediaBucketRequest(maximum_page_size=2)).body
    rest = mts.list_all_media_bucket(m.ListAllMediaBucketRequest(maximum_page_size=2, next_page_token=page.next_page_token)).body
    assert ([row.bucket for row in rest.media_bucket_list.media_bucket], rest.next_page_token) == (["output"], None)
    mts.unbind_output_bucket(m.UnbindOutputBucketRequest(bucket="new-one"))
    assert not Bucket.objects.filter(name="new-one").exists()
    for bad, wanted in (
        ("Not A Bucket", "InvalidParameter.BucketNameInvalid"),
        ("new-one", "InvalidParameter.ResourceNotFound"),
        (None, "InvalidParameter.NullValue"),
    ):
        with pytest.raises(ClientException) as caught:
            mts.unbind_input_bucket(m.UnbindInputBucketRequest(bucket=bad))
        assert caught.value.code == wanted
    with pytest.raises(ClientException) as caught:
        mts.unbind_input_bucket(m.UnbindInputBucketRequest(bucket="input"))
    assert caught.value.code == "InvalidParameter.InvalidState", "its own folder would be forgotten"
    assert ("input", "Input") in bound()
    with pytest.raises(ClientException) as caught:
        mts.bind_input_bucket(m.BindInputBucketRequest(bucket="console"))
    assert caught.value.code == "InvalidParameter"
