"""doctor: check the installation and say what to do about each problem."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from tg_parser.cli.execution import EXIT_ERROR, error_boundary, logged_settings
from tg_parser.cli.hints import hint_of
from tg_parser.cli.presentation import Json, emit_json, emit_line
from tg_parser.wiring.event_loop import run

if TYPE_CHECKING:
    from tg_parser.services.doctor.finding import Finding

_STATUS_WIDTH, _CHECK_WIDTH = 9, 12


def doctor(
    online: Annotated[
        bool,
        typer.Option("--online", help="Also ask Telegram, the language model and the web preview; this costs nothing."),
    ] = False,
    json: Json = False,
) -> None:
    """Check settings, disk, clock, databases, session, keys, worker and backups, with a hint for each problem."""
    with error_boundary():
        findings = run(_examined(online=online, json=json))
    from tg_parser.services.doctor.finding import worst

    if json:
        from tg_parser.services.views.doctor import DoctorReport

        emit_json(DoctorReport.of(findings, hint_of))
    else:
        emit_line(_summary(findings))
    if worst(findings) == "failed":
        raise typer.Exit(EXIT_ERROR)


async def _examined(*, online: bool, json: bool) -> list[Finding]:
    from tg_parser.config.logging import masked
    from tg_parser.wiring.doctor import doctor as doctor_of

    found = []
    async for finding in doctor_of(logged_settings, online=online).findings():
        found.append(replace(finding, message=masked(finding.message)))
        if not json:
            _emit(found[-1])
    return found


def _emit(finding: Finding) -> None:
    emit_line(f"{finding.status:<{_STATUS_WIDTH}}{finding.check:<{_CHECK_WIDTH}}{finding.message}")
    if finding.status in ("warning", "failed") and (hint := hint_of(finding)):
        emit_line(f"{'':<{_STATUS_WIDTH + _CHECK_WIDTH}}{hint}")


def _summary(findings: list[Finding]) -> str:
    count = {status: sum(each.status == status for each in findings) for status in ("failed", "warning")}
    if not any(count.values()):
        return "Nothing is wrong."
    return f"{count['failed']} failed, {count['warning']} warning{'' if count['warning'] == 1 else 's'}."
