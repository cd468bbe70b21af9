"""login: the only interactive command. The session is stored in a file and never shown."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.console import can_show
from tg_parser.cli.execution import execute
from tg_parser.cli.presentation import Json, emit_json, emit_line
from tg_parser.cli.stderr import ask, say, speaks_json
from tg_parser.domain.errors import UsageError

if TYPE_CHECKING:
    from tg_parser.services.login import LoginService
    from tg_parser.services.login_attempt import LoggedIn, LoginStep
    from tg_parser.wiring.app import App


def login(
    qr: Annotated[bool, typer.Option("--qr", help="Log in by scanning a QR code instead of entering a code.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Log in again even if already logged in.")] = False,
    export_string: Annotated[
        Path | None, typer.Option(help="Also write the session as a string to this file, for use on another machine.")
    ] = None,
    json: Json = False,
) -> None:
    """Log in to Telegram once: by phone number and code, or by QR code."""

    async def log_in(app: App) -> tuple[LoggedIn, tuple[str, ...]]:
        done = await _logged_in(app.login, by_qr=qr, force=force)
        if export_string is not None:
            await app.login.export_string(export_string)
        return done, await app.sources.resume_after_login()

    done, resumed = execute(log_in, begin=True)
    if json:
        from tg_parser.services.views.collecting import LoginResult

        emit_json(LoginResult(**asdict(done), resumed=resumed))
        return
    where = f" The session is in {done.session_file}." if done.session_file else ""
    emit_line(f"{'Already logged' if done.already else 'Logged'} in as {done.account}.{where}")
    if resumed:
        emit_line(f"Resumed, as they had failed only because of the account: {', '.join(resumed)}.")


async def _logged_in(login: LoginService, *, by_qr: bool, force: bool) -> LoggedIn:
    from tg_parser.services.login_attempt import LoginStep

    outcome = await login.start(by_qr=by_qr, force=force)
    while isinstance(outcome, LoginStep):
        if outcome.problem is not None:
            say(outcome.problem)
        outcome = await _answered(login, outcome)
    return outcome


async def _answered(login: LoginService, step: LoginStep) -> LoginStep | LoggedIn:
    """Ask the person for the input that `step` needs."""
    if step.wanted == "phone":
        return await login.submit_phone(_asked("Phone number with country code: "))
    if step.wanted == "code":
        return await login.submit_code(_asked(f"Code sent {step.sent}: "))
    if step.wanted == "password":
        return await login.submit_password(_asked("Account password (not shown): ", hidden=True))
    _show_qr(step.url or "")
    return await login.wait_for_scan()


def _show_qr(url: str) -> None:
    import segno

    if speaks_json():
        say(
            "Turn this address into a QR code and scan it in Telegram: Settings, Devices, Link Desktop Device.",
            address=url,
        )
        return
    say("Scan this in Telegram: Settings, Devices, Link Desktop Device.")
    segno.make(url, error="l").terminal(out=sys.stderr, compact=can_show("█▀▄", sys.stderr))


def _asked(question: str, *, hidden: bool = False) -> str:
    """Return a person's answer, or a line of stdin if there is no terminal."""
    answer = _interruptible(lambda: ask(question, hidden=hidden))
    if not answer:
        raise UsageError(
            "Login asks questions, but there is no terminal to ask on.",
            "Run tg-parser login in a terminal, or log in on another machine with --export-string and set "
            "TELEGRAM_SESSION to the string.",
        )
    return answer


def _interruptible(read: Callable[[], str]) -> str:
    """Let Ctrl-C end the question at once; the event loop would wait for the answer first."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return read()
    finally:
        signal.signal(signal.SIGINT, before)
