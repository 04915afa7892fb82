"""Django's backend for SQLite, but for how it waits for the one write lock, and for whose commits carry the log of writes (WAL) into the database.

SQLite sleeps 1, 2, 5, 10, 15, 20, 25 … ms between its looks at a lock. One that workers take for half a millisecond hundreds of times per second is free
most of the time, but who met it taken four times in a row had waited for 18 ms by then, and for 33 ms after the fifth. Here the looks stay close together.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from django.db.backends.sqlite3 import base

OFTEN, SELDOM = 0.0005, 0.005  # s between two looks: at first, and at a lock that is held for long
LOOKS = 20  # of each pace: after so many it slows down
BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY})  # not BUSY_SNAPSHOT: no waiting helps there
WAL_PAGES = 10_000  # where somebody waits for the commit; SQLite's own number is 1,000, and the commit that reaches it copies and syncs them all


class Cursor(base.SQLiteCursorWrapper):
    """Waits for the lock up to ``patience`` s. A statement that met it has done nothing, so it can be said again."""

    def __init__(self, connection: sqlite3.Connection, *, patience: float) -> None:
        super().__init__(connection)
        self._patience = patience

    def execute(self, query: str, params: Any = None) -> Any:
        """As Django's. Raises sqlite3.OperationalError when the patience is over."""
        begun = None
        while True:
            try:
                return super().execute(query, params)
            except sqlite3.OperationalError as error:
                now = time.monotonic()
                begun = begun or now
                if error.sqlite_errorcode not in BUSY or now - begun >= self._patience:
                    raise
            time.sleep(min(max(OFTEN, (now - begun) / LOOKS), SELDOM))

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """As Django's, but row by row: all of them said again would write some twice."""
        for params in param_list:
            self.execute(query, params)
        return self


class DatabaseWrapper(base.DatabaseWrapper):
    """The backend. OPTIONS are Django's; ``timeout`` (s) is the patience."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """One that leaves the waiting to :class:`Cursor`, and the WAL to those connections that are kept: at commits of workers and beat nobody waits."""
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA busy_timeout = 0")
        if self.settings_dict["CONN_MAX_AGE"] == 0:
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        return connection

    def create_cursor(self, name: str | None = None) -> Cursor:
        """One that waits."""
        cursor: Cursor = self.connection.cursor(factory=partial(Cursor, patience=self.settings_dict["OPTIONS"].get("timeout", 5)))
        return cursor
