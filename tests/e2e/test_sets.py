"""Sets in a real browser: every kind plays, rungs, sound tracks and captions can be chosen, and what is encrypted plays with its key and not without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Complaints, sign_in
from tests.server import Server

pytestmark = [pytest.mark.e2e, pytest.mark.media]
ROOT = Path(__file__).resolve().parents[2]
LADDER = [{"name": "240p", "video": {"height": 240}}, {"name": "120p", "video": {"height": 120}}]
COUNT = "count-480p10-h264-2audio-eng-deu-srt.mkv"
TRACKS: dict[str, Any] = {"audios": [{"stream": 0}, {"stream": 1}], "ladder": LADDER, "mux": {"segment_seconds": 2.0}}
SETS: dict[str, dict[str, Any]] = {
    "ts.m3u8": {"container": {"format": "hls"}, **TRACKS},
    "fmp4.m3u8": {"container": {"format": "hls"}, **TRACKS, "mux": {"segment_seconds": 2.0, "segment_format": "fmp4", "iframe_playlist": True}},
    "dash.mpd": {"container": {"format": "dash"}, **TRACKS},
    "cmaf.m3u8": {"container": {"format": "cmaf"}, **TRACKS},
    "webm.mpd": {
        "container": {"format": "dash"}, "video": {"codec": "vp9", "height": 120}, "audio": {"codec": "opus"}, "mux": {"segment_format": "webm", "segment_seconds": 4.0}
    },
    "cbcs.m3u8": {"container": {"format": "cmaf"}, **TRACKS, "encryption": {"method": "cbcs"}},
    "cenc.mpd": {"container": {"format": "dash"}, **TRACKS, "encryption": {"method": "cenc"}},
    "cenc-hls.m3u8": {"container": {"format": "hls"}, "mux": {"segment_format": "fmp4", "segment_seconds": 2.0}, "encryption": {"method": "cenc"}},
    "aes.m3u8": {"container": {"format": "hls"}, **TRACKS, "encryption": {"method": "aes-128"}},
    "private.m3u8": {"container": {"format": "hls"}, "mux": {"segment_seconds": 2.0}, "encryption": {"method": "aes-128", "private": True}},
    "private-dash.mpd": {"container": {"format": "dash"}, "mux": {"segment_seconds": 2.0}, "encryption": {"method": "cenc", "private": True}},
}  # fmt: skip


@pytest.fixture(scope="module")
def sets(server: Server, media: Path) -> dict[str, dict[str, Any]]:
    """Every set, made by a job of its own; the jobs by name."""
    if not (ROOT / "static" / "vendor" / "shaka-player.js").is_file():
        pytest.skip("the players were not fetched; run make vendor")
    source = {"address": server.put(media / COUNT), "duration": 8.0}
    sent = {}
    for name, template in SETS.items():
        video = {"preset": "ultrafast", "height": 120} | template.get("video", {})
        overrides = {**template, "video": video if video.get("codec") != "vp9" else template["video"]}
        body = {"kind": "transcode", "input": source, "outputs": [{"address": f"oss://output/sets/{name}", "overrides": overrides}]}
        status, answer = server.api("/jobs", method="POST", body=body)
        assert status == 201, (name, answer)
        sent[name] = answer["id"]
    jobs = {name: server.finished(job_id) for name, job_id in sent.items()}
    for name, job in jobs.items():
        assert job["state"] == "succeeded", (name, [o["error"] for o in job["outputs"]])
    return jobs


def play(page: Page, server: Server, job: dict[str, Any]) -> None:
    """The job's page, playing."""
    page.goto(f"{server.base}/console/jobs/{job['id']}/")
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; v.loop = true; return v.play().catch(() => 0) }")
    page.wait_for_function(
        "() => { const v = document.querySelector('video'); if (v.paused) v.play().catch(() => 0); return v.videoWidth > 0 && v.currentTime > 0.3 }",
        timeout=20_000,
    )


def menu(page: Page, label: str) -> Any:
    return page.locator(f"reel-player select[aria-label='{label}']")


