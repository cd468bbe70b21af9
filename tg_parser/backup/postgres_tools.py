"""Finds and runs PostgreSQL's own programs, pg_dump, pg_restore and psql, and reports their errors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, NamedTuple

from tg_parser.backup.thread import BackupThread
from tg_parser.domain.errors import BackupError

_USUAL_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
_VERSION = re.compile(r"\) (\d+)")
_PROGRAMS = ("pg_dump", "pg_restore", "psql")

Program = Literal["pg_dump", "pg_restore", "psql"]


class Tools(NamedTuple):
    """The programs of one release, in one folder; `version` is the major one."""

    folder: Path
    version: int


def find_tools(chosen: Path | None, at_least: int) -> Tools:
    """The oldest programs of at least version `at_least`, as newer ones may write what the server does not know.

    Raises BackupError if there are none.
    """
    found = list(_installed([chosen] if chosen else _folders()))
    where = f"in {chosen} (PG_BIN_DIR)" if chosen else "on this machine"
    if not found:
        raise BackupError(
            f"pg_dump, pg_restore and psql were not found {where}.",
            f"Install PostgreSQL's client programs (on Debian: postgresql-client-{at_least}), or set PG_BIN_DIR.",
        )
    if tools := fitting(found, at_least):
        return tools
    newest = max(tools.version for tools in found)
    raise BackupError(
        f"The newest pg_dump {where} has version {newest}, but {at_least} is required.",
        f"Install PostgreSQL's client programs of version {at_least} or newer, or set PG_BIN_DIR.",
    )


def fitting(found: Iterable[Tools], at_least: int) -> Tools | None:
    """The oldest version that is new enough; of several, the first found."""
    return min((tools for tools in found if tools.version >= at_least), key=lambda tools: tools.version, default=None)


@contextmanager
def started(
    tools: Tools,
    program: Program,
    arguments: Iterable[str],
    environment: Mapping[str, str],
    thread: BackupThread,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> Iterator[Running]:
    """A running program; it is stopped at the end of the block or with `thread`, unless it has already ended."""
    with tempfile.TemporaryFile() as complaints:
        # Anyone can see the arguments in the process list, so secrets go only into the environment.
        process = subprocess.Popen(  # noqa: S603 - our own arguments
            [str(tools.folder / program), *arguments],
            env={**os.environ, **environment, "LC_MESSAGES": "C"},
            stdin=stdin,
            stdout=stdout,
            stderr=complaints,
        )
        running = Running(program, process, complaints)
        try:
            with thread.stopped_by(process.kill):
                yield running
        finally:
            running.end()


@dataclass(frozen=True, slots=True)
class Running:
    """A running program."""

    program: Program
    process: subprocess.Popen[bytes]
    complaints: IO[bytes]

    def has_ended(self, within: float) -> bool:
        """Whether it ends within that many seconds."""
        try:
            self.process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True

    def check(self, what: str, hint: str) -> None:
        """Wait for its end. Raises BackupError with its error output if it failed."""
        if self.process.wait():
            raise self.failure(what, hint)

    def failure(self, what: str, hint: str) -> BackupError:
        """Its error in a sentence; wait for its end first."""
        code = self.process.wait()
        self.complaints.seek(0)
        said = reason(self.complaints.read().decode(errors="replace")) or f"it ended with {code}"
        return BackupError(f"{what}: {self.program} says: {said}", hint)

    def end(self) -> None:
        """Stop it, whatever it is doing."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                _close(pipe)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def reason(complaints: str) -> str:
    """The most telling line: the first error, without the program's name and the line of the script."""
    lines = [line.strip() for line in complaints.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"\b(error|ERROR|FATAL):", line)] or lines
    return re.sub(r"^(?:pg_\w+|psql)(?::<stdin>)?(?::\d+)?: ", "", telling[0]) if telling else ""


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        # Flushing fails when the program has already ended; `check` reports why.
        return


def _folders() -> list[Path]:
    # A service may have a PATH with folders of root, in which it can look up nothing.
    on_path = [Path(folder) for folder in os.get_exec_path() if shutil.which("pg_dump", path=folder)]
    usual = [path for pattern in _USUAL_PLACES for path in sorted(Path("/").glob(pattern.removeprefix("/")))]
    return on_path + usual


def _installed(folders: Iterable[Path]) -> Iterator[Tools]:
    for folder in folders:
        if all(shutil.which(program, path=str(folder)) for program in _PROGRAMS):
            said = subprocess.run(  # noqa: S603 - our own arguments
                [str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False
            ).stdout
            if match := _VERSION.search(said):
                yield Tools(folder, int(match[1]))
