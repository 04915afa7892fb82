"""A real node whose steps sleep instead of encoding. A program of its own: run with ``python -m tests.jobs.node_program GROUPS [PORT]``.

Everything else comes from the environment, as for ``manage.py worker`` and, with a port, ``manage.py serve``. A step sleeps for as many seconds as its job's user data says, with lease and pulse as in real work; «!» before the number: as if a program ran.
"""

from __future__ import annotations

import os
import sys
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
django.setup()

from jobs import records, tasks  # noqa: E402
from jobs.models import Job  # noqa: E402
from jobs.node.running import CannotStart, run_node  # noqa: E402
from jobs.pulse import Cancelled, Pulse  # noqa: E402
from jobs.records import Fence, LeaseLost  # noqa: E402
from jobs.scheduler import Claimed  # noqa: E402


def nap(claimed: Claimed) -> None:
    """Sleep in place of work."""
    fence = Fence(claimed.job_id, claimed.step_id, claimed.attempt)
    text = Job.objects.get(pk=claimed.job_id).user_data or "0"
    end = time.monotonic() + float(text.lstrip("!"))
    try:
        with Pulse(fence) as pulse:
            if text.startswith("!"):
                pulse.program(True)
            while time.monotonic() < end:
                pulse.check()
                time.sleep(0.02)
        records.step_done(fence)
    except Cancelled:
        records.step_cancelled(fence)
    except LeaseLost:
        pass


def main() -> int:
    """Be the node."""
    tasks.work.__defaults__ = (nap,)
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    try:
        return run_node(workers=int(sys.argv[1]), host="127.0.0.1" if port else "", port=port, say=lambda text: print(text, flush=True))  # noqa: T201
    except CannotStart as reason:
        print(reason, flush=True)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
