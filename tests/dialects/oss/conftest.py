"""What the tests of the object store share."""

from __future__ import annotations

import oss2
import pytest

from tests.dialects import clients
from tests.dialects.clients import Endpoint


@pytest.fixture(params=[1, 2, 4])
def bucket(request: pytest.FixtureRequest, site: Endpoint) -> oss2.Bucket:
    """The bucket «input», by each version of the signature."""
    return clients.bucket(site, "input", version=request.param)
