"""One log format for all processes: time, level, logger, message, key=value pairs."""

from __future__ import annotations

import logging

import structlog


def formatter() -> logging.Formatter:
    """The formatter that settings.LOGGING names; records of plain logging and of structlog look alike."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(colors=False),
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
    )
