"""Media info: tell what is in a file. There is nothing to encode: :mod:`jobs.engine.media_info` makes the answer of what ffprobe says."""

from __future__ import annotations

from jobs.engine.kinds.kind import Kind

KIND = Kind(name="mediainfo", lane="short", makes_outputs=False)
