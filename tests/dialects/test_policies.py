"""Keys that a policy limits: whichever product is asked, jobs, tasks and media of other buckets are as if they were not there, and other actions are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from alibabacloud_ice20201109 import models as i
from alibabacloud_imm20200930 import models as n
from alibabacloud_mts20140618 import models as m
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from django.contrib.auth.models import User
from django.test import Client

from console import auth
from jobs.foreign import projects
from jobs.models import Job, Output
from jobs.notices import targets
from media_assets.models import Bucket, Media
from tests.clips import Clips
from tests.conftest import Buckets
from tests.dialects import clients
from tests.dialects.clients import Endpoint
from tests.dialects.mps.conftest import file

POLICY = {"buckets": ["own-*"]}


@pytest.fixture
def mine(site: Endpoint, site_of: Callable[..., Endpoint], alice: User, buckets: Buckets, tmp_path: Any) -> Endpoint:
    """A key of the admin alice for «own-films» only."""
    folder = tmp_path / "own-films"
    folder.mkdir()
    Bucket.objects.create(name="own-films", folder=str(folder), is_input=True, is_output=True)
    return site_of(alice, role="admin", policy=POLICY)


@pytest.fixture
def sources(mine: Endpoint, clips: Clips, tmp_path: Any, buckets: Buckets) -> None:
    """The same film in both places."""
    film = clips.make(seconds=1)
    buckets.put(film, "a.mp4")
    (tmp_path / "own-films" / "a.mp4").write_bytes(film.read_bytes())


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(AlibabaCloudException) as caught:
        call()
    return caught.value.status_code, caught.value.code


def submitted(site: Endpoint, pipeline: Any, source: str, target: str) -> str:
    request = m.SubmitJobsRequest(
        input=json.dumps(file("a.mp4", source)),
        output_bucket=target,
        outputs=json.dumps([{"OutputObject": f"{source}-{target}.mp4", "TemplateId": "MP4-LD"}]),
        pipeline_id=pipeline.id,
    )
    (result,) = clients.mts(site).submit_jobs(request).body.job_result_list.job_result
    assert result.success, result.message
    return str(result.job.job_id)


@pytest.mark.usefixtures("sources")
def test_jobs_of_mps(site: Endpoint, mine: Endpoint, pipeline: Any) -> None:
    foreign, half, own = (
        submitted(site, pipeline, "input", "output"),
        submitted(site, pipeline, "own-films", "output"),
        submitted(mine, pipeline, "own-films", "own-films"),
    )
    client = clients.mts(mine)
    found = client.query_job_list(m.QueryJobListRequest(job_ids=f"{foreign},{half},{own}")).body
    assert ([job.job_id for job in found.job_list.job], found.non_exist_job_ids.string) == ([own], [foreign, half])
    assert [job.job_id for job in client.list_job(m.ListJobRequest()).body.job_list.job] == [own]
    assert len(clients.mts(site).list_job(m.ListJobRequest()).body.job_list.job) == 3
    assert refused(lambda: client.list_job(m.ListJobRequest(next_page_token=foreign))) == (400, "InvalidParameter")
    assert refused(lambda: client.cancel_job(m.CancelJobRequest(job_id=foreign))) == (404, "InvalidParameter.ResourceNotFound")
    assert Output.objects.get(pk=foreign).state == "queued"
    assert client.cancel_job(m.CancelJobRequest(job_id=own)).body.job_id == own


@pytest.mark.usefixtures("sources")
def test_snapshots_and_media_info_of_mps(site: Endpoint, mine: Endpoint, pipeline: Any) -> None:
    def sent(where: Endpoint, bucket: str, target: str) -> tuple[str, str]:
        client = clients.mts(where)
        config = json.dumps({"OutputFile": file("x.jpg", target), "Time": "0", "Num": "1"})
        shot = client.submit_snapshot_job(m.SubmitSnapshotJobRequest(input=json.dumps(file("a.mp4", bucket)), snapshot_config=config))
        info = client.submit_media_info_job(m.SubmitMediaInfoJobRequest(input=json.dumps(file("a.mp4", bucket)), async_=True))
        return shot.body.snapshot_job.id, info.body.media_info_job.job_id

    (foreign_shot, foreign_info), (own_shot, own_info) = sent(site, "input", "output"), sent(mine, "own-films", "own-films")
    client = clients.mts(mine)
    shots = client.query_snapshot_job_list(m.QuerySnapshotJobListRequest(snapshot_job_ids=f"{foreign_shot},{own_shot}")).body
    assert ([job.id for job in shots.snapshot_job_list.snapshot_job], shots.non_exist_snapshot_job_ids.string) == ([own_shot], [foreign_shot])
    assert [job.id for job in client.query_snapshot_job_list(m.QuerySnapshotJobListRequest()).body.snapshot_job_list.snapshot_job] == [own_shot]
    infos = client.query_media_info_job_list(m.QueryMediaInfoJobListRequest(media_info_job_ids=f"{foreign_info},{own_info}")).body
    assert ([job.job_id for job in infos.media_info_job_list.media_info_job], infos.non_exist_media_info_job_ids.string) == ([own_info], [foreign_info])


@pytest.mark.usefixtures("sources")
def test_the_library_of_mps(site: Endpoint, mine: Endpoint) -> None:
    foreign, own = (
        clients.mts(where).add_media(m.AddMediaRequest(file_url=f"oss://{bucket}/a.mp4", title="Film")).body.media.media_id
        for where, bucket in ((site, "input"), (mine, "own-films"))
    )
    client = clients.mts(mine)
    found = client.query_media_list(m.QueryMediaListRequest(media_ids=f"{foreign},{own}")).body
    assert ([row.media_id for row in found.media_list.media], found.non_exist_media_ids.media_id) == ([own], [foreign])
    assert client.query_media_list_by_url(m.QueryMediaListByURLRequest(file_urls="oss://input/a.mp4")).body.media_list.media == []
    for action in ("SearchMedia", "ListMedia"):
        listed = clients.old_call(mine, clients.common("2014-06-18", action, KeyWord="film"))
        assert [row["MediaId"] for row in listed["MediaList"]["Media"]] == [own], action
    for call in (
        lambda: client.update_media(m.UpdateMediaRequest(media_id=foreign, title="Mine")),
        lambda: client.update_media_publish_state(m.UpdateMediaPublishStateRequest(media_id=foreign, publish=True)),
        lambda: client.delete_media(m.DeleteMediaRequest(media_ids=foreign)),
        lambda: client.add_media_tag(m.AddMediaTagRequest(media_id=foreign, tag="x")),
    ):
        assert refused(call) == (404, "InvalidParameter.ResourceNotFound")
    assert Media.objects.get(pk=foreign).title == "Film"


@pytest.mark.usefixtures("sources")
def test_tasks_and_projects_of_imm(site: Endpoint, mine: Endpoint) -> None:
    projects.create_project("shop")
    projects.attach("shop", "input")
    projects.attach("shop", "own-films")

    def sent(where: Endpoint, source: str, target: str) -> str:
        request = {
            "ProjectName": "shop",
            "Sources": [{"URI": f"oss://{source}/a.mp4"}],
            "Targets": [{"URI": f"oss://{target}/{source}.mkv", "Container": "mkv"}],
        }
        return str(clients.imm(where).create_media_convert_task(n.CreateMediaConvertTaskRequest().from_map(request)).body.task_id)

    foreign, own = sent(site, "input", "output"), sent(mine, "own-films", "own-films")
    client = clients.imm(mine)

    def asked(task: str) -> Any:
        return client.get_task(n.GetTaskRequest(project_name="shop", task_type="MediaConvert", task_id=task)).body

    assert asked(own).status == "Running"
    assert refused(lambda: asked(foreign)) == (400, "ResourceNotFound")
    assert [task.task_id for task in client.list_tasks(n.ListTasksRequest(project_name="shop")).body.tasks] == [own]
    assert len(clients.imm(site).list_tasks(n.ListTasksRequest(project_name="shop")).body.tasks) == 2
    listed = client.list_attached_ossbuckets(n.ListAttachedOSSBucketsRequest(project_name="shop")).body.attached_ossbuckets
    assert [row.ossbucket for row in listed] == ["own-films"]
    assert refused(lambda: client.get_ossbucket_attachment(n.GetOSSBucketAttachmentRequest(ossbucket="input"))) == (403, "Forbidden.RAM")
    assert refused(lambda: client.detach_ossbucket(n.DetachOSSBucketRequest(ossbucket="input"))) == (403, "Forbidden.RAM")
    assert refused(lambda: client.delete_project(n.DeleteProjectRequest(project_name="shop"))) == (403, "Forbidden.RAM")
    assert projects.attachment_of("input").project.name == "shop"


@pytest.mark.usefixtures("sources")
def test_jobs_of_ims(site: Endpoint, mine: Endpoint) -> None:
    template = {"Container": {"Format": "mp4"}, "Video": {"Codec": "H.264", "Height": "180"}, "Audio": {"Codec": "AAC"}}

    def sent(where: Endpoint, source: str, target: str) -> tuple[str, str, str, str]:
        client = clients.ice(where)
        config = {
            "Inputs": [{"InputFile": {"Type": "OSS", "Media": f"oss://{source}/a.mp4"}}],
            "Outputs": [{"OutputFile": {"Type": "OSS", "Media": f"oss://{target}/{source}-c.mp4"}, "OverrideParams": template}],
        }
        convert = client.submit_media_convert_job(i.SubmitMediaConvertJobRequest(config=json.dumps(config))).body.job.job_id
        process = {"Transcode": {"TemplateId": "MP4-LD"}}
        request = {
            "InputGroup": [{"Type": "OSS", "Media": f"oss://{source}/a.mp4"}],
            "OutputGroup": [{"Output": {"Type": "OSS", "Media": f"oss://{target}/{source}-t.mp4"}, "ProcessConfig": process}],
        }
        transcode = client.submit_transcode_job(i.SubmitTranscodeJobRequest().from_map(request)).body.transcode_parent_job.parent_job_id
        shot = {
            "Input": {"Type": "OSS", "Media": f"oss://{source}/a.mp4"}, "Output": {"Type": "OSS", "Media": f"oss://{target}/{source}.jpg"},
            "TemplateConfig": {"OverwriteParams": {"Type": "Normal", "Time": 0, "Count": 1}},
        }  # fmt: skip
        snapshot = client.submit_snapshot_job(i.SubmitSnapshotJobRequest().from_map(shot)).body.job_id
        info = client.submit_media_info_job(i.SubmitMediaInfoJobRequest().from_map({"Input": {"Type": "OSS", "Media": f"oss://{source}/a.mp4"}}))
        return convert, transcode, snapshot, info.body.media_info_job.job_id

    foreign, own = sent(site, "input", "output"), sent(mine, "own-films", "own-films")
    client = clients.ice(mine)
    asks: list[Callable[[str], Any]] = [
        lambda one: client.get_media_convert_job(i.GetMediaConvertJobRequest(job_id=one)),
        lambda one: client.get_transcode_job(i.GetTranscodeJobRequest(parent_job_id=one)),
        lambda one: client.get_snapshot_job(i.GetSnapshotJobRequest(job_id=one)),
        lambda one: client.get_media_info_job(i.GetMediaInfoJobRequest(job_id=one)),
    ]
    for ask, theirs, ours in zip(asks, foreign, own, strict=True):
        ask(ours)
        assert refused(lambda ask=ask, theirs=theirs: ask(theirs))[0] == 404  # type: ignore[misc]
    assert refused(lambda: client.get_snapshot_urls(i.GetSnapshotUrlsRequest(job_id=foreign[2])))[0] == 404
    lists = (
        client.list_media_convert_jobs(i.ListMediaConvertJobsRequest()),
        client.list_transcode_jobs(i.ListTranscodeJobsRequest()),
        client.list_snapshot_jobs(i.ListSnapshotJobsRequest()),
        client.list_media_info_jobs(i.ListMediaInfoJobsRequest()),
    )
    assert [len(found.body.jobs) for found in lists] == [1, 1, 1, 1]


@pytest.mark.usefixtures("sources")
def test_the_json_interface(site: Endpoint, mine: Endpoint, pipeline: Any, alice: User) -> None:
    targets.create(name="ends", url="https://example.org/hook")
    pipeline.notify_topic = "ends"
    pipeline.save()
    submitted(site, pipeline, "input", "output")
    submitted(site, pipeline, "own-films", "own-films")
    foreign, own = Job.objects.get(input_bucket="input"), Job.objects.get(input_bucket="own-films")
    token = auth.make_token(alice, "limited", "admin", policy=POLICY)[1]
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert [row["id"] for row in client.get("/api/v1/jobs").json()["items"]] == [own.id]
    assert client.get(f"/api/v1/jobs/{own.id}").status_code == 200
    for path in ("", "/attempts", "/events", "/log"):
        assert client.get(f"/api/v1/jobs/{foreign.id}{path}").status_code == 404
    for act in ("cancel", "retry"):
        assert client.post(f"/api/v1/jobs/{foreign.id}/{act}", {}, content_type="application/json").status_code == 404
    media = {row["id"] for row in client.get("/api/v1/media").json()["items"]}
    assert media == {own.media_id}
    assert client.get(f"/api/v1/media/{foreign.media_id}").status_code == 404
    for job in (foreign, own):
        assert client.post(f"/api/v1/jobs/{job.id}/cancel").status_code == (404 if job == foreign else 200)
    assert {row["job"] for row in client.get("/api/v1/deliveries").json()["items"]} <= {own.id}


@pytest.mark.parametrize(
    ("actions", "allowed"),
    [
        (["mps:Query*", "mps:List*"], {"QueryPipelineList", "ListJob"}),
        (["mps:*"], {"QueryPipelineList", "ListJob", "CancelJob"}),
        (["imm:*", "oss:*"], set()),
        ([], set()),
    ],
)
def test_actions(site_of: Callable[..., Endpoint], alice: User, pipeline: Any, actions: list[str], allowed: set[str]) -> None:
    from aliyunsdkcore.acs_exception.exceptions import ServerException

    limited = site_of(alice, role="admin", policy={"actions": actions})
    for name, params in (("QueryPipelineList", {"PipelineIds": pipeline.id}), ("ListJob", {}), ("CancelJob", {"JobId": "0" * 32})):
        try:
            clients.old_call(limited, clients.common("2014-06-18", name, **params))
            code = ""
        except ServerException as error:
            code = error.error_code
        assert (code == "Forbidden.RAM") == (name not in allowed), name
