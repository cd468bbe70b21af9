"""Whether somebody else has written to a file of SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.ext.asyncio import create_async_engine

from tg_parser.storage.engine.file_changes import changes_of


def test_what_others_write_is_noticed_once(tmp_path: Path) -> None:
    """Each commit of another connection is news one time; reading, or what is rolled back, is none."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'file'}")
    with closing(sqlite3.connect(tmp_path / "file", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE t (x)")
        with changes_of(engine) as changes:
            seen = [changes.any()]
            for statement in ("INSERT INTO t VALUES (1)", "SELECT * FROM t", "BEGIN", "DELETE FROM t", "ROLLBACK"):
                other.execute(statement).fetchall()
                seen.append(changes.any())
            other.execute("INSERT INTO t VALUES (2)")
            seen += [changes.any(), changes.any()]
    assert seen == [False, True, False, False, False, False, True, False]


def test_a_file_that_nobody_may_read_now_may_have_changed(tmp_path: Path) -> None:
    """Whoever holds the whole file has it for writing: the answer is yes, at once, and true again later."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'file'}")
    with closing(sqlite3.connect(tmp_path / "file", isolation_level=None)) as other:
        other.execute("CREATE TABLE t (x)")
        with changes_of(engine) as changes:
            other.execute("BEGIN EXCLUSIVE")
            assert changes.any()
            other.execute("COMMIT")
            changes.any()
            assert not changes.any()
