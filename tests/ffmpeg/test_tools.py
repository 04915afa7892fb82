"""Which programs are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jobs.engine.abilities import ENCODERS
from jobs.engine.errors import JobError
from jobs.ffmpeg import tools as tools_module
from jobs.ffmpeg.capabilities import AUDIO, SUBTITLES, VIDEO, measure
from jobs.ffmpeg.tools import find


@pytest.fixture(autouse=True)
def _fresh():
    find.cache_clear()
    yield
    find.cache_clear()


def program(path: Path, says: str) -> Path:
    """A program that answers every question with the same text."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    path.chmod(0o755)
    return path


def test_what_comes_with_pip_is_complete():
    found = find()
    assert Path(found.ffmpeg).is_absolute()
    assert Path(found.ffprobe).is_absolute()
    assert found.version[0] in "nN0123456789"
    assert find() is found


def test_an_explicit_setting_wins():
    ours = find()
    assert find(ours.ffmpeg, ours.ffprobe) == ours


@pytest.mark.parametrize("setting", ["/nonexistent/ffmpeg", "/etc/hostname", "false"])
def test_an_explicit_setting_that_does_not_run_is_an_error(setting):
    with pytest.raises(JobError) as caught:
        find(setting)
    assert caught.value.code == "CapabilityMissing"
    assert setting in caught.value.message
    with pytest.raises(JobError):
        find("", setting)


def test_an_old_or_poor_system_build_is_passed_over(tmp_path, monkeypatch):
    ours = find()
    for says in ("ffmpeg version 5.1.9-0+deb12u1 Copyright", "ffmpeg version 8.0 Copyright\n V..... libx264 x\n V..... libx265 x"):
        find.cache_clear()
        program(tmp_path / "bin" / "ffmpeg", says)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        assert find() == ours


@pytest.mark.parametrize("version", ["8.0.1", "n7.1", "N-118001-gabcdef"])
def test_a_capable_system_build_is_taken_with_its_own_ffprobe(tmp_path, monkeypatch, version):
    rows = "\n".join(f" V....D {name} text" for name in (*tools_module.ENCODERS, *tools_module.FILTERS))
    says = f"ffmpeg version {version} Copyright (c)\nlibavutil     59. 39.100 / 59. 39.100\n{rows}"
    program(tmp_path / "bin" / "ffmpeg", says)
    program(tmp_path / "bin" / "ffprobe", says)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    found = find()
    assert (found.ffmpeg, found.ffprobe, found.version) == (str(tmp_path / "bin" / "ffmpeg"), str(tmp_path / "bin" / "ffprobe"), version)


def test_capabilities_are_proven_and_not_believed(tmp_path):
    able = measure(find())
    assert {"libx264", "libx265", "aac", "libmp3lame", "libvorbis", "flac", "gif", "mov_text"} <= set(able.encoders) <= {*VIDEO, *AUDIO, *SUBTITLES}
    assert set(able.sandbox) == {"network", "limits", "parent_death", "capabilities", "memory_first"}
    assert able.model_validate_json(able.model_dump_json()) == able
    liar = program(tmp_path / "bin" / "ffmpeg", "ffmpeg version 9.0\n V..... libx264 x")
    liar.write_text(liar.read_text() + '[ "$1" = -version ]\n')  # lists everything, fails at work
    assert measure(tools_module.Tools(str(liar), "", "9.0")).encoders == ()


def test_every_encoder_that_a_template_can_need_is_tried():
    assert set(ENCODERS.values()) - {"copy"} <= {*VIDEO, *AUDIO, *SUBTITLES}
