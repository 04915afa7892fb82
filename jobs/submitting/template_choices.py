"""Templates to choose from in the job form, as a tree of containers and definitions, and output buckets: read once for all outputs of the form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from jobs.engine.codecs import CONTAINERS
from media_assets.models import Bucket
from templates_app.catalogue import DEFINITIONS, definition
from templates_app.fields import FORMATS
from templates_app.models import Template
from templates_app.summary import sentence


@dataclass(frozen=True)
class Choice:
    """One template. ``text``: what it gives, in one line."""

    name: str
    id: str
    text: str


@dataclass
class Definition:
    """Templates of one container with about the same size; ``name`` empty: as the source, or of several sizes."""

    name: str
    choices: list[Choice] = field(default_factory=list)


@dataclass
class Branch:
    """One container, or people's own templates."""

    name: str
    definitions: dict[str, Definition] = field(default_factory=dict)

    @property
    def sorted(self) -> list[Definition]:
        """By size, the smallest first; those without one at the end."""
        order = [*DEFINITIONS, ""]
        return sorted(self.definitions.values(), key=lambda row: order.index(row.name))

    @property
    def count(self) -> int:
        """How many templates."""
        return sum(len(row.choices) for row in self.definitions.values())

    @property
    def names(self) -> set[str]:
        """Names of all of them."""
        return {choice.name for row in self.definitions.values() for choice in row.choices}


class TemplateChoices:
    """All templates that can be chosen."""

    def __init__(self) -> None:
        rows = list(Template.objects.filter(deleted_at=None, current__isnull=False).select_related("current").order_by("name"))
        self._by_id = {row.id: row for row in rows} | {row.name: row for row in rows}
        self.names = [row.name for row in rows]
        self.buckets = list(Bucket.objects.filter(is_output=True).order_by("name").values_list("name", flat=True))
        self.tree = self._tree(rows)

    @staticmethod
    def _tree(rows: list[Template]) -> list[Branch]:
        own = Branch(_("Custom"))
        found: dict[str, Branch] = {}
        for row in rows:
            params = row.current.params  # type: ignore[union-attr]  # asked for above
            container = params["container"]["format"]
            branch = found.setdefault(container, Branch(str(FORMATS.get(container, container)))) if row.is_preset else own
            size = "" if row.is_opaque or params.get("ladder") else definition(params)
            text = _("Customized") if row.is_opaque else sentence(params)
            branch.definitions.setdefault(size, Definition(size)).choices.append(Choice(row.name, row.id, text))
        order = list(FORMATS)
        return [*([own] if own.definitions else []), *(found[key] for key in sorted(found, key=order.index))]

    def find(self, id_or_name: str) -> Template | None:
        """The template of that id or name."""
        return self._by_id.get(id_or_name)

    def name(self, id_or_name: str) -> str:
        """Its name."""
        found = self.find(id_or_name)
        return found.name if found else id_or_name

    def params(self, id_or_name: str) -> dict[str, Any]:
        """Its parameters; empty for an unknown one."""
        found = self.find(id_or_name)
        return found.current.params if found and found.current else {}

    def shown_params(self, id_or_name: str) -> dict[str, Any]:
        """Those that may be shown: nothing of a customized one."""
        found = self.find(id_or_name)
        return {} if found is None or found.is_opaque else self.params(id_or_name)

    def text(self, id_or_name: str) -> str:
        """What it gives, in one line."""
        found = self.find(id_or_name)
        if found is None:
            return ""
        return _("Customized") if found.is_opaque else sentence(self.params(id_or_name))

    def default(self, wanted: str) -> str:
        """The template that a new output starts with."""
        return wanted if wanted in self._by_id else next(iter(self.names), "")


def extension(format_: str) -> str:
    """What names of outputs in this container end with; empty for an unknown one."""
    return CONTAINERS[format_].extension if format_ in CONTAINERS else ""
