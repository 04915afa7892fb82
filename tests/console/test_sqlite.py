"""How a writer waits for SQLite's one write lock, and whose commits carry the WAL over."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from console.lib.database import database
from console.lib.sqlite3 import base
from console.lib.sqlite3.base import DatabaseWrapper

Open = Callable[..., DatabaseWrapper]


@pytest.fixture
def opened(tmp_path: Path, django_db_blocker: pytest.FixtureRequest) -> Iterator[Open]:
    """opened(**settings): a connection to a file of this test, which has a table ``t``."""
    made: list[DatabaseWrapper] = []

    def act(**settings: object) -> DatabaseWrapper:
        made.append(ConnectionHandler({"default": database("", tmp_path) | settings})["default"])  # type: ignore[arg-type]
        made[-1].cursor().execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
        return made[-1]

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        yield act
        for one in made:
            one.close()


@pytest.fixture
def held(tmp_path: Path, opened: Open) -> Iterator[sqlite3.Connection]:
    """Somebody else who has the write lock, until its ``commit()``."""
    opened()
    other = sqlite3.connect(tmp_path / "reelmill.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield other
    other.close()


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "INSERT INTO t VALUES (7)"])
def test_a_writer_looks_often_and_writes_once(opened: Open, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    """SQLite itself would have slept for 1, 2, 5, 10 and 15 ms by the fifth look."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 5:
            held.commit()

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", itertools.count(1.0, 0.001).__next__)
    writer = opened()
    with writer.cursor() as cursor:
        cursor.execute(statement)
        if statement.startswith("BEGIN"):
            cursor.execute("INSERT INTO t VALUES (7)")
            cursor.execute("COMMIT")
        cursor.execute("SELECT n FROM t")
        assert cursor.fetchall() == [(7,)]
    assert slept == [base.OFTEN] * 5


def test_a_lock_that_is_held_for_long_is_asked_for_seldom_and_given_up_in_the_end(
    opened: Open, held: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with pytest.raises(OperationalError, match="locked"), opened().cursor() as cursor:
        cursor.execute("INSERT INTO t VALUES (1)")
    assert slept == sorted(slept)
    assert (slept[0], slept[-1]) == (base.OFTEN, base.SELDOM)
    assert 20 <= sum(slept) < 20.1, "as long as before: OPTIONS say 20 s"
    held.commit()
    assert held.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_many_rows_are_written_once_each_though_the_lock_is_taken_in_between(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = opened()
    other = sqlite3.connect(tmp_path / "reelmill.sqlite3", isolation_level=None)
    waits = []

    def sleep(_seconds: float) -> None:
        waits.append(1)
        other.execute("COMMIT")

    def rows() -> Iterator[tuple[int]]:
        for n in range(4):
            if n == 2:
                other.execute("BEGIN IMMEDIATE")
            yield (n,)

    monkeypatch.setattr("time.sleep", sleep)
    with writer.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s)", rows())  # type: ignore[arg-type]  # Django takes it
        cursor.execute("SELECT n FROM t ORDER BY n")
        assert [n for (n,) in cursor.fetchall()] == [0, 1, 2, 3]
    assert waits == [1]
    other.close()


def test_other_mistakes_are_not_tried_again(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: pytest.fail("waited"))
    with pytest.raises(OperationalError, match="no such table"), opened().cursor() as cursor:
        cursor.execute("SELECT 1 FROM nowhere")


@pytest.mark.parametrize(("age", "pages"), [(0, base.WAL_PAGES), (None, 1000)])
def test_the_wal_is_carried_over_by_those_who_keep_their_connection(opened: Open, age: int | None, pages: int) -> None:
    with opened(CONN_MAX_AGE=age).cursor() as cursor:
        cursor.execute("PRAGMA wal_autocheckpoint")
        assert cursor.fetchone() == (pages,)
