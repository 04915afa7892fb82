"""What a program wrote on stderr: the end of it, and the one line that decided.

ffmpeg's own lines carry their level (``-loglevel level+info``): ``[libx264 @ 0x55…] [error] width not divisible by 2``. Encoders write lines without one.
"""

from __future__ import annotations

import re
from collections import deque

TAIL_LINES = 60
TAIL_BYTES = 4096
LINE_BYTES = 1000
ERRORS_KEPT = 40
_SERIOUS = re.compile(r"\[(?:error|fatal|panic)\] ?")
_POINTER = re.compile(r" @ 0x[0-9a-f]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CONSEQUENCE = re.compile(
    r"Conversion failed|Error sending frames|Task finished with error|Terminating (?:thread|demuxer|muxer)|Nothing was written|Could not open encoder before EOF"
    r"|Error while opening encoder|Error (?:reinitializing|while filtering|initializing a simple|configuring filter)|Error submitting|Error muxing a packet"
    r"|received no packets|Failed to inject frame|Error opening (?:input|output) files|Error closing file|Error writing trailer|Error during demuxing"
)
"""Lines that only pass on an error said before."""
_DECODING = re.compile(
    r"error while decoding|concealing|Invalid NAL|decode_slice|no frame|non-existing PPS|Missing reference|corrupt|Error splitting|mmco|co located|sps_id|pps_id"
    r"|Error decoding|decoding frame|Prediction is not allowed|channel element|reference picture|Reference \d|cabac|negative number of zero coeffs|top block|left block|Invalid level prefix"
)
"""Complaints about damaged input: usual, many, and survivable. They decide only if nothing else was said."""


class Lines:
    """Takes bytes as they come; keeps little of them."""

    def __init__(self) -> None:
        self._part = b""
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=ERRORS_KEPT)
        self.out_of_memory = False

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
        """The line that says why it failed: the first serious one that is a cause and no complaint about damaged input, else the best there is."""
        serious = [*self._first, *(line for line in self._last if line not in self._first)]
        causes = [line for line in serious if not _CONSEQUENCE.search(line)]
        for choice in ([line for line in causes if not _DECODING.search(line)], causes[-1:], serious[-1:], list(self._tail)[-1:]):
            if choice:
                return _SERIOUS.sub("", _POINTER.sub("", choice[0])).strip()
        return ""

    def _line(self, row: bytes) -> None:
        text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", row[:LINE_BYTES].decode(errors="replace")).rstrip()
        if not text:
            return
        self._tail.append(text)
        if "Cannot allocate memory" in text or "bad_alloc" in text or "malloc of size" in text:
            self.out_of_memory = True
        if _SERIOUS.search(text):
            if len(self._first) < ERRORS_KEPT:
                self._first.append(text)
            else:
                self._last.append(text)
