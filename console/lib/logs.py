"""One log format for all processes (time, level, logger, message, key=value pairs), and reading of kept log files by parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    import logging
    from pathlib import Path


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


def read_part(path: Path, offset: int, limit: int) -> tuple[bytes, int]:
    """Up to ``limit`` bytes from ``offset``, and the size of the file now. A file that is not there (yet) is empty."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(min(offset, size))
            return file.read(limit), size
    except (FileNotFoundError, NotADirectoryError):
        return b"", 0
