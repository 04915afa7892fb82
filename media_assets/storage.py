"""Media files are touched here and nowhere else: buckets by name, and the publishing of finished sets.

objects.py     what a storage can do (protocol)      drivers.py      bucket name → storage
local.py       buckets that are folders              publishing.py   fenced publishing
discards.py    what goes away later                  growing.py      sets that are shown while they are made
"""

from __future__ import annotations

from media_assets.discards import discard_later, sweep_discards, withdraw
from media_assets.drivers import folder_of, storage
from media_assets.growing import Growing
from media_assets.objects import ObjectFacts, Staged, Storage
from media_assets.publishing import publish, sweep_stage

__all__ = [
    "Growing",
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
