"""What a browser would send of a form of a page, without running its scripts."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Form(HTMLParser):
    """Collects the fields of the form with this id, or of the first one that posts."""

    def __init__(self, wanted: str) -> None:
        super().__init__()
        self.wanted, self.inside = wanted, False
        self.found: dict[str, list[str]] = {}
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._area: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form, or a field in it."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == self.wanted
        if not self.inside or "disabled" in given:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "input" and name and not (kind in ("checkbox", "radio") and "checked" not in given) and kind not in ("submit", "file"):
            self.found.setdefault(name, []).append(given.get("value", "on" if kind == "checkbox" else ""))
        elif tag == "select" and name:
            self._select = (name, [])
        elif tag == "option" and self._select:
            self._select[1].append((given.get("value", ""), "selected" in given))
        elif tag == "textarea" and name:
            self._area, self._text = name, ""

    def handle_data(self, data: str) -> None:
        """Text of a textarea."""
        if self._area is not None:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        """The end of a field, or of the form."""
        if tag == "select" and self._select:
            name, options = self._select
            if options:
                self.found.setdefault(name, []).append(next((value for value, chosen in options if chosen), options[0][0]))
            self._select = None
        elif tag == "textarea" and self._area is not None:
            self.found.setdefault(self._area, []).append(self._text.removeprefix("\r").removeprefix("\n"))
            self._area = None
        elif tag == "form":
            self.inside = False


def sent_by(text: str, form: str = "template-form") -> dict[str, Any]:
    """Names and values; lists where a name comes more than once."""
    parser = _Form(form)
    parser.feed(text)
    parser.found.pop("csrfmiddlewaretoken", None)
    return {name: values[0] if len(values) == 1 else values for name, values in parser.found.items()}
