"""Downloads of exports."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from tg_parser.api.answers import answer, problems
from tg_parser.api.context import Caller, TheServices
from tg_parser.api.downloads import Download
from tg_parser.api.routes.jobs import JobId
from tg_parser.domain.strict_fields import NO_NUL
from tg_parser.services.views.jobs import ExportFiles

router = APIRouter(prefix="/exports", tags=["exports"])

_MEDIA_TYPE = "application/octet-stream"
"""Content type of all files: NDJSON is not JSON, and a large file should not be parsed as one value."""
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The requested ranges of the file."},
    304: {"description": "The file has not changed since If-None-Match."},
    **problems(404, 409, 416),
}


@router.get("/{job_id}", operation_id="listExportFiles", response_model=ExportFiles, responses=problems(404, 409))
async def list_files(caller: Caller, services: TheServices, job_id: JobId) -> Response:
    """List the files of an export, once its job is done."""
    return answer(await services.files.listed(await caller.exported(job_id)))


@router.get("/{job_id}/files/{name}", operation_id="downloadExportFile", response_class=Download, responses=_FILE)
async def download(
    caller: Caller,
    services: TheServices,
    job_id: JobId,
    name: Annotated[
        str, Path(min_length=1, max_length=255, pattern=NO_NUL, description="Name of a file of the export.")
    ],
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", max_length=1000)] = None,
) -> Response:
    """Download a file, complete or in ranges; its ETag says whether it has changed."""
    found = await services.files.file(await caller.exported(job_id), name)
    file = Download(found.path, media_type=_MEDIA_TYPE, filename=name, stat_result=found.stat)
    file.headers["Cache-Control"] = "private, no-cache"
    if if_none_match is not None and file.headers["etag"] in _tags(if_none_match):
        return Response(status_code=304, headers={"ETag": file.headers["etag"], "Cache-Control": "private, no-cache"})
    return file


def _tags(written: str) -> set[str]:
    return {each.strip().removeprefix("W/") for each in written.split(",")}
