"""The picture of a finished output as one file that can be measured: a set's segments lie in the room, and are put one behind the other."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from jobs.engine import hls
from jobs.engine.errors import JobError

if TYPE_CHECKING:
    from jobs.engine.plan import OutputPlan
    from jobs.runs.run import Run

_MAP = re.compile(r'^#EXT-X-MAP:URI="([^"]+)"', re.MULTILINE)


def picture_file(run: Run, output: OutputPlan) -> str:
    """Name of the file in the room; made anew where there is none. Raises JobError OutputVerifyFailed for a set that cannot be read."""
    rendition = output.renditions[0]
    if rendition.segments is None:
        return rendition.file  # a packager's input is still there
    text = (run.room / rendition.file).read_text(encoding="utf-8")
    try:
        names = [segment.uri for segment in hls.read(text).segments]
    except ValueError as error:
        raise JobError("OutputVerifyFailed", str(error)) from None
    begin = _MAP.search(text)
    name = f"checked-{output.index}"
    with (run.room / name).open("wb") as out:
        if begin:
            out.write((run.room / begin[1]).read_bytes())
        for one in names:
            run.pulse.check()
            with (run.room / one).open("rb") as segment:
                if output.set is not None and output.set.scheme == "aes-128":
                    out.write(_plain(run, output, segment.read()))
                else:
                    shutil.copyfileobj(segment, out, 1 << 20)
    return name


def _plain(run: Run, output: OutputPlan, data: bytes) -> bytes:
    """A segment that ffmpeg encrypted as a whole, with the key and vector that it was given."""
    base = output.renditions[0].file.removesuffix(".m3u8")
    _, key, vector = (run.room / f"{base}.keyinfo").read_text().split()
    cipher = Cipher(algorithms.AES((run.room / key).read_bytes()), modes.CBC(bytes.fromhex(vector))).decryptor()
    padding = PKCS7(algorithms.AES.block_size).unpadder()
    return padding.update(cipher.update(data) + cipher.finalize()) + padding.finalize()
