"""The interop page says what the code does, and knows every action that the SDKs know."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from console.sdk_snippets import SECRET_NAME, snippets
from jobs.dialects import registry
from tests.dialects import clients
from tests.dialects.clients import Endpoint

ROOT = Path(__file__).resolve().parents[2]
SDKS = {"2014-06-18": "alibabacloud_mts20140618", "2020-09-30": "alibabacloud_imm20200930", "2020-11-09": "alibabacloud_ice20201109"}


def actions_of(package: str) -> set[str]:
    """Names of all actions that an SDK can send."""
    source = inspect.getsource(importlib.import_module(f"{package}.client"))
    return set(re.findall(r"action\s*=\s*'(\w+)'", source))


@pytest.mark.parametrize("version", SDKS)
def test_every_action_of_the_sdk_is_known(version: str) -> None:
    dialect = registry.dialect(version)
    assert dialect is not None
    known = set(dialect.actions) | set(dialect.not_served)
    wanted = actions_of(SDKS[version])
    assert len(wanted) > 90
    assert wanted <= known, sorted(wanted - known)
    assert not set(dialect.actions) & set(dialect.not_served)
    assert all(reason.endswith(".") for reason in dialect.not_served.values())
    for name, action in dialect.actions.items():
        assert (action.coverage == "partly") == bool(action.missing), name
        assert action.role in ("viewer", "operator", "admin"), name


@pytest.mark.parametrize("version", SDKS)
def test_every_action_that_the_newest_sdk_left_out_is_known(version: str) -> None:
    """Names of the SDKs aliyun-python-sdk-mts 2.7.6, mts 1.0.2 and 3.3.42, imm 1.0.3 and 2.1.0, ice 1.0.0 and 3.0.0."""
    dialect = registry.dialect(version)
    assert dialect is not None
    older = json.loads((ROOT / "tests/dialects/vectors/older_actions.json").read_text())[version]
    assert older
    assert set(older) <= set(dialect.actions) | set(dialect.not_served)


@pytest.mark.parametrize("version", SDKS)
def test_the_page_has_every_action(version: str) -> None:
    page = (ROOT / "docs" / "interop.md").read_text()
    dialect = registry.dialect(version)
    assert dialect is not None
    part = page.split(f"version {version}")[1].split("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", "\n".join(line.split(" | ")[0] for line in part.splitlines() if line.startswith("| `")))) == set(dialect.actions) | set(
        dialect.not_served
    )


@pytest.mark.parametrize("version", SDKS)
def test_what_is_not_served_says_so(site: Endpoint, version: str) -> None:
    from aliyunsdkcore.acs_exception.exceptions import ServerException

    dialect = registry.dialect(version)
    assert dialect is not None
    for name, reason in list(dialect.not_served.items())[::7]:
        with pytest.raises(ServerException) as refused:
            clients.old_call(site, clients.common(version, name))
        assert refused.value.error_code == "UnsupportedOperation", name
        assert reason in refused.value.message


@pytest.mark.parametrize("number", range(5))
def test_the_programs_of_the_page_run(site: Endpoint, number: int) -> None:
    one = snippets("http", site.address, site.key_id)[number]
    environment: dict[str, str] = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", SECRET_NAME: site.secret}
    done = subprocess.run([sys.executable, "-c", one.code], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip(), one.title


def test_a_policy_holds_in_the_products(site_of: Callable[..., Endpoint], alice: User, buckets: Any) -> None:
    """Whichever product is asked, an object of another bucket is out of reach."""
    from aliyunsdkcore.acs_exception.exceptions import ServerException

    (buckets.input / "a.mp4").write_bytes(b"x")
    limited = site_of(alice, role="admin", policy={"buckets": ["output"]})
    request = clients.common("2014-06-18", "SubmitMediaInfoJob", Input='{"Bucket":"input","Location":"oss-cn-hangzhou","Object":"a.mp4"}')
    with pytest.raises(ServerException) as refused:
        clients.old_call(limited, request)
    assert refused.value.get_http_status() in (400, 403), refused.value
