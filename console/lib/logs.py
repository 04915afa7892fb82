"""One log format for all processes (time, level, logger, message, key=value pairs), and reading of kept log files by parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Literal, Protocol

import structlog

if TYPE_CHECKING:
    import logging


class Source(Protocol):
    """A kept log: a path, or anything else that is opened like one. Opening raises FileNotFoundError where there is none (yet)."""

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Its bytes."""
        ...


def formatter() -> logging.Formatter:
    """The formatter that settings.LOGGING names; records of plain logging and of structlog look alike."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),  # no values of variables in logs
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
    )


def not_on_purpose(record: logging.LogRecord) -> bool:
    """Whether a record of a failed request is worth a line: «not ready» and «not finished yet» are answers to a question, no faults."""
    return getattr(record, "status_code", 0) not in (503, 504)


def read_part(log: Source, offset: int, limit: int) -> tuple[bytes, int]:
    """Up to ``limit`` bytes from ``offset``, and the size of the log now. One that is not there (yet) is empty."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(min(offset, size))
            return file.read(limit), size
    except (FileNotFoundError, NotADirectoryError):
        return b"", 0
