"""``make screenshots``: the pictures of README and docs, from a really started installation with real jobs in it."""

from __future__ import annotations

import tempfile
import time
import urllib.parse
from pathlib import Path

import imageio_ffmpeg
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.clips import Clips
from tests.e2e.conftest import ARGUMENTS, chromium, sign_in
from tests.server import ROOT, Server

IMAGES = ROOT / "docs" / "images"
COLOURS = 192


def fill(server: Server, room: Path) -> dict[str, str]:
    """Some jobs as a person would have them, one failed; answers job ids by name."""
    clips = Clips(room, imageio_ffmpeg.get_ffmpeg_exe())
    film = server.put(clips.make(seconds=8, size="1280x720", rate=24), "films/Journey to the coast.mp4")
    long = server.put(clips.make(seconds=60, size="1280x720", rate=30), "films/Interview, uncut.mp4")
    broken = server.put(Path(__file__), "films/not a film.mp4")
    ids = {
        "ladder": server.submit(film, ("hls-ladder", "oss://output/films/coast/index.m3u8"), ("mp4-h264-540p", "oss://output/films/coast-540p.mp4"))["id"],
        "failed": server.submit(broken, ("mp4-h264-540p", "oss://output/films/broken.mp4"))["id"],
        "audio": server.submit(film, ("S00000001-300020", "oss://output/films/coast.mp3"), user_data="podcast 12")["id"],
    }
    for job_id in ids.values():
        server.finished(job_id)
    ids["execution"] = run(server, film)
    ids["running"] = server.submit(
        long, ("mp4-h264-720p", "oss://output/films/interview-720p.mp4"), ("mp4-h264-360p", "oss://output/films/interview-360p.mp4"), priority=9
    )["id"]
    return ids


def run(server: Server, film: str) -> str:
    """An execution of which one step failed: there is no picture a day into the film."""
    outputs = [{"template": f"mp4-h264-{size}", "address": f"oss://output/{{RunId}}/{{FileName}}-{size}.mp4"} for size in ("360p", "540p")]
    late = {"mode": "single", "time": 86_000, "output": "oss://output/{RunId}/late.jpg"}
    steps = [
        {"name": "look", "type": "analyse", "job": {"kind": "mediainfo"}},
        {"name": "films", "type": "transcode", "under": "look", "job": {"outputs": outputs}},
        {"name": "poster", "type": "snapshot", "under": "look", "job": {"kind": "cover", "keep": 1, "output": "oss://output/{RunId}/poster.jpg"}},
        {"name": "late picture", "type": "snapshot", "under": "look", "job": late},
        {"name": "publish", "type": "publish", "mode": "first"},
    ]
    server.api("/workflows", method="POST", body={"name": "every film", "bucket": "input", "path": "new films", "active": True, "steps": steps})
    made = str(server.api("/workflows/every film/run".replace(" ", "%20"), method="POST", body={"input": film})[1]["id"])
    while server.api(f"/executions/{made}")[1]["state"] == "running":
        time.sleep(0.5)
    return made


def take(page: Page, name: str, photograph: bool = False) -> None:
    """One picture; with few colours, unless there is a photograph in it, so that the repository stays small."""
    path = IMAGES / f"{name}.png"
    page.wait_for_timeout(400)
    page.screenshot(path=path)
    if photograph:
        return
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def play(page: Page) -> None:
    """Let the player of this page show a picture, and stop it there."""
    page.wait_for_selector("video", state="attached")
    page.evaluate(
        "() => { const v = document.querySelector('video'); v.muted = true; const b = document.querySelector('[data-player] button'); b ? b.click() : v.play(); }"
    )
    page.wait_for_function("() => { const v = document.querySelector('video'); return v.videoWidth > 0 && v.currentTime > 0.8 }", timeout=20_000)
    page.evaluate("document.querySelector('video').pause()")


def main() -> None:
    """All of them."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reelmill-pictures-") as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        try:
            server.start()
            sample = server.api("/jobs")[1]["items"][0]["id"]
            server.finished(sample)
            ids = fill(server, Path(folder))
            browser = playwright.chromium.launch(executable_path=chromium(), args=[*ARGUMENTS, "--no-sandbox"])
            for theme, width, height in (("light", 1440, 900), ("dark", 1440, 900), ("light", 390, 844)):
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme, locale="en-GB", reduced_motion="reduce")
                page = context.new_page()
                sign_in(page, server.base)
                shots = {
                    ("light", 1440): {
                        "overview": "/console/",
                        "jobs": "/console/jobs/",
                        "upload": "/console/media/upload/",
                        "new-job": f"/console/jobs/new/transcode/?input={urllib.parse.quote('oss://input/films/Journey to the coast.mp4')}",
                        "failed": f"/console/jobs/{ids['failed']}/",
                        "execution": f"/console/executions/{ids['execution']}/",
                        "templates": "/console/templates/transcode/",
                        "pipelines": "/console/pipelines/",
                        "library": "/console/media/",
                    },
                    ("dark", 1440): {"running-dark": f"/console/jobs/{ids['running']}/"},
                    ("light", 390): {"phone": "/console/jobs/"},
                }[theme, width]
                for name, path in shots.items():
                    page.goto(server.base + path)
                    take(page, name)
                if (theme, width) == ("light", 1440):
                    page.goto(f"{server.base}/console/jobs/{sample}/outputs/")
                    play(page)
                    take(page, "job", photograph=True)
                    page.context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": server.base}])
                    page.goto(f"{server.base}/console/jobs/")
                    take(page, "jobs-zh")
                context.close()
            browser.close()
        finally:
            server.stop()
    for path in sorted(IMAGES.glob("*.png")):
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} kB")  # noqa: T201  a command's output


if __name__ == "__main__":
    main()
