"""What the tests of analyses share: making clips of which the right answer is known, analysing them, and asking what was said of a preset."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jobs import services
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job

Made = Callable[..., str]
FHD, HD, SD, LD, XLD = (f"MP4-{name}-Intelligent" for name in ("FHD", "HD", "SD", "LD", "XLD"))


def film(ffmpeg: str, path: Path, picture: str, *options: str, sound: str = "") -> Path:
    """A clip of a lavfi picture (and sound), encoded as ``options`` say: lossless H.264 where they say nothing of the codec."""
    argv = [ffmpeg, "-v", "error", "-y", "-f", "lavfi", "-i", picture, *(("-f", "lavfi", "-i", sound, "-c:a", "aac") if sound else ())]
    if "-c:v" not in options:
        argv += ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    subprocess.run([*argv, *options, "-shortest", str(path)], check=True, stdin=subprocess.DEVNULL, timeout=120)
    return path


def submitted(address: str, **more: Any) -> Job:
    """An analysis that waits."""
    return services.submit(spec=JOB_SPEC.validate_json(json.dumps({"kind": "analysis", "input": address} | more)), source="api")


def said(result: dict[str, Any], name: str) -> dict[str, Any]:
    """What an answer says of one preset."""
    return next(dict(row) for row in result["presets"] if row["name"] == name)


def transcode(address: str, template: str, key: str = "out.mp4", **overrides: Any) -> Job:
    """A transcode with this template that waits. Raises Refused."""
    document = {"kind": "transcode", "input": address, "outputs": [{"template": template, "address": f"oss://output/{key}", "overrides": overrides}]}
    return services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
