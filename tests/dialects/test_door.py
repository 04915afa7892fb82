"""The door of the RPC products: the official SDKs get in with every signature, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException
from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkmts.request.v20140618.QueryPipelineListRequest import QueryPipelineListRequest
from django.contrib.auth.models import User

from console.models import AccessKey, Role
from jobs.dialects import registry
from jobs.dialects.call import Action, Call, Dialect, Refusal
from jobs.engine.errors import Refused
from tests.dialects import clients
from tests.dialects.clients import Endpoint


def echo(call: Call) -> dict[str, Any]:
    """Says what arrived."""
    if call.params.get("Fail"):
        raise Refused(call.params["Fail"], "A sentence of ours.")
    if call.params.get("Refuse"):
        raise Refusal("InvalidParameter.NullValue", 'The specified parameter "X" cannot be null.', 400)
    return {"PipelineList": {"Pipeline": [{"Id": name, "Name": value} for name, value in sorted(call.params.items())]}, "Who": call.caller.name}


@pytest.fixture(autouse=True)
def product(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A product of this test's own in place of MPS."""
    own = Dialect(
        "Mts",
        "2014-06-18",
        {"QueryPipelineList": Action(echo, Role.VIEWER), "AddPipeline": Action(echo, Role.ADMIN)},
        {"SubmitMediaCensorJob": "There is no review here."},
    )
    monkeypatch.setattr(registry, "dialect", {"2014-06-18": own}.get)
    return


def told(answer: dict[str, Any]) -> dict[str, str]:
    return {row["Id"]: row["Name"] for row in answer["PipelineList"]["Pipeline"]}


AWKWARD = "a b+c~*%2B&=/中文\u00e9😀"


@pytest.mark.parametrize("algorithm", ["", "v2"])
def test_tea(site: Endpoint, algorithm: str) -> None:
    from alibabacloud_mts20140618 import models

    answer = clients.mts(site, algorithm=algorithm).query_pipeline_list(models.QueryPipelineListRequest(pipeline_ids=AWKWARD, owner_account=""))
    rows = {row.id: row.name for row in answer.body.pipeline_list.pipeline}
    assert rows["PipelineIds"] == AWKWARD
    assert len(answer.body.request_id) == 36
    assert answer.body.request_id == answer.body.request_id.upper()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("form", [False, True])
def test_old(site: Endpoint, method: str, form: bool) -> None:
    if form and method == "GET":
        method = "PUT"  # not allowed: nothing but GET and POST
        with pytest.raises(ServerException) as refused:
            clients.old_call(site, clients.common("2014-06-18", "QueryPipelineList", method=method, form=form, PipelineIds=AWKWARD))
        assert refused.value.error_code == "UnsupportedHTTPMethod"
        return
    answer = clients.old_call(site, clients.common("2014-06-18", "QueryPipelineList", method=method, form=form, PipelineIds=AWKWARD, Empty=""))
    assert told(answer)["PipelineIds"] == AWKWARD
    assert told(answer)["Empty"] == ""


def test_the_product_request_of_the_old_line(site: Endpoint) -> None:
    assert told(clients.old_call(site, _old_ids()))["PipelineIds"] == "a,b"


def test_wrong_secret(site: Endpoint) -> None:
    wrong = Endpoint(site.address, site.key_id, "another")
    with pytest.raises(ClientException) as refused:
        clients.mts(wrong).query_pipeline_list(_ids())
    assert refused.value.code == "SignatureDoesNotMatch"
    with pytest.raises(ServerException) as old:
        clients.old_call(wrong, _old_ids())
    assert old.value.error_code == "InvalidAccessKeySecret", "the old SDK compares our string to sign with its own"


def test_temporary_credentials(site: Endpoint, site_of: Callable[..., Endpoint], alice: User) -> None:
    lent = site_of(alice, lent=True)
    assert clients.mts(lent).query_pipeline_list(_ids()).status_code == 200
    assert clients.mts(lent, algorithm="v2").query_pipeline_list(_ids()).status_code == 200
    assert clients.old_call(lent, clients.common("2014-06-18", "QueryPipelineList", PipelineIds="a"))["Who"] == "alice"
    assert told(clients.old_call(lent, _old_ids()))["SecurityToken"] == lent.token
    without = Endpoint(site.address, lent.key_id, lent.secret)
    assert _code(without) == "MissingSecurityToken"
    assert _code(Endpoint(site.address, lent.key_id, lent.secret, "rmst-another")) == "InvalidSecurityToken.MismatchWithAccessKey"


def test_disabled(site: Endpoint, alice: User) -> None:
    AccessKey.objects.update(enabled=False)
    assert _code(site) == "InvalidAccessKeyId.Inactive"
    AccessKey.objects.update(enabled=True)
    alice.is_active = False
    alice.save()
    assert _code(site) == "InvalidAccessKeyId.Inactive"
    assert _code(Endpoint(site.address, "LTAIunknown", "x")) == "InvalidAccessKeyId.NotFound"


def test_roles_and_policies(site_of: Callable[..., Endpoint], alice: User, charlie: User) -> None:
    add = clients.common("2014-06-18", "AddPipeline", Name="x")
    assert _old_code(site_of(charlie, role="viewer"), add) == "NoPermission"
    assert _old_code(site_of(alice, role="admin", policy={"read_only": True}), add) == "NoPermission"
    assert _old_code(site_of(alice, role="admin", policy={"actions": ["mps:Query*", "oss:*"]}), add) == "Forbidden.RAM"
    assert _old_code(site_of(alice, role="admin", policy={"actions": ["mps:Add*"]}), add) == ""


@pytest.mark.parametrize(
    ("action", "version", "code"),
    [
        ("Nonsense", "2014-06-18", "InvalidAction.NotFound"),
        ("QueryPipelineList", "2014-06-19", "InvalidVersion"),
        ("SubmitMediaCensorJob", "2014-06-18", "UnsupportedOperation"),
    ],
)
def test_what_is_not_there(site: Endpoint, action: str, version: str, code: str) -> None:
    with pytest.raises(ServerException) as refused:
        clients.old_call(site, clients.common(version, action))
    assert refused.value.error_code == code
    assert refused.value.request_id
    assert refused.value.message


def test_refusals_of_an_action(site: Endpoint) -> None:
    assert _old_code(site, clients.common("2014-06-18", "QueryPipelineList", Refuse="1")) == "InvalidParameter.NullValue"
    assert _old_code(site, clients.common("2014-06-18", "QueryPipelineList", Fail="WrongState")) == "InvalidParameter"
    assert _old_code(site, clients.common("2014-06-18", "QueryPipelineList", Fail="QueueFull")) == "Throttling"


def test_a_literal_scheme_in_host(site: Endpoint) -> None:
    assert clients.mts(site, endpoint=f"http://{site.address}").query_pipeline_list(_ids()).status_code == 200


def _ids() -> Any:
    from alibabacloud_mts20140618 import models

    return models.QueryPipelineListRequest(pipeline_ids="a")


def _old_ids() -> QueryPipelineListRequest:
    request = QueryPipelineListRequest()
    request.set_PipelineIds("a,b")
    return request


def _code(site: Endpoint) -> str:
    with pytest.raises(ClientException) as refused:
        clients.mts(site).query_pipeline_list(_ids())
    return str(refused.value.code)


def _old_code(site: Endpoint, request: Any) -> str:
    try:
        clients.old_call(site, request)
    except ServerException as refused:
        return str(refused.error_code)
    return ""
