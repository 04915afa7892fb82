"""Language codes as containers store them: ISO 639-2, three letters."""

from __future__ import annotations

import re

_THREE = re.compile(r"[a-z]{3}\Z")
# ISO 639-1 and bibliographic codes that people write, in their terminological form
_OTHER_FORMS = {
    "zh": "zho", "en": "eng", "ja": "jpn", "ko": "kor", "de": "deu", "fr": "fra", "es": "spa", "it": "ita", "pt": "por", "ru": "rus", "ar": "ara", "hi": "hin",
    "th": "tha", "vi": "vie", "id": "ind", "tr": "tur", "nl": "nld", "pl": "pol", "sv": "swe", "da": "dan", "fi": "fin", "no": "nor", "cs": "ces", "el": "ell",
    "he": "heb", "hu": "hun", "ro": "ron", "uk": "ukr", "ms": "msa", "fa": "fas", "bg": "bul", "hr": "hrv", "sk": "slk", "sl": "slv", "ca": "cat",
    "chi": "zho", "ger": "deu", "fre": "fra", "dut": "nld", "gre": "ell", "cze": "ces", "rum": "ron", "slo": "slk", "may": "msa", "per": "fas", "alb": "sqi",
    "sve": "swe", "arm": "hye", "baq": "eus", "bur": "mya", "geo": "kat", "ice": "isl", "mac": "mkd", "mao": "mri", "tib": "bod", "wel": "cym",
}  # fmt: skip

_TWO = {three: two for two, three in _OTHER_FORMS.items() if len(two) == 2}


def language_code(text: str) -> str:
    """The terminological ISO 639-2 code («chi», «zh» and «ZHO» → «zho»). Raises ValueError where the text is no such code."""
    code = text.lower()
    code = _OTHER_FORMS.get(code, code)
    if not _THREE.match(code):
        raise ValueError("A language is an ISO 639-2 code of three letters, for example eng, zho or und.")
    return code


def known_language(tag: str | None) -> str | None:
    """The ISO 639-2 code of a tag that a file has («zh-Hans» → «zho»); a tag that is none stays as it is, in small letters."""
    return _plain(tag) if tag else None


# QuickTime numbers its languages; these are the names by which ffmpeg finds the numbers (tried). It has none for others.
_QUICKTIME = {
    "zho": "chi", "deu": "ger", "nld": "dut", "ell": "gre", "isl": "ice", "fas": "per", "msa": "may", "mya": "bur", "sqi": "alb", "kat": "geo", "hye": "arm",
    "bod": "tib", "cym": "wel", "eus": "baq", "mkd": "mac", "swe": "sve",
}  # fmt: skip


# Those that have a number under their own code (tried one by one)
_QUICKTIME_OWN = (
    "eng fra ita spa dan por nor heb jpn ara fin mlt tur urd hin tha kor lit pol hun est lav rus ron ces slk slv yid uzb kaz aze mol kir tgk tuk mon pus "
    "kur kas snd nep san mar ben asm guj ori mal kan tam tel sin khm lao vie ind tgl amh tir orm som swa kin run nya mlg epo cat lat que grn aym tat uig "
    "dzo jav ukr bul"
)


def quicktime_knows(code: str | None) -> bool:
    """Whether MOV can say this language, as far as was tried."""
    return code in _QUICKTIME or code in _QUICKTIME_OWN.split()


def written_language(format_: str, code: str) -> str:
    """The code as a container's muxer takes it."""
    return _QUICKTIME.get(code, code) if format_ == "mov" else code


def web_language(code: str | None) -> str | None:
    """The tag that playlists and manifests carry: of two letters where there is one («eng» → «en»); None for «und»."""
    return _TWO.get(code, code) if code and code != "und" else None


def same_language(one: str | None, other: str | None) -> bool:
    """Whether two tags name one language, in whichever form each is written."""
    return bool(one and other) and _plain(one or "") == _plain(other or "")


def _plain(tag: str) -> str:
    base = tag.lower().partition("-")[0]
    return _OTHER_FORMS.get(base, base)
