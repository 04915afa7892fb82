"""The real thing: survey, probes, decision and encode, on ordinary and on odd input."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from jobs.engine import narrowband
from jobs.engine.narrowband import Decision, Zone, sample
from jobs.ffmpeg import tools
from jobs.ffmpeg.probe import probe
from tests.engine.narrowband.cases import HD, encoded, figures, made, run, searched, surveyed, text


def written(room, clips, source, *options):
    """``source``: a lavfi graph."""
    argv = [clips.ffmpeg, "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source]
    more = options or ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-pix_fmt", "yuv420p")
    subprocess.run([*argv, *more, "-f", "matroska", str(room / "input")], check=True, stdin=subprocess.DEVNULL, timeout=120)
    return room


def frames(room, path):
    return probe(path, tools=tools.find(), cwd=room, count_packets=True).picture.frames


def sizes(clips, path):
    argv = [str(tools.find().ffprobe), "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,size", "-of", "csv=p=0", str(path)]
    rows = sorted(
        (float(line.split(",")[0]), int(line.split(",")[1])) for line in subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    )
    return [size for _, size in rows]


@pytest.mark.parametrize(
    "source",
    [
        "testsrc2=size=320x180:rate=25:duration=6",
        "testsrc2=size=320x180:rate=25:duration=0.04",  # one picture
        "testsrc2=size=320x180:rate=25:duration=0.6",  # shorter than a sample
        "color=black:size=320x180:rate=25:duration=4",
        "nullsrc=size=160x90:rate=25:duration=3,geq=random(1)*255:128:128",  # noise
        "testsrc2=size=320x180:rate=30:duration=4,select='not(mod(n\\,3))+lt(n\\,20)'",  # variable rate
    ],
)
def test_what_is_decided_can_be_made(clips, tmp_path, source):
    written(tmp_path, clips, source)
    case = made(tmp_path, HD)
    survey, points, decision = searched(tmp_path, case)
    assert survey.frames == frames(tmp_path, tmp_path / "input")
    assert 1 <= len([one for one in points if not one.fast]) <= 4
    twin = encoded(tmp_path, case.plan)
    large, pictures = twin.stat().st_size, frames(tmp_path, twin)
    ours = encoded(tmp_path, narrowband.adapted(case.plan, decision))
    assert frames(tmp_path, ours) == pictures == survey.frames
    kbps = ours.stat().st_size * 8 / 1000 / survey.seconds
    if survey.frames > 50:  # of less, the container is most
        judged = narrowband.verdict(decision, kbps=kbps, vmaf=None)
        if judged.again is not None:
            ours = encoded(tmp_path, narrowband.adapted(case.plan, judged.again))
        assert ours.stat().st_size <= large * 1.05


def test_a_probe_sees_what_the_finished_file_shows(clips, tmp_path):
    """The forecast of a steady clip: within a point of what its own windows score in the finished file."""
    written(tmp_path, clips, "testsrc2=size=320x180:rate=25:duration=6,noise=alls=8:allf=t")
    case = made(tmp_path, HD | {"bitrate_kbps": 3000, "maxrate_kbps": 5000, "bufsize_kbit": 9000})
    survey, _, decision = searched(tmp_path, case)
    ours = encoded(tmp_path, narrowband.adapted(case.plan, decision))
    kbps = ours.stat().st_size * 8 / 1000 / survey.seconds
    assert kbps == pytest.approx(decision.forecast.kbps, rel=0.3)
    assert decision.forecast.kbps < decision.twin.kbps


@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_a_zone_is_an_offset_of_crf(clips, tmp_path, codec):
    """Half of the clip 4 CRF worse: its pictures are about as large as in a clip that is 4 CRF worse as a whole. (x265 does not quite take the whole step at once.)"""
    written(tmp_path, clips, "testsrc2=size=320x180:rate=25:duration=4,noise=alls=12:allf=t")
    case = made(tmp_path, HD | {"codec": codec, "gop": 25, "closed_gop": True})
    common = {"method": 2, "codec": codec, "target": 93, "goal": 93, "forecast": figures(), "twin": figures(), "cap_kbps": 9000, "capped": False}
    common |= {"reason": "target", "why": "", "probes": 0}
    zoned = Decision(crf=26, zones=(Zone(first=50, last=99, offset=4.0),), **common)
    halves = {}
    for name, decision in (("zoned", zoned), ("low", Decision(crf=26, **common)), ("high", Decision(crf=30, **common))):
        found = sizes(clips, encoded(tmp_path, narrowband.adapted(case.plan, decision)))
        halves[name] = sum(found[:50]), sum(found[50:])
    assert halves["zoned"][0] == pytest.approx(halves["low"][0], rel=0.06)
    assert halves["zoned"][1] == pytest.approx(halves["high"][1], rel=0.06 if codec == "h264" else 0.2)
    assert halves["zoned"][1] < halves["low"][1] * 0.85


def test_long_clips_are_sampled_by_seeking(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "LONG", 2.0)
    written(tmp_path, clips, "testsrc2=size=320x180:rate=25:duration=8")
    case = made(tmp_path, HD)
    survey = surveyed(tmp_path, case)
    assert not survey.sampled
    command = narrowband.sample_command(case, survey)
    assert command is not None
    assert "-ss" in command.argv
    run(tmp_path, command)
    assert frames(tmp_path, tmp_path / narrowband.SAMPLE) == sum(window.frames for window in survey.windows)
    _, points, _ = searched(tmp_path, case)
    assert points[-1].vmaf > 50  # both sides see the same pictures


def test_classes_are_probed_apart(clips, tmp_path):
    flat, busy = "color=gray:size=320x180:rate=25:duration=3,noise=alls=3:allf=t[a]", "testsrc2=size=320x180:rate=25:duration=3,noise=alls=25:allf=t[b]"
    written(tmp_path, clips, f"{flat};{busy};[a][b]concat=n=2:v=1")
    case = made(tmp_path, HD)
    survey, points, decision = searched(tmp_path, case)
    assert [(shot.first, shot.group) for shot in survey.shots] == [(0, 0), (75, 1)]
    assert {point.group for point in points} == {-1, 0, 1}
    assert len(next(point for point in points if point.fast).by_window) >= 2
    assert encoded(tmp_path, narrowband.adapted(case.plan, decision)).stat().st_size


def test_each_step_can_start_in_an_empty_folder(clips, tmp_path):
    """A probe on another worker: nothing of the survey lies there."""
    written(tmp_path, clips, "testsrc2=size=320x180:rate=25:duration=5")
    case = made(tmp_path, HD)
    survey = surveyed(tmp_path, case)
    (ask,) = narrowband.first_asks(case, survey)
    found = []
    for sampled in (True, False):
        if not sampled:
            (tmp_path / narrowband.SAMPLE).unlink()
        for command in narrowband.probe_commands(case, survey, ask, sampled=sampled):
            run(tmp_path, command)
        found.append(narrowband.read_probe(case, survey, ask, text(tmp_path, narrowband.SIZES), text(tmp_path, narrowband.SCORES)))
    assert found[0].vmaf == pytest.approx(found[1].vmaf, abs=0.05)
    assert found[0].kbit_s == pytest.approx(found[1].kbit_s, rel=0.01)


def test_ordinary_pictures_lie_beside_as_they_are(clips, tmp_path):
    """Reading them back costs next to nothing; others are written by a codec without loss, and both ways show the same."""
    written(tmp_path, clips, "testsrc2=size=320x180:rate=25:duration=4")
    case = made(tmp_path, HD)
    found = []
    for one in (case, replace(case, pixels=None)):
        survey = surveyed(tmp_path, one)
        assert survey.sampled
        found.append((probe(tmp_path / narrowband.SAMPLE, tools=tools.find(), cwd=tmp_path).picture.codec, sample_of(tmp_path)))
    assert [codec for codec, _ in found] == ["rawvideo", "ffvhuff"]
    assert found[0][1] == found[1][1]


def sample_of(room):
    """A digest of every picture of the sample."""
    argv = [str(tools.find().ffmpeg), "-v", "error", "-i", str(room / narrowband.SAMPLE), "-f", "framemd5", "-"]
    return [line.split(",")[-1] for line in subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines() if not line.startswith("#")]


def test_watermarked_pictures_are_probed_with_their_watermark(clips, tmp_path):
    """A plan with branches cannot be sampled: every probe reads the whole."""
    written(tmp_path, clips, "testsrc2=size=320x180:rate=25:duration=3")
    case = made(tmp_path, HD, delogos=({"dx": 10, "dy": 10, "width": 60, "height": 40, "method": "blur"},))
    assert sample.beforehand(case) == () or narrowband.sample_command(case, surveyed(tmp_path, case)) is not None
    _, points, decision = searched(tmp_path, case)
    assert points
    assert encoded(tmp_path, narrowband.adapted(case.plan, decision)).stat().st_size


@pytest.mark.parametrize(
    ("name", "video"),
    [
        ("roof-720x1280p30-av1-hdr10-aac.mp4", HD | {"width": 320}),  # HDR, tone mapped
        ("bear-161x121-vp9-odd.webm", HD),
        ("desk-360i25-h264-tff-noaudio.mp4", HD | {"scan": "progressive"}),
        ("dog-1080p-vfr-phone-h264-aac.mp4", HD | {"width": 480, "max_fps": 20}),
    ],
)
def test_real_oddities(media, tmp_path, name, video):
    (tmp_path / "input").write_bytes((media / name).read_bytes())
    case = made(tmp_path, video)
    survey, points, decision = searched(tmp_path, case)
    assert points[-1].vmaf > 40
    assert frames(tmp_path, encoded(tmp_path, narrowband.adapted(case.plan, decision))) == survey.frames


def test_av1(clips, tmp_path):
    written(tmp_path, clips, "testsrc2=size=320x180:rate=25:duration=3")
    case = made(tmp_path, {"codec": "av1", "preset": "ultrafast", "bitrate_kbps": 400})
    survey, _, decision = searched(tmp_path, case)
    assert decision.zones == ()
    assert frames(tmp_path, encoded(tmp_path, narrowband.adapted(case.plan, decision))) == survey.frames
