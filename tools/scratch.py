"""Run a command with an empty data folder of its own: ``python tools/scratch.py COMMAND …``. Checks must not touch anybody's data."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="reelmill-scratch-") as room:
        sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "REELMILL_DATA": room, "DATABASE_URL": ""}, check=False).returncode)
