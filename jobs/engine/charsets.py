"""The character encoding of a subtitle file: told by its first bytes, by who sent it, or found by what makes sense. Pure.

«auto» first takes what proves itself (a byte order mark, valid UTF-8, the zero bytes of UTF-16), then tries the old encodings and counts how many characters
are ones that people write often. A short text may still be taken for another language; that is why an encoding can be named.
"""

from __future__ import annotations

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_PYTHON = {"gbk": "gb18030", "big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949", "windows-1252": "cp1252", "utf-8": "utf-8"}
_SHOWN = {"utf-8": "UTF-8", "utf-16": "UTF-16", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32-le": "UTF-32", "utf-32-be": "UTF-32", "gbk": "GBK",
          "big5": "Big5", "shift_jis": "Shift_JIS", "euc-kr": "EUC-KR", "windows-1252": "Windows-1252"}  # fmt: skip
_SURE = 8  # characters beyond ASCII that make valid UTF-8 no accident
_LOOK = 20_000  # bytes that the guess looks at
_HANS = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日"
)
_HANT = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日"
)
_HANGUL = frozenset("이다는을의에가고하지을를은도로나사어기니리아요해서한그것자라들시있없게인대수안정말우제면지만내오여보거네")


def decoded(data: bytes, asked: str = "auto") -> tuple[str, str]:
    """The text, and the encoding it was read in. Raises ValueError, one sentence, where the encoding asked for is not the file's."""
    mark, told = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", ""))
    if told:
        if asked != "auto" and not told.startswith(asked):
            raise ValueError(f"The file's first bytes say that it is {_SHOWN[told]}, not {_SHOWN[asked]}.")
        return _strict(data[len(mark) :], told, told), told
    if asked == "auto":
        name = _guess(data)
        return _strict(data, name, name), name
    if asked == "utf-16":
        name = _utf16(data) or "utf-16-le"
        return _strict(data, name, asked), asked
    text = _strict(data, _PYTHON[asked], asked)
    if asked != "utf-8" and _is_utf8(data):
        raise ValueError(f"The file is UTF-8, not {_SHOWN[asked]}.")
    return text, asked


def _strict(data: bytes, encoding: str, asked: str) -> str:
    try:
        return data.decode(_PYTHON.get(encoding, encoding))
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ValueError(f"The file is not {_SHOWN[asked]}: byte 0x{data[error.start]:02X} in line {line} means nothing there.") from None


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 beyond doubt."""
    try:
        return sum(ord(c) > 127 for c in data.decode()) >= _SURE
    except UnicodeDecodeError:
        return False


def _utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: line ends and digits leave a zero byte on one side."""
    head = data[: _LOOK & ~1]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) < max(2, len(head) // 20):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guess(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError:
        pass
    else:
        if b"\0" not in data:
            return "utf-8"
    if name := _utf16(data):
        return name
    best, most = "windows-1252", _score(data, "windows-1252")
    for name in ("gbk", "big5", "shift_jis", "euc-kr"):
        if (score := _score(data, name)) > most:
            best, most = name, score
    return best


def _score(data: bytes, name: str) -> float:
    """How much like a language it reads, −1 to 1 for each character beyond ASCII; less than all where it cannot be read."""
    try:
        text = data.decode(_PYTHON[name])[:_LOOK]
    except UnicodeDecodeError:
        return -2.0
    values = [_value(c, name, text[at - 1 : at], text[at + 1 : at + 2]) for at, c in enumerate(text) if ord(c) > 127]
    return sum(values) / len(values) if values else 0.0


def _value(c: str, name: str, before: str, after: str) -> float:
    if name == "windows-1252":
        return 0.4 if (c.isalpha() and not (before > "\x7f" and after > "\x7f")) or c in "‘’“”–—…«»¿¡°" else -0.5
    if c in "，。？！：；、“”‘’…—《》「」『』（）・　":
        return 0.2
    if name == "shift_jis":
        return 0.9 if "\u3041" <= c <= "\u30fc" else _level(c, "cp932", 0x98)
    if name == "euc-kr":
        return (1.0 if c in _HANGUL else 0.5) if "\uac00" <= c <= "\ud7a3" else -0.6
    if "\u4e00" <= c <= "\u9fff":
        if c in (_HANS if name == "gbk" else _HANT):
            return 1.0
        return _level(c, "gb2312", 0xD8) if name == "gbk" else _level(c, "big5", 0xC7)
    return -0.5


def _level(c: str, encoding: str, end: int) -> float:
    """Standards put the usual characters first: their lead byte is below ``end``."""
    try:
        usual = c.encode(encoding)[0] < end
    except UnicodeEncodeError:
        return -0.8
    return 0.3 if usual else -0.4
