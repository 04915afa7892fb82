"""What the tests of the object store send: a body, and keys that are hard to write."""

from __future__ import annotations

import hashlib

BODY = b"0123456789" * 300
KEYS = ["plain.txt", "dir/a b.txt", "dir/a+b.txt", "目录/视频 🎬.mp4", "50%/a%2Fb.txt", "a?b&c=d#e.txt", "-x/~y'z\".txt", "a/b/c/d/e.bin"]


def md5(data: bytes) -> str:
    """As ETags have it."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest().upper()
