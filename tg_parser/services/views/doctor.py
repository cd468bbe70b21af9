"""The result of `doctor`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Self

from tg_parser.services.doctor.finding import CheckName, Finding, FindingStatus, worst
from tg_parser.services.views.base import View


class FindingView(View):
    """The result of a check, with a hint; `skipped` if it could not be made or does not apply."""

    check: CheckName
    status: FindingStatus
    message: str
    hint: str | None


class DoctorReport(View):
    """`doctor`: `failed` if something does not work, `warning` if something may soon fail."""

    status: Literal["ok", "warning", "failed"]
    findings: tuple[FindingView, ...]

    @classmethod
    def of(cls, findings: Sequence[Finding], hint_of: Callable[[Finding], str | None]) -> Self:
        """Return the report, with the hints of the interface that shows it."""
        shown = (
            FindingView(check=each.check, status=each.status, message=each.message, hint=hint_of(each))
            for each in findings
        )
        return cls(status=worst(findings), findings=tuple(shown))
