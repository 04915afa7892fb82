#!/usr/bin/env python3
"""Make or refresh .venv out of a lock file: ``python3 tools/environment.py requirements.lock``.

Standard library only, and in words that an old Python understands, so that it can say that it is too old.
The packages are installed only when the lock differs from the copy that the last installation left in .venv; the browser extras
(tools/vendor.py) are fetched meanwhile, so that they cost a newcomer no time of their own.
"""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
RUN, DEV = "requirements.lock", "requirements-dev.lock"
LOWEST = (3, 11)
NEWER = ["python3.14", "python3.13", "python3.12", "python3.11"]


def main(lock):
    """Refresh; the exit status."""
    if sys.version_info < LOWEST:
        return other_python(lock)
    if works(PYTHON) and same(lock):
        return 0
    if not works(PYTHON):
        print("Making the environment in .venv with Python {}.{} …".format(*sys.version_info), flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.call([sys.executable, "-m", "venv", VENV]) != 0:
            shutil.rmtree(VENV, ignore_errors=True)
            return sorry("This Python cannot make virtual environments. On Debian and Ubuntu: install the package python3-venv.")
    print("Installing the packages of {} (some 200 MB the first time) …".format(lock), flush=True)
    extras = subprocess.Popen([sys.executable, os.path.join(ROOT, "tools", "vendor.py"), "--once"], stdin=subprocess.DEVNULL)
    try:
        pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", os.path.join(ROOT, lock)]
        failed = subprocess.call(pip, stdin=subprocess.DEVNULL)
        if not failed:
            extras.wait()
    finally:
        if extras.poll() is None:
            extras.terminate()
    if failed:
        return sorry("The packages could not be installed; what pip says is above.")
    for name in (RUN, DEV) if lock == DEV else (lock,):  # the lock for developers has all of the other's packages
        shutil.copyfile(os.path.join(ROOT, name), os.path.join(VENV, name))
    return 0


def works(python):
    """Whether that interpreter is there and new enough: an upgrade of the system may have taken it away."""
    try:
        return subprocess.call([python, "-c", "import sys, pip; sys.exit(sys.version_info < {!r})".format(LOWEST)], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def same(lock):
    """Whether the last installation had this very lock."""
    try:
        with open(os.path.join(VENV, lock), "rb") as old, open(os.path.join(ROOT, lock), "rb") as new:
            return old.read() == new.read()
    except OSError:
        return False


def other_python(lock):
    """Go on with a newer Python of the PATH, or say what is missing."""
    for name in NEWER:
        found = shutil.which(name)
        if found and works(found):
            return subprocess.call([found, os.path.abspath(__file__), lock])
    return sorry("Reelmill needs Python 3.11 or newer; this is {}.{}. With another one: make run PYTHON=/path/to/python3".format(*sys.version_info))


def sorry(sentence):
    """Print one plain sentence; the exit status of a failure."""
    sys.stderr.write(sentence + "\n")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else RUN))
    except KeyboardInterrupt:
        sys.exit(130)
