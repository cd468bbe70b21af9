"""Exports topics and documents as a knowledge base, and raw messages as collected."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from tg_parser.domain.progress import ReportProgress, silent
from tg_parser.export.exporter import Exporter, ExportReport, ExportRequest
from tg_parser.export.raw import RawExporter, RawRequest
from tg_parser.export.writers import prepare_folder, whole_file
from tg_parser.services.sources import SourceService

__all__ = ["ExportReport", "ExportRequest", "ExportService", "RawRequest"]


class ExportService:
    """Writes stored data to files."""

    def __init__(self, sources: SourceService, exporter: Exporter, raw: RawExporter) -> None:
        self._sources = sources
        self._exporter = exporter
        self._raw = raw

    async def export(self, request: ExportRequest, report: ReportProgress = silent) -> ExportReport:
        """Write the knowledge base, with links built from the sources' addresses. Raises OutputError."""
        addresses = await self._sources.addresses()
        return await self._exporter.export(replace(request, addresses=addresses), report)

    async def messages(self, out: Path | BinaryIO, request: RawRequest, report: ReportProgress = silent) -> int:
        """Write raw messages to a stream, or to a file that appears only when complete. Return their number."""
        with _opened(out) as file:
            return await self._raw.write(file, request, report)


def _opened(out: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    if not isinstance(out, Path):
        return nullcontext(out)
    prepare_folder(out.parent)
    return whole_file(out)
