"""What a program wrote on stderr: the end of it, and the one line that decided.

ffmpeg's own lines carry their level (``-loglevel level+info``): ``[libx264 @ 0x55…] [error] width not divisible by 2``. Encoders write lines without one.
"""

from __future__ import annotations

import re
from collections import deque

TAIL_LINES = 60
TAIL_BYTES = 4096
LINE_BYTES = 1000
NO_SPACE = ("No space left on device", "Disk quota exceeded")
_SERIOUS = re.compile(r"(?:(?<=\] )|^)\[(?:error|fatal|panic)\] ?")
_GLOG = re.compile(r"^[EWF]\d{4} [\d:.]+ +\d+ \S+\] ")
"""How Shaka Packager begins its lines: level and date, time, thread, place in its source."""
_POINTER = re.compile(r" @ 0x[0-9a-f]+")
_ASKED = re.compile(r"^\[info\] Exiting normally, received signal \d+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CONSEQUENCE = re.compile(
    r"Conversion failed|Error sending frames|Task finished with error|Terminating (?:thread|demuxer|muxer)|Nothing was written|Could not open encoder before EOF"
    r"|Error while opening encoder|Error (?:reinitializing|while filtering|initializing a simple|configuring filter|selecting an encoder)"
    r"|Error submitting a packet to the muxer|Error muxing a packet|Could not write header|received no packets|Failed to inject frame"
    r"|Error opening (?:input|output) file|Error closing file|Error writing trailer|Error during demuxing"
)
"""Lines that only pass on an error said before."""
_DECODING = re.compile(
    r"error while decoding|Error submitting packet to decoder|concealing|Invalid NAL|decode_slice|no frame|non-existing PPS|Missing reference|corrupt|Error splitting|mmco|co located|sps_id|pps_id"
    r"|Error decoding|decoding frame|Prediction is not allowed|channel element|reference picture|Reference \d|cabac|negative number of zero coeffs|top block|left block|Invalid level prefix"
)
"""Complaints about damaged input: usual, many, and survivable. They decide only if nothing else was said."""


class Lines:
    """Takes bytes as they come; keeps little of them."""

    def __init__(self) -> None:
        self._part = b""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._cause = self._complaint = self._decided = ""
        self.out_of_memory = self.interrupted = self.no_space = False

    def feed(self, data: bytes) -> None:
        """Take more. Line ends are CR or LF; what is longer than LINE_BYTES is cut."""
        rows = (self._part + data).replace(b"\r", b"\n").split(b"\n")
        self._part = rows.pop()[:LINE_BYTES]
        for row in rows:
            self._line(row)

    def close(self) -> None:
        """Take the last line, which may lack its end."""
        self._line(self._part)
        self._part = b""

    @property
    def tail(self) -> str:
        """The last lines, at most TAIL_LINES and TAIL_BYTES; never a NUL or another control character."""
        kept: list[str] = []
        size = 0
        for line in reversed(self._tail):
            size += len(line.encode()) + 1
            if size > TAIL_BYTES:
                break
            kept.append(line)
        return "\n".join(reversed(kept))

    @property
    def decisive(self) -> str:
        """The line that says why it failed: the cause said last before its consequences began, else the best there is."""
        line = self._decided or self._cause or self._complaint or next(reversed(self._tail), "")
        return _SERIOUS.sub("", _POINTER.sub("", _GLOG.sub("", line))).strip()

    def _line(self, row: bytes) -> None:
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", row[:LINE_BYTES].decode(errors="replace")).rstrip()
        if not text:
            return
        self._tail.append(text)
        if "Cannot allocate memory" in text or "bad_alloc" in text or "malloc of size" in text:
            self.out_of_memory = True
        if _ASKED.search(text):
            self.interrupted = True
        if not _SERIOUS.search(text):
            return
        if text.endswith(NO_SPACE):
            self.no_space = True
        if _DECODING.search(text):
            self._complaint = text
        elif not _CONSEQUENCE.search(text):
            self._cause = text
        elif not self._decided:
            self._decided = self._cause or text
