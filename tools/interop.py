"""The tables of docs/interop.md: what the dialects say of themselves, action by action. For tools/doc_tables.py and its test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable

Rows = list[list[str]]


def of_product(name: str) -> Rows:
    """Rows (action, served, what is missing) of an RPC product: what it does first, then what it does not, by reason."""
    _ready()
    from jobs.dialects import registry

    version = next(version for version, package in registry.RPC.items() if package == name)
    dialect = registry.dialect(version)
    if dialect is None:
        return []
    rows = [[f"`{action}`", one.coverage, one.missing] for action, one in sorted(dialect.actions.items())]
    reasons: dict[str, list[str]] = {}
    for action, reason in sorted(dialect.not_served.items()):
        reasons.setdefault(reason, []).append(f"`{action}`")
    return rows + [[", ".join(actions), "no", reason] for reason, actions in sorted(reasons.items(), key=lambda row: row[1][0])]


def of_object_store() -> Rows:
    """The same of the object store's requests."""
    _ready()
    from jobs.dialects import registry

    return [[f"`{name}`", served, missing] for name, (served, missing) in registry.object_store_coverage().items()]


def tables(write: Callable[[list[str], Rows], str]) -> dict[str, Callable[[], str]]:
    """Name of each table → what makes it. ``write``: head and rows as Markdown."""
    head = ["action", "served", "what is missing"]
    found: dict[str, Callable[[], str]] = {f"interop_{name}": (lambda name=name: write(head, of_product(name))) for name in ("mps", "imm", "ims")}  # type: ignore[misc]
    return found | {"interop_oss": lambda: write(["request", "served", "what is missing"], of_object_store())}


def _ready() -> None:
    """Django, which the dialects need to be imported: in a data folder of its own unless somebody has set it up already."""
    import django
    from django.apps import apps

    if not apps.ready:
        os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
        os.environ["REELMILL_DATA"] = tempfile.mkdtemp(prefix="reelmill-docs-")
        django.setup()