@pytest.mark.parametrize("name", SETS)
def test_it_plays_on_the_jobs_page(name: str, sets: dict[str, dict[str, Any]], server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    play(page, server, sets[name])
    engine = page.evaluate("document.querySelector('reel-player').stream.constructor.name")
    assert engine == ("ShakaStream" if name.endswith(".mpd") or "cbcs" in name or "cenc" in name else "HlsStream")
    before = page.evaluate("document.querySelector('video').currentTime")
    page.wait_for_function(f"() => Math.abs(document.querySelector('video').currentTime - {before}) > 0.5", timeout=10_000)


@pytest.mark.parametrize("name", ["ts.m3u8", "fmp4.m3u8", "dash.mpd", "cmaf.m3u8", "cbcs.m3u8", "aes.m3u8"])
def test_rungs_sound_and_captions_can_be_chosen(name: str, sets: dict[str, dict[str, Any]], server: Server, new_page: Callable[..., Page]) -> None:
    page = new_page()
    play(page, server, sets[name])
    expect(menu(page, "Quality").locator("option")).to_have_count(3)
    heights = set()
    for wanted in ("240p", "120p"):
        value = menu(page, "Quality").locator("option", has_text=wanted).filter(has_not_text="Auto").first.get_attribute("value")
        menu(page, "Quality").select_option(value)
        page.wait_for_function(f"() => document.querySelector('video').videoHeight === {int(wanted[:-1])}", timeout=20_000)
        heights.add(page.evaluate("document.querySelector('video').videoHeight"))
    assert heights == {240, 120}
    sounds = menu(page, "Audio track")
    expect(sounds.locator("option")).to_have_count(2)
    other = sounds.locator("option:not(:checked)").first.get_attribute("value")
    sounds.select_option(other)
    page.wait_for_function(
        f"() => document.querySelector('reel-player').stream.tracks('audio').find((track) => track.chosen)?.id === '{other}'", timeout=15_000
    )
    captions = menu(page, "Captions")
    captions.select_option(index=1)
    shown = "() => [...document.querySelector('video').textTracks].some((track) => track.mode === 'showing' && track.cues && track.cues.length > 0)"
    page.wait_for_function(shown, timeout=15_000)
    captions.select_option("off")
    page.wait_for_function("() => ![...document.querySelector('video').textTracks].some((track) => track.mode === 'showing')", timeout=10_000)


@pytest.mark.parametrize("name", ["aes.m3u8", "cbcs.m3u8", "cenc.mpd"])
def test_it_does_not_play_without_the_key(
    name: str, sets: dict[str, dict[str, Any]], server: Server, new_page: Callable[..., Page], complaints: Complaints
) -> None:
    complaints.allow("/keys/", "404", "Failed to load resource", "shaka", "Uncaught")
    page = new_page()
    page.route("**/keys/**", lambda route: route.fulfill(status=404, body=""))
    page.goto(f"{server.base}/console/jobs/{sets[name]['id']}/")
    page.evaluate("() => { const v = document.querySelector('video'); v.muted = true; v.play().catch(() => 0) }")
    expect(page.locator(".p-player__note")).to_be_visible(timeout=20_000)
    page.wait_for_timeout(1000)
    assert page.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames") == 0, "not one picture"
    assert page.evaluate("document.querySelector('video').currentTime") < 0.5  # a player may step over a gap at the beginning


def test_who_may_have_a_key(sets: dict[str, dict[str, Any]], server: Server, browser: Any) -> None:
    """Strangers get nothing, people who may read get plain keys, private ones only after the player's page was opened."""
    context = browser.new_context()
    page = context.new_page()

    def key_of(name: str) -> str:
        text = server.object(f"oss://output/sets/{name}").read_text()
        if "/keys/" not in text:
            rung = next(line for line in text.splitlines() if line.endswith("-v.m3u8") or (line and not line.startswith("#")))
            text = (server.object(f"oss://output/sets/{name}").parent / rung).read_text()
            if "/keys/" not in text:
                inner = next(line for line in text.splitlines() if line and not line.startswith("#"))
                text = (server.object(f"oss://output/sets/{name}").parent / inner).read_text()
        return "/keys/" + text.partition("/keys/")[2].partition('"')[0]

    plain, private = key_of("aes.m3u8"), key_of("private.m3u8")
    assert context.request.get(server.base + plain).status == 401
    assert context.request.get(server.base + private).status == 401
    assert server.fetch(plain)[0] == 200  # a bearer token
    assert len(server.fetch(plain)[1]) == 16
    assert server.fetch(private)[0] == 403
    sign_in(page, server.base)
    assert context.request.get(server.base + plain).status == 200
    assert context.request.get(server.base + private).status == 403
    page.goto(f"{server.base}/console/jobs/{sets['private.m3u8']['id']}/")
    answer = context.request.get(server.base + private)
    assert answer.status == 200
    assert len(answer.body()) == 16
    assert answer.headers["cache-control"] == "no-store"
    assert context.request.get(server.base + "/keys/" + "0" * 32).status == 404
    context.close()
