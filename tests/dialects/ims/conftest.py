"""What the tests of IMS share: films of several languages, and a template."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from alibabacloud_ice20201109 import models as m

from tests.conftest import Buckets
from tests.dialects.clients import Endpoint, ice


@pytest.fixture
def films(site: Endpoint, buckets: Buckets, ffmpeg: str, tmp_path: Path) -> None:
    """A film in Chinese (440 Hz), an English dub (660 Hz), a Japanese one (880 Hz), and a file in three languages (550, 990, 1210)."""

    def make(name: str, *tracks: tuple[int, str]) -> None:
        argv = [ffmpeg, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=2"]
        for frequency, _ in tracks:
            argv += ["-f", "lavfi", "-i", f"sine=frequency={frequency}:sample_rate=48000:duration=2"]
        for number in range(len(tracks) + 1):
            argv += ["-map", str(number)]
        for number, (_, language) in enumerate(tracks):
            argv += [f"-metadata:s:a:{number}", f"language={language}"]
        subprocess.run([*argv, "-c:v", "libx264", "-preset", "ultrafast", str(tmp_path / name)], check=True, timeout=60)
        buckets.put(tmp_path / name, f"films/{name}")

    make("video-with-default-audio.mp4", (440, "zho"))
    make("english-audio.mp4", (660, "und"))
    make("japanese-audio.mp4", (880, "und"))
    make("multilingual-file.mp4", (550, "eng"), (990, "jpn"), (1210, "deu"))


@pytest.fixture
def rung(site: Endpoint) -> str:
    """The template «Video-360P» of the product text."""
    config = {"Container": {"Format": "mp4"}, "Video": {"Codec": "H.264", "Height": "360", "Crf": "30"}, "Audio": {"Codec": "AAC", "Bitrate": "64"}}
    made = ice(site).create_custom_template(m.CreateCustomTemplateRequest(name="Video-360P", type=1, subtype=1, template_config=json.dumps(config)))
    return str(made.body.custom_template.template_id)
