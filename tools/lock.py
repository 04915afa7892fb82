"""Write requirements.lock and requirements-dev.lock anew from pyproject.toml: names, versions and hashes, never an address.

pip-tools lives in a throwaway environment: nothing else needs it. ``--upgrade`` takes the newest versions that pyproject.toml allows.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
QUIET = [
    "--quiet",
    "--generate-hashes",
    "--strip-extras",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-trusted-host",
]


def main(arguments: list[str]) -> None:
    """Resolve both; the second within the versions of the first."""
    with tempfile.TemporaryDirectory(prefix="reelmill-lock-") as room:
        venv.create(room, with_pip=True)
        python = f"{room}/bin/python"
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "pip-tools"], check=True)
        compile_lock = [python, "-m", "piptools", "compile", *QUIET, *[a for a in arguments if a == "--upgrade"]]
        subprocess.run([*compile_lock, "--output-file", "requirements.lock", "pyproject.toml"], cwd=ROOT, check=True)
        developers = ["--extra", "dev", "--constraint", "requirements.lock", "--output-file", "requirements-dev.lock", "pyproject.toml"]
        subprocess.run([*compile_lock, *developers], cwd=ROOT, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
