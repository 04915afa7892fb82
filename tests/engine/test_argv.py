"""argv: golden lists, and the rules that hold for every command."""

from __future__ import annotations

import json
import re

import pytest

from jobs.engine.argv import GLOBAL, commands
from tests.engine.golden import FOLDER, cases
from tests.engine.samples import NAMES, plan, probe, template

CASES = cases()
OUR_NAME = re.compile(r"input|m\d+|mark\d+|text[0-9-]+\.png|o\d+[a-z0-9-]*\.[a-z0-9]+")
LADDER = [{"name": n, "video": {"short_side": s}} for n, s in (("360p", 360), ("240p", 240))]


@pytest.mark.parametrize("name", CASES)
def test_argv_is_as_kept(name: str) -> None:
    assert CASES[name] == json.loads((FOLDER / f"{name}.json").read_text())


def test_every_kept_case_is_still_made() -> None:
    assert {p.stem for p in FOLDER.glob("*.json")} == set(CASES)


@pytest.mark.parametrize("argv", [argv for found in CASES.values() for argv in found if not argv[0].startswith("in=")])  # the packager has a guard of its own
def test_the_input_is_opened_with_its_own_demuxer_and_no_protocol_but_file(argv: list[str]) -> None:
    if argv[0] != "-nostdin":  # fdkaac and the packager read what ffmpeg wrote
        return
    assert tuple(argv[: len(GLOBAL)]) == GLOBAL
    start = 0
    for at in [at for at, word in enumerate(argv) if word == "-i"]:
        before = argv[start:at]
        assert before[before.index("-protocol_whitelist") + 1] == "file"
        assert before[before.index("-format_whitelist") + 1] == before[before.index("-f") + 1]
        assert before[before.index("-codec_whitelist") + 1]
        assert OUR_NAME.fullmatch(argv[at + 1])
        start = at + 2
    assert start


@pytest.mark.parametrize("argv", [argv for found in CASES.values() for argv in found])
def test_every_file_named_is_relative_and_ours(argv: list[str]) -> None:
    assert not any("/" in a for a in argv if a.startswith(("o0", "o1", "o2", "o3", "input")))
    assert not any(a.startswith(("/", "file:", "http")) for a in argv)


@pytest.mark.parametrize("name", [n for n in NAMES if probe(n).picture])
def test_every_encode_of_a_picture_states_its_frame_rule(name: str) -> None:
    for command in commands(plan(name, template("mp4"), template("hls", video={"fps": 5.0}), template("gif"))):
        assert command.argv.count("-c:v") == len(command.outputs)
        assert command.argv.count("-fps_mode:v") == len(command.outputs)


def test_options_of_outputs_in_one_process_stay_apart() -> None:
    made = plan("bbb", template("mp4", video={"crf": 30.0, "width": 320}), template("hls", video={"crf": 20.0, "width": 640}, audio={"bitrate_kbps": 64}))
    (command,) = commands(made)
    assert command.outputs == (0, 1)
    first, second = command.argv.index("o0.mp4"), command.argv.index("o1.m3u8")
    left, right = command.argv[command.argv.index("input") : first], command.argv[first:second]
    assert left[left.index("-crf") + 1] == "30"
    assert right[right.index("-crf") + 1] == "20"
    assert left[left.index("-b:a:0") + 1] == "384k"
    assert right[right.index("-b:a:0") + 1] == "64k"
    assert left.count("-map") == right.count("-map") == 2
    assert "-hls_time" not in left
    assert "-movflags" not in right


def test_each_branch_has_a_split_leg_of_its_own_even_when_all_are_equal() -> None:
    (command,) = commands(plan("bbb", *[template("mp4", video={"short_side": 360})] * 3))
    graph = command.argv[command.argv.index("-filter_complex") + 1]
    assert graph.startswith("[0:0]split=3[")
    assert graph.count("scale=") == 3
    labels = [command.argv[n + 1] for n, a in enumerate(command.argv) if a == "-map" and command.argv[n + 1].startswith("[")]
    assert len(set(labels)) == 6, "three pictures, three sounds"


def test_the_rungs_of_a_ladder_come_from_one_decode() -> None:
    (command,) = commands(plan("flower", template("hls", ladder=LADDER)))
    assert command.files == 2
    assert [a for a in command.argv if a.endswith(".m3u8")] == ["o0-360p.m3u8", "o0-240p.m3u8"]
    assert "o0.m3u8" not in command.argv, "the master is written by us"


def test_outputs_alone_are_one_command_each_with_the_same_options() -> None:
    made = plan("bbb", template("mp4"), template("hls", ladder=LADDER), template("mp3"))
    shared, alone = commands(made), commands(made, alone=True)
    assert [c.outputs for c in shared] == [(0, 1), (2,)]
    assert [c.outputs for c in alone] == [(0,), (1,), (2,)]
    together = shared[0].argv
    own = alone[0].argv[alone[0].argv.index("-c:v") :]
    assert together[together.index("-c:v") : together.index("o0.mp4") + 1] == own


def test_only_the_outputs_wanted_are_made() -> None:
    made = plan("bbb", template("mp4"), template("hls"), template("mp3"))
    assert [c.outputs for c in commands(made, only=[1, 2])] == [(1,), (2,)]
    assert commands(made, only=[]) == ()
    assert [c.outputs for c in commands(made, only={0, 1}, alone=True)] == [(0,), (1,)]


def test_a_palette_for_the_whole_clip_only_where_it_fits_into_memory() -> None:
    small, large = CASES["gif"][0], CASES["gif-long"][0]
    assert "palettegen" in small[small.index("-filter_complex") + 1]
    assert "stats_mode=single" not in small[small.index("-filter_complex") + 1]
    assert "stats_mode=single" in large[large.index("-filter_complex") + 1]


def test_a_clip_is_cut_before_the_input_is_opened() -> None:
    (argv,) = CASES["clip"]
    before = argv[: argv.index("-i")]
    assert before[before.index("-ss") + 1] == "0.500000"
    assert before[before.index("-t") + 1] == "1.250000"


def test_missing_times_are_made_up_for_copies_only() -> None:
    assert "+genpts" in CASES["remux-mp4"][0]
    assert "+genpts" not in CASES["mp4-540p"][0]


def test_commands_tell_what_they_need() -> None:
    (command,) = commands(plan("bbb", template("mp4", video={"short_side": 360}), template("ts", video={"short_side": 240})))
    assert command.pixels == 1280 * 720 + 640 * 360 + 426 * 240
    assert command.files == 2
    assert command.expected_seconds == pytest.approx(5.312)
