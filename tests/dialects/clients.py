"""The official SDKs, pointed at a site of ours: only endpoint and protocol differ from what a customer of the cloud writes.

``mts``, ``imm``, ``ice``: clients of the Tea line (``algorithm="v2"`` makes them sign with HMAC-SHA1). ``old``: the older core, with ``old_call`` for any of its requests.
``bucket``: oss2, with any of its three signatures. All take an :class:`Endpoint`.
"""

from __future__ import annotations

import gc
import json
import warnings
from dataclasses import dataclass
from typing import Any

import oss2
from alibabacloud_ice20201109.client import Client as Ice
from alibabacloud_imm20200930.client import Client as Imm
from alibabacloud_mts20140618.client import Client as Mts
from alibabacloud_tea_openapi.utils_models import Config
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import CommonRequest

from tests.dialects import shapes

REGION = "cn-hangzhou"


@dataclass(frozen=True)
class Endpoint:
    """Where a site is, and a key for it. ``address``: host and port."""

    address: str
    key_id: str
    secret: str
    token: str = ""

    @property
    def url(self) -> str:
        """With its scheme."""
        return f"http://{self.address}"


def config(site: Endpoint, *, algorithm: str = "", **more: Any) -> Config:
    """Configuration of a client of the Tea line."""
    if algorithm:
        more["signature_algorithm"] = algorithm
    if site.token:
        more["security_token"] = site.token
    more.setdefault("endpoint", site.address)
    return Config(access_key_id=site.key_id, access_key_secret=site.secret, protocol="http", region_id=REGION, no_proxy="127.0.0.1,localhost", **more)


class _Checked:
    """A client that holds every answer against its own models."""

    def call_api(self, params: Any, request: Any, runtime: Any) -> dict[str, Any]:
        """One call."""
        answer: dict[str, Any] = super().call_api(params, request, runtime)  # type: ignore[misc]
        shapes.check(self, params.action, answer["body"])
        return answer


class _CheckedMts(_Checked, Mts):
    """MPS."""


class _CheckedImm(_Checked, Imm):
    """IMM."""


class _CheckedIce(_Checked, Ice):
    """IMS."""


def mts(site: Endpoint, **more: Any) -> Mts:
    """MPS, version 2014-06-18."""
    return _CheckedMts(config(site, **more))


def imm(site: Endpoint, **more: Any) -> Imm:
    """IMM, version 2020-09-30."""
    return _CheckedImm(config(site, **more))


def ice(site: Endpoint, **more: Any) -> Ice:
    """IMS, version 2020-11-09."""
    return _CheckedIce(config(site, **more))


def old(site: Endpoint) -> AcsClient:
    """The older core."""
    from aliyunsdkcore.auth.credentials import StsTokenCredential

    credential = StsTokenCredential(site.key_id, site.secret, site.token) if site.token else None
    return AcsClient(region_id=REGION, credential=credential) if credential else AcsClient(site.key_id, site.secret, REGION)


def old_call(site: Endpoint, request: Any) -> dict[str, Any]:
    """Send a request of the older line (of aliyunsdkmts, say) and read its JSON answer."""
    if isinstance(request, CommonRequest):
        request.set_domain(site.address)
    else:
        request.set_endpoint(site.address)
    request.set_protocol_type("http")
    try:
        return dict(json.loads(old(site).do_action_with_exception(request)))
    finally:
        _forget_connections()


def _forget_connections() -> None:
    """The older core leaves its connection open in a cycle of objects: collected here, else some later test, or the end of the run, would be told of it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def common(version: str, action: str, *, method: str = "POST", form: bool = False, **params: Any) -> CommonRequest:
    """Any action by its name, for :func:`old_call`. ``form``: parameters in the body."""
    request = CommonRequest()
    request.set_version(version)
    request.set_action_name(action)
    request.set_method(method)
    for name, value in params.items():
        if form:
            request.add_body_params(name, value)
        else:
            request.add_query_param(name, value)
    return request


def bucket(site: Endpoint, name: str = "input", *, version: int = 1, path_style: bool = False) -> oss2.Bucket:
    """A bucket, signed by the scheme of that version: 1, 2 or 4."""
    return oss2.Bucket(oss_auth(site, version), site.url, name, region=REGION if version == 4 else None, is_path_style=path_style)


def oss_auth(site: Endpoint, version: int = 1) -> Any:
    """What signs for oss2."""
    from oss2.credentials import StaticCredentialsProvider

    if site.token and version != 1:
        provider = StaticCredentialsProvider(site.key_id, site.secret, site.token)
        return {2: oss2.ProviderAuthV2, 4: oss2.ProviderAuthV4}[version](provider)
    if site.token:
        return oss2.StsAuth(site.key_id, site.secret, site.token)
    return {1: oss2.Auth, 2: oss2.AuthV2, 4: oss2.AuthV4}[version](site.key_id, site.secret)
