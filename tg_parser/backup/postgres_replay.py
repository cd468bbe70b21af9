"""Restores a dump as SQL through psql, between our own BEGIN and COMMIT: completely or not at all.

psql commits only what reaches it: if this process, pg_restore or the connection dies, COMMIT is never sent.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import IO

from tg_parser.backup.postgres_contents import MIB
from tg_parser.backup.postgres_login import Login
from tg_parser.backup.postgres_tools import Running, Tools, started
from tg_parser.backup.thread import BackupThread
from tg_parser.domain.progress import Progress

_HEAD_LINES = 60
# Roles and their rights belong to a server, not to the data; the rest is not ours.
_LEFT_OUT = ("--no-owner", "--no-privileges", "--no-comments", "--no-tablespaces", "--no-security-labels")
_LEFT_OUT_TOO = ("--no-publications", "--no-subscriptions")
_HINT = "Check that the role owns the database and what is in it, and that the server has room."
_FIRST_WITH_TRANSACTION_TIMEOUT = 17


def replay(tools: Tools, login: Login, dump: Path, server: int, thread: BackupThread) -> None:
    """Replace everything in the database by `dump`. Raises BackupError, and then nothing has changed."""
    what = f"{login.place} could not be restored, and nothing in it was changed"
    script = ("--file=-", *_LEFT_OUT, *_LEFT_OUT_TOO, str(dump))
    with (
        started(tools, "psql", _psql_arguments(login), login.environment(), thread, stdin=subprocess.PIPE) as psql,
        started(tools, "pg_restore", script, {}, thread, stdout=subprocess.PIPE) as pg_restore,
    ):
        if not _pumped(pg_restore, psql, server, thread):
            raise psql.failure(what, _HINT)
        pg_restore.check(what, _HINT)
        _finish(psql)
        psql.check(what, _HINT)


def emptied(login: Login) -> None:
    """Remove everything from the database."""
    with login.connection() as connection, connection.transaction():
        connection.execute(EMPTY_SQL)


def _psql_arguments(login: Login) -> tuple[str, ...]:
    quiet = ("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-")
    return (*quiet, f"--dbname={login.argument()}")


def _pumped(source: Running, sink: Running, server: int, thread: BackupThread) -> bool:
    """Pass the script on to its end; False if psql has stopped reading, because of an error or a lost server."""
    reader, writer = source.process.stdout, sink.process.stdin
    if reader is None or writer is None:
        raise TypeError("both programs need a pipe")
    try:
        writer.write(f"BEGIN;\n{EMPTY_SQL}\n".encode())
        for line in _head(reader):
            if server >= _FIRST_WITH_TRANSACTION_TIMEOUT or not line.startswith(b"SET transaction_timeout"):
                writer.write(line)
        done = 0
        while data := reader.read(MIB):
            writer.write(data)
            done += len(data)
            thread.tell(Progress("MiB restored", done // MIB))
    except BrokenPipeError:
        return False
    return True


def _head(reader: IO[bytes]) -> list[bytes]:
    """The lines in which the script sets up its session."""
    lines: list[bytes] = []
    while len(lines) < _HEAD_LINES and (line := reader.readline()):
        lines.append(line)
        if line.startswith(b"SET row_security"):
            break
    return lines


def _finish(psql: Running) -> None:
    try:
        psql.process.communicate(b"COMMIT;\n")
    except BrokenPipeError:
        # psql has already ended; its own output says why.
        return


# What belongs to an extension stays, and so does the schema public, which the role may not own.
EMPTY_SQL = r"""
DO $empty$
DECLARE item text;
BEGIN
    FOR item IN
        SELECT format('SCHEMA %I', nspname) FROM pg_namespace
        WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
          AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_namespace'::regclass
                          AND d.objid = pg_namespace.oid AND d.deptype = 'e')
    LOOP EXECUTE 'DROP ' || item || ' CASCADE'; END LOOP;
    FOR item IN
        SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                              WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END
               || format(' IF EXISTS public.%I', c.relname)
        FROM pg_class AS c
        WHERE c.relnamespace = to_regnamespace('public') AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
          AND NOT EXISTS (SELECT FROM pg_depend AS d
                          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        -- Tables first: they take the sequences of their columns along.
        ORDER BY c.relkind NOT IN ('r', 'p'), c.oid
    LOOP EXECUTE 'DROP ' || item || ' CASCADE'; END LOOP;
    FOR item IN
        SELECT 'ROUTINE IF EXISTS ' || p.oid::regprocedure FROM pg_proc AS p
        WHERE p.pronamespace = to_regnamespace('public')
          AND NOT EXISTS (SELECT FROM pg_depend AS d
                          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
    LOOP EXECUTE 'DROP ' || item || ' CASCADE'; END LOOP;
    FOR item IN
        SELECT format('TYPE IF EXISTS public.%I', t.typname) FROM pg_type AS t
        WHERE t.typnamespace = to_regnamespace('public') AND t.typtype IN ('d', 'e', 'r')
          AND NOT EXISTS (SELECT FROM pg_depend AS d
                          WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
    LOOP EXECUTE 'DROP ' || item || ' CASCADE'; END LOOP;
END
$empty$;
"""
