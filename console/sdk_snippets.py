"""Examples for the official SDKs with this site's endpoint: what is different from the cloud is the endpoint and, without TLS, the protocol. A test runs them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

SECRET_NAME = "REELMILL_ACCESS_KEY_SECRET"  # noqa: S105  the name of a variable


@dataclass(frozen=True)
class Snippet:
    """``key``: for links and ids; ``package``: what pip installs; ``code``: a whole Python program that prints something."""

    key: str
    title: str
    product: str
    package: str
    code: str


def snippets(scheme: str, host: str, key_id: str) -> list[Snippet]:
    """All of them for this site. ``host``: with its port where it has one; ``key_id``: the AccessKey id to show."""
    filled = {"@SCHEME@": scheme, "@HOST@": host, "@KEY@": key_id, "@SECRET@": f'os.environ["{SECRET_NAME}"]'}
    found = []
    for key, title, product, package, text in _TEXTS:
        code = dedent(text).strip() + "\n"
        for name, value in filled.items():
            code = code.replace(name, value)
        found.append(Snippet(key, title, product, package, code))
    return found


_TEA = """
    import os

    from @PACKAGE@ import models
    from @PACKAGE@.client import Client
    from alibabacloud_tea_openapi.utils_models import Config

    client = Client(Config(
        access_key_id="@KEY@",
        access_key_secret=@SECRET@,
        endpoint="@HOST@",
        protocol="@SCHEME@",
    ))
"""
_TEXTS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "mts",
        "alibabacloud_mts20140618",
        "MPS",
        "alibabacloud_mts20140618",
        _TEA.replace("@PACKAGE@", "alibabacloud_mts20140618")
        + """
    answer = client.search_pipeline(models.SearchPipelineRequest())
    for pipeline in answer.body.pipeline_list.pipeline:
        print(pipeline.id, pipeline.name, pipeline.state)
""",
    ),
    (
        "core",
        "aliyun-python-sdk-mts",
        "MPS",
        "aliyun-python-sdk-core aliyun-python-sdk-mts",
        """
    import os

    from aliyunsdkcore.client import AcsClient
    from aliyunsdkmts.request.v20140618.SearchPipelineRequest import SearchPipelineRequest

    client = AcsClient("@KEY@", @SECRET@, "cn-hangzhou")
    request = SearchPipelineRequest()
    request.set_endpoint("@HOST@")
    request.set_protocol_type("@SCHEME@")
    print(client.do_action_with_exception(request).decode())
""",
    ),
    (
        "imm",
        "alibabacloud_imm20200930",
        "IMM",
        "alibabacloud_imm20200930",
        _TEA.replace("@PACKAGE@", "alibabacloud_imm20200930")
        + """
    answer = client.list_projects(models.ListProjectsRequest())
    for project in answer.body.projects or []:
        print(project.project_name, project.description)
    print(answer.body.request_id)
""",
    ),
    (
        "ice",
        "alibabacloud_ice20201109",
        "IMS",
        "alibabacloud_ice20201109",
        _TEA.replace("@PACKAGE@", "alibabacloud_ice20201109")
        + """
    answer = client.list_pipelines(models.ListPipelinesRequest())
    for pipeline in answer.body.pipeline_list or []:
        print(pipeline.pipeline_id, pipeline.name, pipeline.status)
    print(answer.body.request_id)
""",
    ),
    (
        "oss2",
        "oss2",
        "OSS",
        "oss2",
        """
    import os

    import oss2

    auth = oss2.Auth("@KEY@", @SECRET@)
    service = oss2.Service(auth, "@SCHEME@://@HOST@")
    for bucket in service.list_buckets().buckets:
        print(bucket.name)
        for item in oss2.Bucket(auth, "@SCHEME@://@HOST@", bucket.name, is_path_style=True).list_objects(max_keys=5).object_list:
            print("   ", item.key, item.size)
""",
    ),
)
