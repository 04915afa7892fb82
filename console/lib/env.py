"""Typed reading of environment variables. Every one may also come from a file: ``NAME_FILE`` holds its path (docker and systemd secrets)."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path


def env(name: str, default: str = "") -> str:
    """The variable's text, or that of the file named by ``NAME_FILE``; an empty one counts as not set."""
    if value := os.environ.get(name, ""):
        return value
    if file := os.environ.get(f"{name}_FILE", ""):
        return Path(file).read_text().strip()
    return default


def env_int(name: str, default: int) -> int:
    """A whole number. Raises ValueError naming the variable."""
    text = env(name)
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{name} must be a whole number, not {text!r}") from None


def env_bool(name: str, default: bool) -> bool:
    """1, true, yes, on or 0, false, no, off. Raises ValueError naming the variable."""
    text = env(name).lower()
    if not text:
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError(f"{name} must be 1 or 0, not {text!r}")


def env_networks(name: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    """Networks and single addresses separated by commas, like «127.0.0.1, 10.0.0.0/8». Raises ValueError naming the variable."""
    try:
        return tuple(ipaddress.ip_network(word, strict=False) for word in env_list(name))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def env_list(name: str, default: str = "") -> list[str]:
    """Words separated by commas."""
    return [word.strip() for word in env(name, default).split(",") if word.strip()]
