"""The lines of the product texts that rows of the tables come from."""

from __future__ import annotations

F, VCODEC, ACODEC = "oss-video-convert.txt: f", "oss-video-convert.txt: vcodec", "oss-video-convert.txt: acodec"
TERMS = "mps-terms.txt: "
PROFILE, CONTROL, GOP = TERMS + "Encoding profile", TERMS + "Bitrate control method", TERMS + "Group of Pictures"
PIXFMT, AR, AC, AQ, AB, ADEPTH = (f"oss-video-convert.txt: {name}" for name in ("pixfmt", "ar", "ac", "aq", "ab", "adepth"))
