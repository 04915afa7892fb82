"""Our errors in a product's words, where the product has a table of codes and tells every sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from jobs.dialects.call import Refusal

if TYPE_CHECKING:
    from jobs.engine.errors import ReelmillError

SAID = 5  # mistakes that are told at once


def refusal(error: ReelmillError, codes: Mapping[str, tuple[str, int]], usual: str) -> Refusal:
    """``codes``: our code → the product's and the HTTP status; all others are ``usual``, 400."""
    code, status = codes.get(error.code, (usual, 400))
    sentences = dict.fromkeys(problem.message for problem in error.problems) or {error.message: None}
    return Refusal(code, " ".join(list(sentences)[:SAID]), status)
