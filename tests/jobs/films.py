"""Small films whose scenes are known, for kinds that choose pictures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jobs import services
from jobs.engine.spec import JOB_SPEC
from jobs.models import Job

SIZE = "320x180"
SCENES = {
    "black": f"color=black:s={SIZE}:r=25:d=2",
    "white": f"color=white:s={SIZE}:r=25:d=2",
    "noise": f"nullsrc=s={SIZE}:r=25:d=2,geq=random(1)*255:128:128",
    "credits": f"color=black:s={SIZE}:r=25:d=2,drawbox=x=120:y=40:w=80:h=4:color=white:t=fill,drawbox=x=100:y=60:w=120:h=4:color=white:t=fill,"
    "drawbox=x=130:y=90:w=60:h=4:color=white:t=fill,drawbox=x=110:y=120:w=100:h=4:color=white:t=fill",
    "good": f"mandelbrot=s={SIZE}:r=25:start_scale=0.2,trim=duration=2",
    "blurred": f"mandelbrot=s={SIZE}:r=25:start_scale=0.2,trim=duration=2,gblur=sigma=12",
    "test": f"testsrc2=s={SIZE}:r=25:d=2",
    "bars": f"smptehdbars=s={SIZE}:r=25:d=2",
    # colours that are not said are random, whatever the seed is
    "plasma": f"gradients=s={SIZE}:r=25:d=2:n=8:seed=7:speed=0.2:c0=red:c1=lime:c2=blue:c3=yellow:c4=magenta:c5=cyan:c6=orange:c7=white",
}
"""Two seconds each."""


def film(ffmpeg: str, path: Path, scenes: Sequence[str], *, sound: bool = False, options: Sequence[str] = ()) -> Path:
    """These scenes one after the other; ``sound``: a tone."""
    parts = ";".join(f"{SCENES[name]},format=yuv420p,setsar=1[s{number}]" for number, name in enumerate(scenes))
    legs = "".join(f"[s{number}]" for number in range(len(scenes)))
    graph = f"{parts};{legs}concat=n={len(scenes)}:v=1:a=0[v]"
    tone = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={2 * len(scenes)}") if sound else ()
    maps = ("-map", "[v]", *(("-map", "0:a", "-c:a", "aac") if sound else ()))
    argv = [ffmpeg, "-v", "error", "-y", *tone, "-filter_complex", graph, *maps, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", *options, str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, timeout=120)
    return path


def submitted(kind: str, source: str, output: str, **more: Any) -> Job:
    """A job of this kind, as the JSON interface would make it."""
    document = {"kind": kind, "input": source, "output": output} | more
    return services.submit(spec=JOB_SPEC.validate_json(json.dumps(document)), source="api")
