"""Parts of HLS playlists that are encrypted as a whole (AES-128, RFC 8216 section 5.2), decrypted while they are fetched.

Keys are read from the bucket when they are needed, held in memory while a recording is joined, and told to nobody: no message, log or command has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from jobs.engine.errors import JobError, Refused
from jobs.engine.playlist import KEY_BYTES
from media_assets.storage import storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jobs.engine.address import Address
    from jobs.engine.playlist import Part


def plain(part: Part, chunks: Iterable[bytes], keys: dict[Address, bytes]) -> Iterator[bytes]:
    """The chunks of a part, decrypted where it is encrypted. ``keys``: those read so far.

    Raises JobError: the key is not there (ObjectNotFound), is no key, or is not the one of this part (InputNotReadable).
    """
    if part.lock is None:
        yield from chunks
        return
    if part.lock.key not in keys:
        keys[part.lock.key] = _key(part.lock.key)
    cipher = Cipher(algorithms.AES(keys[part.lock.key]), modes.CBC(part.lock.vector)).decryptor()
    padding = PKCS7(algorithms.AES.block_size).unpadder()
    for chunk in chunks:
        yield padding.update(cipher.update(chunk))
    try:
        yield padding.update(cipher.finalize()) + padding.finalize()
    except ValueError:  # not whole blocks, or a padding that nobody wrote
        raise JobError("InputNotReadable", f"{part.address} cannot be decrypted with the key and vector that the playlist names.") from None


def _key(address: Address) -> bytes:
    try:
        with storage(address.bucket).open(address.key) as file:
            key = file.read(KEY_BYTES + 1)
    except Refused as error:
        raise JobError(error.code, error.message) from None
    if len(key) != KEY_BYTES:
        raise JobError("InputNotReadable", f"{address} is not a key of the playlist: a key has exactly {KEY_BYTES} bytes.")
    return key
