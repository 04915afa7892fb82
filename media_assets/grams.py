"""What makes search quick without any extension of a database: a signature of 504 bits for each text. Pure.

Every two characters that stand together (and every single one that is not ASCII, so that one Chinese character can be searched) set one bit.
A text can only have a word in it if it has all bits of the word; the few texts that pass by chance are told apart by their text itself.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections.abc import Iterable

COLUMNS = 8
BITS = 63  # of a signed 64-bit column, so that no mask is negative


def fold(text: str) -> str:
    """The text as it is compared: compatibility forms (full width, ligatures) and case do not matter, white space is one space."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def signature(folded: Iterable[str]) -> tuple[int, ...]:
    """The bits of folded texts, in :data:`COLUMNS` numbers."""
    bits = [0] * COLUMNS
    for gram in {gram for text in folded for word in text.split() for gram in _grams(word)}:
        place = zlib.crc32(gram.encode()) % (COLUMNS * BITS)
        bits[place // BITS] |= 1 << place % BITS
    return tuple(bits)


def _grams(word: str) -> Iterable[str]:
    yield from (word[i : i + 2] for i in range(len(word) - 1))
    yield from (character for character in word if not character.isascii())
