"""Reading logs: windows, true counts, what was appended, and the place of a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.logs import reader as log_reader


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """50,000 lines; every thousandth is an error, every hundredth else a warning."""
    path = tmp_path / "0-1.log"

    def line(n: int) -> str:
        return f"[error] line {n} broke" if n % 1000 == 0 else f"[warning] line {n} is odd" if n % 100 == 0 else f"[info] line {n}"

    path.write_text("".join(f"{line(n)}\n" for n in range(1, 50_001)))
    return path


def test_it_shows_the_end(log: Path) -> None:
    seen = log_reader.window(log)
    assert (len(seen.lines), seen.first, seen.last, seen.total) == (1000, 49_001, 50_000, 50_000)
    assert seen.size == log.stat().st_size
    assert seen.lines[-1].level == "E"


def test_it_shows_what_came_before(log: Path) -> None:
    seen = log_reader.window(log, before=49_001)
    assert (seen.first, seen.last) == (48_001, 49_000)
    assert log_reader.window(log, before=11).last == 10


@pytest.mark.parametrize("line", [1, 300, 25_000, 49_990, 50_000])
def test_a_line_that_is_asked_for_is_in_the_window(log: Path, line: int) -> None:
    seen = log_reader.window(log, around=line)
    assert line in {row.number for row in seen.lines}
    assert len(seen.lines) == 1000


def test_it_shows_only_errors_or_only_what_is_wrong(log: Path) -> None:
    assert len(log_reader.window(log, levels="E").lines) == 50
    assert len(log_reader.window(log, levels="EW").lines) == 500


def test_the_count_of_a_search_is_true(log: Path) -> None:
    hits = log_reader.search(log, "LINE 4")
    assert hits.total == sum(1 for n in range(1, 50_001) if str(n).startswith("4"))
    assert len(hits.lines) == log_reader.HITS
    assert log_reader.search(log, "nothing like it").total == 0


def test_it_finds_the_place_of_a_line(log: Path) -> None:
    rows = log_reader.around_text(log, "line 3000 broke")
    assert [row.number for row in rows] == [2997, 2998, 2999, 3000, 3001, 3002, 3003]
    assert log_reader.around_text(log, "   ") == []


def test_it_reads_on_from_where_it_was_and_waits_for_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"eins\nzwei\nhal")
    first = log_reader.appended(path, 0, 0)
    assert [(row.number, row.text) for row in first.lines] == [(1, "eins"), (2, "zwei")]
    with path.open("ab") as out:
        out.write("b\n三\n".encode())
    second = log_reader.appended(path, first.size, first.total)
    assert [(row.number, row.text) for row in second.lines] == [(3, "halb"), (4, "三")]
    assert log_reader.appended(path, second.size, second.total).lines == []
    assert second.size == path.stat().st_size


def test_carriage_returns_end_lines_the_same_way_in_window_and_tail(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"frame=1\rframe=2\rdone\n\xff\xfe broken bytes\n")
    whole = log_reader.window(path)
    assert [row.text for row in whole.lines] == [row.text for row in log_reader.appended(path, 0, 0).lines]
    assert whole.total == 4


def test_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert log_reader.window(tmp_path / "none").lines == []
    assert log_reader.appended(tmp_path / "none", 7, 3).size == 7


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("[info] 0 errors", ""),
        ("[error] x", "E"),
        ("[libx264 @ 0x1] [warning] y", "W"),
        ("Conversion failed!", "E"),
        ("deprecated pixel format", "W"),
        ("frame=1", ""),
    ],
)
def test_it_tells_how_bad_a_line_is(text: str, level: str) -> None:
    assert log_reader.level_of(text) == level
