"""Sets under keys: what is published can be read with the key and not without it, and nobody is told it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import numpy as np
import pytest

from tests.surface.harness import Bench, Made, Row
from tests.surface.sets import ISSUE, LADDER, SHORT, attributes, decoded, joined, lines, manifest, mux, published, row, video_of

KEY = "00ff" * 8  # the bench's own
GIVEN = "0123456789abcdeffedcba9876543210"
CBCS, CENC, AES = {"method": "cbcs"}, {"method": "cenc"}, {"method": "aes-128"}


def aes(made: Made) -> None:
    folder, _ = published(made)
    path = folder / "main.m3u8"
    text = path.read_text()
    (said,) = attributes(text, "#EXT-X-KEY")
    assert (said["METHOD"], said["URI"]) == ("AES-128", "/keys/k")
    assert re.fullmatch("0x[0-9a-f]{32}", said["IV"])
    assert all((folder / name).read_bytes()[0] != 0x47 or (folder / name).stat().st_size % 188 for name in lines(text))
    local = folder / "local.m3u8"
    (folder / "k").write_bytes(bytes.fromhex(KEY))
    local.write_text(text.replace("/keys/k", "k"))
    assert len(decoded(made, local)) == 50
    (folder / "k").write_bytes(bytes(16))
    argv = [made.tools.ffmpeg, "-v", "error", "-allowed_extensions", "ALL", "-protocol_whitelist", "file,crypto", "-i", str(local), "-f", "null", "-"]
    assert subprocess.run(argv, capture_output=True, cwd=folder, check=False, timeout=60).returncode  # with another key it does not


def vectors_differ(made: Made) -> None:
    folder, _ = published(made)
    ivs = [attributes((folder / rung).read_text(), "#EXT-X-KEY")[0]["IV"] for rung in lines((folder / "main.m3u8").read_text())]
    assert len(set(ivs)) == 2


def samples(scheme: str, method: str) -> Callable[[Made], None]:
    """Manifest and playlists name the key; with it pictures are the encoder's, without it they are not."""

    def look_at(made: Made) -> None:
        folder, done = published(made)
        wanted = decoded(made, made.file)
        if done.beside or done.main.endswith(".mpd"):
            assert all(r.encrypted for r in manifest(folder).representations)
            text = next(folder.glob("*.mpd")).read_text()
            assert f'value="{scheme}"' in text
            assert "e2719d58-a985-b3c9-781a-b030af78d30e" in text
            assert "/keys/k/license" in text
            path = joined(folder, video_of(folder))
        else:
            rung = folder / lines((folder / "main.m3u8").read_text())[0]
            (said,) = attributes(rung.read_text(), "#EXT-X-KEY")
            assert (said["METHOD"], said["URI"], said["KEYFORMAT"]) == (method, "/keys/k", "identity")
            path = folder / "joined.mp4"
            init = attributes(rung.read_text(), "#EXT-X-MAP")[0]["URI"]
            path.write_bytes(b"".join((folder / name).read_bytes() for name in (init, *lines(rung.read_text()))))
        assert np.array_equal(decoded(made, path, "-decryption_key", KEY), wanted)
        assert scheme.encode() in path.read_bytes()[:4000]
        broken = subprocess.run([made.tools.ffmpeg, "-v", "error", "-i", str(path), "-f", "null", "-"], capture_output=True, check=False, timeout=60)
        assert broken.stderr

    return look_at


def nothing_told(made: Made) -> None:
    """No key in any argument, nor in the plan as it is shown."""
    shown = made.plan.model_dump_json() + repr(made.plan) + " ".join(word for command in made.output.package for word in command.argv)
    assert GIVEN not in shown
    assert (made.room / "o0.keys").read_text().count(GIVEN) == 1


ROWS = [
    row("aes-128", ISSUE, "hls", aes, SHORT, encryption=AES),
    row("aes-128, vectors of rungs", ISSUE, "hls", vectors_differ, SHORT, encryption=AES, ladder=LADDER),
    row("cbcs, cmaf", ISSUE, "cmaf", samples("cbcs", "SAMPLE-AES"), SHORT, encryption=CBCS),
    row("cenc, cmaf", ISSUE, "cmaf", samples("cenc", "SAMPLE-AES-CTR"), SHORT, encryption=CENC),
    row("cbcs, hls", ISSUE, "hls", samples("cbcs", "SAMPLE-AES"), SHORT, encryption=CBCS, mux=mux(segment_format="fmp4")),
    row("cenc, hls", ISSUE, "hls", samples("cenc", "SAMPLE-AES-CTR"), SHORT, encryption=CENC, mux=mux(segment_format="fmp4")),
    row("cbcs, dash", ISSUE, "dash", samples("cbcs", "SAMPLE-AES"), SHORT, encryption=CBCS),
    row("a given key is told nobody", ISSUE, "cmaf", nothing_told, {"seconds": 1}, encryption={**CBCS, "key": GIVEN}),
]  # fmt: skip


@pytest.mark.media
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(bench: Bench, row: Row) -> None:
    bench.row(row)
