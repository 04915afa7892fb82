"""The products that are answered here, by name. A product that nobody has written yet is as if its version were unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from django.http import HttpResponseBase

    from jobs.dialects.call import Dialect, OssCall

RPC = {"2014-06-18": "mps", "2020-09-30": "imm", "2020-11-09": "ims"}
"""Version string → package below jobs.dialects. The package's name is also what policies call the product: ``mps:SubmitJobs``."""
OSS = "oss"


@cache
def dialect(version: str) -> Dialect | None:
    """The product of this version, or None."""
    module = _module(f"jobs.dialects.{RPC[version]}.dialect") if version in RPC else None
    return None if module is None else module.DIALECT


@cache
def object_store() -> Callable[[OssCall], HttpResponseBase] | None:
    """What answers requests to the object store, or None."""
    module = _module(f"jobs.dialects.{OSS}.service")
    return None if module is None else module.answer


def object_store_coverage() -> Mapping[str, tuple[str, str]]:
    """Request → how much of it is served (served, partly, no) and what is missing."""
    module = _module(f"jobs.dialects.{OSS}.service")
    return {} if module is None else module.SERVED


def _module(name: str) -> ModuleType | None:
    """The module, or None where it or its package is not there. What fails inside of it is not hidden."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise
