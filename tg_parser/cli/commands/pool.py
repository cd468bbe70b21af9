"""db pool: database connections in use. db encrypt-secret: encrypt a password for the environment."""

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
    """Show connections: pools of this process, read replicas, and sessions of all processes on the server."""
    report = execute(lambda app: app.pools.report(), prepare=False)
    if json:
        emit_json(report)
    else:
        _emit(report)


def encrypt_secret(
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file", callback=expanded, help="Key file; created if it does not exist. [DB_ENCRYPTION_KEY_FILE]"
        ),
    ] = None,
) -> None:
    """Encrypt a password or URL that is read from stdin or asked for, never taken from the command line.

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
    say(f"Set {variable} to this and DB_ENCRYPTION_KEY_FILE to {path.absolute()}; store the key separately from it.")


def _secret() -> str:
    if sys.stdin.isatty():
        secret = ask("Secret (not shown): ", hidden=True)
        if ask("Repeat the secret: ", hidden=True) != secret:
            raise UsageError("The two entries differ.", "Try again and type the same secret twice.")
        return secret
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")


def _key_file_of_the_environment() -> Path:
    from tg_parser.config.database_settings import key_file

    path = key_file()
    if path is None:
        raise UsageError("No key file is given.", "Give --key-file, or set DB_ENCRYPTION_KEY_FILE.")
    return path


def _emit(report: PoolReport) -> None:
    emit_table(
        ("pool", "size", "maximum", "open", "checked out", "waits", "longest wait, s"),
        [
            (name, each.size, each.limit, each.open, each.checked_out, each.waits, each.longest_wait_seconds)
            for name, each in report.pools.items()
        ],
    )
    if report.replicas:
        emit_table(("replica", "state"), [(each.name, each.left_out or "in use") for each in report.replicas])
    if report.sessions:
        emit_table(
            ("process", "sessions", "active", "idle in transaction", "oldest transaction, s"),
            [
                (each.application, each.sessions, each.active, each.idle_in_transaction, each.oldest_transaction)
                for each in report.sessions
            ],
        )
        used = sum(each.sessions for each in report.sessions)
        emit_line(f"{used} sessions on this database; the server allows {report.max_connections}.")
