"""Media files are touched here and nowhere else: buckets by name, and the publishing of finished sets.

objects.py     what a storage can do (protocol)      drivers.py      bucket name → storage
local.py       buckets that are folders              publishing.py   fenced publishing, and what goes away later
"""

from __future__ import annotations

from media_assets.drivers import folder_of, storage
from media_assets.objects import ObjectFacts, Staged, Storage
from media_assets.publishing import discard_later, publish, sweep_discards, sweep_stage, withdraw

__all__ = [
    "ObjectFacts",
    "Staged",
    "Storage",
    "discard_later",
    "folder_of",
    "publish",
    "storage",
    "sweep_discards",
    "sweep_stage",
    "withdraw",
]
