"""Writes of people to the library: titles, tags, categories, publish state, removal. One transaction each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console import audit
from jobs.engine.errors import Problem, Refused
from media_assets import indexing
from media_assets.library import LEVELS, path, subtree
from media_assets.models import Category, Media, MediaEntry, MediaFile, Tag
from media_assets.storage import discard_later

TITLE_BYTES = 128
DESCRIPTION_BYTES = 1024
TAGS_MAX = 16
TAG_BYTES = 32
CATEGORY_BYTES = 64


class Take(StrEnum):
    """What goes with a media that is removed from the library."""

    NOTHING = "nothing"
    OUTPUTS = "outputs"
    ALL = "all"


def describe(media: Media, *, title: str, description: str, tags: Sequence[str], category: Category | None) -> Media:
    """Set what people say about a media. Limits are bytes of UTF-8 (MPS's). Raises Refused with every mistake at its field."""
    title, description = " ".join(title.split()), description.strip()
    words = _tag_words(tags)
    problems = [*_mistakes("title", title, TITLE_BYTES), *_mistakes("description", description, DESCRIPTION_BYTES)]
    problems.extend(_tag_mistakes(words))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))
    with transaction.atomic():
        row = Media.objects.select_for_update().get(pk=media.pk)
        row.title, row.description, row.category = title, description, category
        row.save(update_fields=["title", "description", "category", "updated_at"])
        row.tags.set([Tag.objects.get_or_create(name=word)[0] for word in words])
        Tag.objects.filter(media=None).delete()
        indexing.refresh([row.pk])
    return row


def checked_tags(tags: Sequence[str]) -> list[str]:
    """Tags as they will be kept, each once. Raises Refused with every mistake."""
    words = _tag_words(tags)
    if problems := _tag_mistakes(words):
        raise Refused("InvalidParameter", problems=tuple(problems))
    return words


def set_state(media: Media, state: str) -> Media:
    """Publish, or make private. Raises Refused for any other state."""
    if state not in Media.State.values:
        raise Refused("InvalidParameter", problems=(Problem(("state",), _("Choose published or unpublished.")),))
    with transaction.atomic():
        media.state = state
        media.save(update_fields=["state", "updated_at"])
        indexing.refresh([media.pk])
        audit.record("media.published" if state == Media.State.PUBLISHED else "media.unpublished", media.pk, media.title)
    return media


def remove(media: Media, take: Take) -> int:
    """Take a media out of the library, and let the files asked for go away. Returns how many objects that are; the sweep removes them at once.

    What another media names stays in any case, and so does what is in a bucket that is not bound any more.
    """
    made = frozenset(MediaFile.Role.values) - {MediaFile.Role.SOURCE}
    roles = {Take.NOTHING: frozenset[str](), Take.OUTPUTS: made, Take.ALL: made | {MediaFile.Role.SOURCE}}[take]
    going = 0
    with transaction.atomic():
        files = [file for file in media.files.all() if file.role in roles]
        audit.record("media.removed", media.pk, media.title, address=f"oss://{media.bucket}/{media.key}", files=str(take))
        media.delete()
        for file in files:
            if MediaFile.objects.filter(bucket=file.bucket, key=file.key).exists():
                continue
            keys = [file.key, *file.parts]
            try:
                discard_later(file.bucket, keys, 0, f"removed-{uuid.uuid4().hex}", main=file.key, etag=file.etag)
            except Refused:
                continue
            going += len(keys)
        Tag.objects.filter(media=None).delete()
    return going


# --- categories -------------------------------------------------------------------------------------------------------
def create_category(name: str, parent: Category | None) -> Category:
    """A new category. Raises Refused for a fourth level, a name too long or used beside it."""
    return _save(Category(), name, parent)


def change_category(category: Category, name: str, parent: Category | None) -> Category:
    """Rename or move. Raises Refused as for a new one, and for a move into its own branch."""
    return _save(category, name, parent)


