"""Template tags of every page: quantities, times, badges, icons, and the few names that would change with another htmx. Loaded everywhere."""

from __future__ import annotations

import datetime as dt
import functools
import shlex
from typing import TYPE_CHECKING, Any

from django import template
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from console.error_texts import translated as translated_text
from console.error_texts import translated_word
from console.lib import media_names
from console.lib.badges import EVENTS, LOOKS
from console.lib.quantities import bytes_, clock, duration, grouped, kbps

if TYPE_CHECKING:
    from django.forms import BoundField

register = template.Library()


# --- quantities -------------------------------------------------------------------------------------------------------
register.filter(duration)
register.filter(clock)
register.filter("bytes", bytes_)
register.filter(kbps)
register.filter(grouped)


# --- times ------------------------------------------------------------------------------------------------------------
@register.simple_tag
def when(moment: Any, empty: str = "–") -> SafeString:
    """A moment as relative text, with the absolute time in the reader's zone as title. Strings from JSON are read as ISO times."""
    if isinstance(moment, str):
        try:
            moment = dt.datetime.fromisoformat(moment)
        except ValueError:
            moment = None
    if moment is None:
        return format_html('<span class="u-subtle">{}</span>', empty)
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>', local.isoformat(timespec="seconds"), local.strftime("%Y-%m-%d %H:%M:%S %Z"), ago(moment)
    )


def ago(moment: dt.datetime) -> str:
    """«just now», «5 min ago», «3 h ago», «2 d ago», beyond 30 days the date. What is to come: «in 5 min»."""
    seconds = (timezone.now() - moment).total_seconds()
    if abs(seconds) < 45:
        return gettext("just now")
    if abs(seconds) > 30 * 86_400:
        return timezone.localtime(moment).strftime("%Y-%m-%d")
    count, name = abs(seconds) / 60, "min"
    if count >= 59.5:
        count, name = count / 60, "h"
        if count >= 23.5:
            count, name = count / 24, "d"
    number = max(1, round(count))
    past = {"min": gettext("%(n)s min ago"), "h": gettext("%(n)s h ago"), "d": gettext("%(n)s d ago")}
    coming = {"min": gettext("in %(n)s min"), "h": gettext("in %(n)s h"), "d": gettext("in %(n)s d")}
    return (past if seconds > 0 else coming)[name] % {"n": number}


@register.simple_tag
def moment(value: dt.datetime | str | None) -> SafeString:
    """A moment as absolute time in the reader's zone. Strings are ISO times of our own rows."""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if value is None:
        return mark_safe('<span class="u-subtle">–</span>')
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), local.strftime("%Z"), local.strftime("%Y-%m-%d %H:%M:%S")
    )


# --- looks ------------------------------------------------------------------------------------------------------------
@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """A picture of the sprite, for the eye only: the word stands beside it, or an aria-label on the button."""
    return _icon(name, extra)


@functools.lru_cache(maxsize=512)
def _icon(name: str, extra: str) -> SafeString:
    """A page has hundreds of them and there are some sixty: made once."""
    return format_html('<svg class="c-icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', extra, static("console/icons.svg"), name)


@register.simple_tag
def badge(state: str, warnings: int = 0, held: bool = False, label: str = "", tried: int = 0) -> SafeString:
    """The badge of a state: tone, icon and word. ``data-state`` is the state as the API says it.

    Knows states of jobs, outputs, steps, attempts, pipelines, nodes and media. ``held``: queued in a paused pipeline. ``warnings``: how many.
    ``tried``: how often a waiting message was sent in vain.
    """
    key = str(state)
    if held and key == "queued":
        key = "held"
    elif warnings and key == "succeeded":
        key = "warned"
    elif tried and key == "waiting":
        key = "retrying"
    look = LOOKS.get(key) or LOOKS["unknown"]
    text = label or (str(look.label) if key != "warned" else ngettext("Succeeded, %(n)s warning", "Succeeded, %(n)s warnings", warnings) % {"n": warnings})
    if look is LOOKS["unknown"] and not label:
        text = key
    return format_html(
        '<span class="c-badge c-badge--{}" data-state="{}">{}<span class="c-badge__text">{}</span></span>', look.tone, state, icon(look.icon), text
    )


@register.simple_tag
def address(bucket: str, key: str) -> SafeString:
    """An object's address that may wrap anywhere."""
    return format_html('<span class="c-address" title="oss://{0}/{1}">oss://{0}/{1}</span>', bucket, key)


@register.filter
def file_name(key: str) -> str:
    """The last segment of a key."""
    return key.rpartition("/")[2]


@register.filter
def folder(key: str) -> str:
    """All of a key but its last segment, with the slash."""
    return key[: len(key) - len(key.rpartition("/")[2])]


@register.filter
def translated(text: str) -> str:
    """A sentence of the engine or of a service, in the reader's language."""
    return translated_text(text)


@register.filter
def shell_line(argv: list[str]) -> str:
    """A command line as one could paste it into a shell."""
    return shlex.join(str(part) for part in argv)


@register.filter
def add_number(value: float, other: float) -> float:
    """A sum of numbers that need not be whole."""
    return value + other


@register.filter
def event_label(kind: str) -> str:
    """An entry of a history in the reader's language."""
    return str(EVENTS.get(kind, kind))


@register.filter
def words(text: str) -> list[str]:
    """The words of a text, to loop over."""
    return text.split()


@register.filter
def term(text: Any) -> str:
    """A word or value of the engine, in the reader's language: «video codec», «540p: duration», «missing»."""
    return translated_word(str(text)) if text is not None else "–"


@register.filter
def codec_name(name: str | None) -> str:
    """What a codec is called: «H.264». Empty for None."""
    return media_names.codec_name(name) if name else ""


@register.filter
def container_name(name: str | None) -> str:
    """What a container is called: «MP4 / MOV». Empty for None."""
    return media_names.container_name(name) if name else ""


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """``mapping[key]``, or None: templates cannot look up by a variable."""
    return mapping.get(key) if hasattr(mapping, "get") else None


# --- forms ------------------------------------------------------------------------------------------------------------
@register.filter
def widget_kind(field: BoundField) -> str:
    """The widget's class name, so that the field partial can lay out checkboxes and radios differently."""
    return type(field.field.widget).__name__


# --- names that another htmx would change -----------------------------------------------------------------------------
@register.simple_tag
def hx_morph() -> str:
    """The swap that keeps focus and state: needs idiomorph, which is an optional vendor file; without it a plain outerHTML."""
    return "morph:outerHTML" if vendor("idiomorph-ext.min.js") else "outerHTML"


@register.simple_tag
def hx_busy(selector: str = "find button[type=submit]") -> SafeString:
    """The attribute that disables what must not be pressed twice while a request is under way."""
    return format_html('hx-disabled-elt="{}"', selector)


@register.simple_tag
def vendor(name: str) -> str:
    """The address of an optional file of static/vendor/, or nothing if it was not fetched. Never fails."""
    path = f"vendor/{name}"
    try:
        if not (staticfiles_storage.exists(path) or finders.find(path)):
            return ""
        return staticfiles_storage.url(path)
    except (ValueError, NotImplementedError):  # put there after collectstatic ran: not in the manifest
        return ""
