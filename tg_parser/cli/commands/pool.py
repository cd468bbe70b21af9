"""db pool: connections at this moment. db encrypt-secret: a password that may stand in an environment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import error_boundary, execute
from tg_parser.cli.presentation import Json, emit_json, emit_line, emit_table
from tg_parser.cli.stderr import ask, say
from tg_parser.domain.errors import UsageError
from tg_parser.domain.paths import expanded

if TYPE_CHECKING:
    from tg_parser.services.views.upkeep import PoolReport


def pool(json: Json = False) -> None:
    """Connections: the pools of this process, replicas, and the sessions of every process on the server."""
    report = execute(lambda app: app.pools.report(), prepare=False)
    if json:
        emit_json(report)
    else:
        _emit(report)


def encrypt_secret(
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file", callback=expanded, help="File of the key, made where there is none. [DB_ENCRYPTION_KEY_FILE]"
        ),
    ] = None,
) -> None:
    """Encrypt a password or URL, read from stdin or asked for, never from the command line.

    Put the result into DB_PASSWORD_ENCRYPTED or DB_URL_ENCRYPTED, and the path of the key into DB_ENCRYPTION_KEY_FILE.
    """
    from tg_parser.config.secrets import encrypted

    with error_boundary():
        path = key_file or _key_file_of_the_environment()
        secret = _secret()
        if not secret:
            raise UsageError("There is no secret to encrypt.", "Pipe it in, or type it when asked.")
        token = encrypted(secret, path)
    emit_line(token)
    variable = "DB_URL_ENCRYPTED" if "://" in secret else "DB_PASSWORD_ENCRYPTED"
    say(f"Set {variable} to this, and DB_ENCRYPTION_KEY_FILE to {path.absolute()}; keep the key apart from it.")


def _secret() -> str:
    if sys.stdin.isatty():
        secret = ask("Secret (not shown): ", hidden=True)
        if ask("The same again: ", hidden=True) != secret:
            raise UsageError("The two are not the same.", "Type the secret twice.")
        return secret
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def _key_file_of_the_environment() -> Path:
    from tg_parser.config.database_settings import key_file

    path = key_file()
    if path is None:
        raise UsageError("Where is the key, or where shall it be?", "Give --key-file, or set DB_ENCRYPTION_KEY_FILE.")
    return path


def _emit(report: PoolReport) -> None:
    emit_table(
        ("pool", "kept", "at most", "open", "checked out", "waits", "longest wait, s"),
        [
            (name, each.size, each.limit, each.open, each.checked_out, each.waits, each.longest_wait_seconds)
            for name, each in report.pools.items()
        ],
    )
    if report.replicas:
        emit_table(("replica", "state"), [(each.name, each.left_out or "serves reads") for each in report.replicas])
    if report.sessions:
        emit_table(
            ("process", "sessions", "active", "idle in transaction", "oldest transaction, s"),
            [
                (each.application, each.sessions, each.active, each.idle_in_transaction, each.oldest_transaction)
                for each in report.sessions
            ],
        )
        used = sum(each.sessions for each in report.sessions)
        emit_line(f"{used} sessions on this database; the server takes {report.max_connections}.")