def delete_category(category: Category, move_to: Category | None) -> int:
    """Delete; its media go to ``move_to`` (or to none), its sub-categories to its parent. Returns how many media moved.

    Raises Refused if a name would be there twice.
    """
    if move_to is not None and move_to.pk == category.pk:
        raise Refused("InvalidParameter", problems=(Problem(("move_to",), _("Choose another category for its media.")),))
    beside = set(Category.objects.filter(parent=category.parent).exclude(pk=category.pk).values_list("name", flat=True))
    if twice := sorted(beside & set(category.children.values_list("name", flat=True))):
        raise Refused("WrongState", _taken(twice[0]))
    with transaction.atomic():
        moved = Media.objects.filter(category=category).update(category=move_to)
        MediaEntry.objects.filter(category=category).update(category=move_to)
        category.children.update(parent=category.parent)
        audit.record("category.deleted", category.pk, category.name, media=moved)
        category.delete()
    return moved


def _save(category: Category, name: str, parent: Category | None) -> Category:
    name = " ".join(name.split())
    _check_category(name, parent, category if category.pk else None)
    category.name, category.parent = name, parent
    try:
        with transaction.atomic():
            verb = "changed" if category.pk else "created"
            category.save()
            audit.record(f"category.{verb}", category.pk, name)
    except IntegrityError:  # somebody else was faster
        raise Refused("InvalidParameter", problems=(Problem(("name",), _taken(name)),)) from None
    return category


def _check_category(name: str, parent: Category | None, own: Category | None) -> None:
    problems = _mistakes("name", name, CATEGORY_BYTES)
    if not name:
        problems.append(Problem(("name",), _("Enter a name.")))
    if Category.objects.filter(parent=parent, name=name).exclude(pk=own.pk if own else 0).exists():
        problems.append(Problem(("name",), _taken(name)))
    if own is not None and parent is not None and parent.pk in subtree(own):
        problems.append(Problem(("parent",), _("A category cannot be moved into itself.")))
    elif len(path(parent)) + _depth(own) > LEVELS:
        problems.append(Problem(("parent",), _("Three levels at most.")))
    if problems:
        raise Refused("InvalidParameter", problems=tuple(problems))


def _taken(name: str) -> str:
    return _("There is a category named %(name)s here already.") % {"name": name}


def _depth(category: Category | None) -> int:
    """Levels from this category down; 1 for a new one."""
    if category is None:
        return 1
    depth, level = 1, [category.pk]
    while level := list(Category.objects.filter(parent__in=level).values_list("pk", flat=True)):
        depth += 1
    return depth


# --- limits -----------------------------------------------------------------------------------------------------------
def _mistakes(field: str, text: str, limit: int) -> list[Problem]:
    size = _size(text)
    too_long = [Problem((field,), _("%(size)s of %(limit)s bytes.") % {"size": size, "limit": limit})] if size > limit else []
    return [*too_long, *_control(field, text)]


def _tag_words(tags: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(word for word in (" ".join(tag.split()) for tag in tags) if word))


def _tag_mistakes(words: Sequence[str]) -> list[Problem]:
    problems: list[Problem] = []
    if len(words) > TAGS_MAX:
        text = ngettext("%(n)s tag; at most %(most)s are allowed.", "%(n)s tags; at most %(most)s are allowed.", len(words))
        problems.append(Problem(("tags",), text % {"n": len(words), "most": TAGS_MAX}))
    for word in words:
        if "," in word:
            problems.append(Problem(("tags",), _("A tag cannot have a comma: %(tag)s") % {"tag": word}))
        elif (size := _size(word)) > TAG_BYTES:
            problems.append(Problem(("tags",), _("The tag «%(tag)s» has %(size)s of %(limit)s bytes.") % {"tag": word, "size": size, "limit": TAG_BYTES}))
        problems.extend(_control("tags", word))
    return problems


def _control(field: str, text: str) -> list[Problem]:
    bad = any((ord(c) < 32 and c not in "\n\r\t") or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in text)
    return [Problem((field,), _("Control characters cannot be used."))] if bad else []


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))
