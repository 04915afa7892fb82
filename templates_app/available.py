"""What can be chosen here and now: choices that no worker can make, with the reason, and names that forms offer."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jobs.engine.abilities import ENCODERS, FDKAAC, FILTER, OBSCURED, PACKAGER
from jobs.engine.codecs import AAC_PROFILES
from jobs.queries import missing
from templates_app.fields import LANGUAGES
from templates_app.marks import queries

OFFERED = 200
# A choice («name=value» of a field), or a whole field or group by its name → what a worker must have for it, in the words of jobs.engine.abilities
NEEDED: dict[str, tuple[str, ...]] = {
    **{f"codec={codec}": (encoder,) for codec, encoder in ENCODERS.items()},
    **{f"profile={profile}": (FDKAAC,) for profile in AAC_PROFILES},
    **{f"format={format_}": (PACKAGER,) for format_ in ("dash", "cmaf")},
    **{f"method={method}": (PACKAGER,) for method in ("cbcs", "cenc")},
    **{f"method={method}": (f"{FILTER}{name}",) for method, name in OBSCURED.items()},
    "deinterlace=force": (f"{FILTER}bwdif",),
    "deinterlace=auto": (f"{FILTER}bwdif", f"{FILTER}idet"),
    "crop=auto": (f"{FILTER}cropdetect",),
    "denoise": (f"{FILTER}hqdn3d",),
    "hdr=sdr": (f"{FILTER}zscale", f"{FILTER}tonemap"),
    "loudness": (f"{FILTER}loudnorm",),
    "burn": (f"{FILTER}ass",),
    "burn_stream": (f"{FILTER}ass",),
}


def impossible() -> dict[str, str]:
    """What of NEEDED cannot be made here now, and why. Empty where no worker is up: then nothing is known, and everything may be chosen."""
    lacking = missing(frozenset(name for names in NEEDED.values() for name in names))
    return {choice: _why(name) for choice, names in NEEDED.items() for name in names[::-1] if name in lacking}


def _why(name: str) -> str:
    if name == PACKAGER:
        return _("no worker has Shaka Packager")
    if name == FDKAAC:
        return _("no worker has the program fdkaac")
    if name.startswith(FILTER):
        return _("no worker has the filter %(name)s") % {"name": name.removeprefix(FILTER)}
    return _("no worker has the encoder %(name)s") % {"name": name}


def lists() -> dict[str, list[str]]:
    """Names that the page offers while somebody types."""
    return {"watermark_names": list(queries.listed().values_list("name", flat=True)[:OFFERED]), "languages": list(LANGUAGES)}
