"""Categories of the library. Their ids are numbers; in answers all four fields are texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jobs.dialects.mps.errors import absent
from jobs.dialects.mps.library import category_of
from jobs.dialects.mps.reading import need
from jobs.dialects.reading import Fields
from media_assets import editing, library

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call
    from media_assets.models import Category

NAME_CHARS = 512


def add(call: Call) -> Answer:
    """AddCategory; ParentId -1 or none: at the top."""
    need(call.params, "CateName")
    fields = Fields(call.params)
    made = editing.create_category(fields.text("CateName", most=NAME_CHARS), category_of(fields, "ParentId"))
    return {"Category": _told(made, len(library.path(made)) - 1)}


def tree(_call: Call) -> Answer:
    """CategoryTree: JSON in a text."""
    found: list[dict[str, Any]] = []
    open_: list[dict[str, Any]] = []
    for row, level, _number in library.categories():
        node = {"CateId": row.pk, "CateName": row.name, "ParentId": row.parent_id or -1, "Level": level, "SubcateList": []}
        del open_[level:]
        (open_[-1]["SubcateList"] if open_ else found).append(node)
        open_.append(node)
    return {"CategoryTree": json.dumps(found, ensure_ascii=False, separators=(",", ":"))}


def listed(_call: Call) -> Answer:
    """ListAllCategory."""
    return {"CategoryList": {"Category": [_told(row, level) for row, level, _number in library.categories()]}}


def rename(call: Call) -> Answer:
    """UpdateCategoryName."""
    need(call.params, "CateId", "CateName")
    row = _named(call)
    editing.change_category(row, Fields(call.params).text("CateName", most=NAME_CHARS), row.parent)
    return {}


def delete(call: Call) -> Answer:
    """DeleteCategory: its media lose it, what is below it moves up."""
    need(call.params, "CateId")
    editing.delete_category(_named(call), None)
    return {}


def _named(call: Call) -> Category:
    row = category_of(Fields(call.params), "CateId")
    if row is None:
        raise absent("CateId")
    return row


def _told(row: Category, level: int) -> dict[str, str]:
    return {"CateId": str(row.pk), "CateName": row.name, "ParentId": str(row.parent_id or -1), "Level": str(level)}
