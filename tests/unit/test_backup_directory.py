"""The folder of the backups: what is listed as good, and what never is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from backup_samples import MOMENT, manifest

from tg_parser.backup.directory import BackupDirectory
from tg_parser.domain.errors import BackupError, OutputError

NAME = "tg-parser-20241127T093000Z"


@pytest.fixture
def directory(tmp_path: Path) -> BackupDirectory:
    return BackupDirectory(tmp_path / "backups")


def put(directory: BackupDirectory, moment: datetime = MOMENT, **fields: Any) -> Path:
    """A backup with one file of five bytes."""
    with directory.draft(moment) as draft:
        (draft.folder / "raw_storage.sqlite").write_bytes(b"hello")
        draft.write_manifest(manifest(draft.name, moment, **fields))
    return directory.folder / draft.name


def seen(directory: BackupDirectory) -> list[Any]:
    return [(each.name, each.state, each.problem) for each in directory.all()]


def test_finished_backup_is_good(directory: BackupDirectory) -> None:
    """It has its name, its files and nothing beside, for its owner's eyes alone."""
    path = put(directory)
    assert seen(directory) == [(NAME, "good", None)]
    assert sorted(each.name for each in path.iterdir()) == ["manifest.json", "raw_storage.sqlite"]
    assert path.stat().st_mode & 0o777 == 0o700
    assert (path / "manifest.json").stat().st_mode & 0o777 == 0o600


def test_no_folder_is_no_backups(directory: BackupDirectory) -> None:
    """Before the first backup the list is empty, and that is no error."""
    assert directory.all() == []
    with pytest.raises(BackupError, match="no intact backup"):
        directory.latest()


def test_newest_comes_first(directory: BackupDirectory) -> None:
    """By the time of the backup."""
    for hours in (2, 0, 1):
        put(directory, MOMENT + timedelta(hours=hours))
    assert [each.created_at.hour for each in directory.all()] == [11, 10, 9]
    assert directory.latest().created_at.hour == 11


def test_two_of_one_second_have_two_names(directory: BackupDirectory) -> None:
    """The second one does not touch the first."""
    put(directory)
    put(directory)
    assert {name for name, _, _ in seen(directory)} == {NAME, f"{NAME}-2"}


def test_while_it_is_written_it_is_running(directory: BackupDirectory) -> None:
    """It is neither good nor broken, and nobody may use it."""
    with contextlib.suppress(KeyError), directory.draft(MOMENT):
        assert seen(directory) == [(f"{NAME}.partial", "running", "it is being written")]
        with pytest.raises(BackupError, match="it is being written"):
            directory.find(f"{NAME}.partial")
        raise KeyError


def test_failed_one_leaves_nothing(directory: BackupDirectory) -> None:
    """An error while it is written takes it away."""
    with pytest.raises(KeyError), directory.draft(MOMENT) as draft:
        (draft.folder / "raw_storage.sqlite").write_bytes(b"hell")
        raise KeyError
    assert seen(directory) == []
    assert list(directory.folder.iterdir()) == []


def test_what_a_killed_process_left_is_broken(directory: BackupDirectory) -> None:
    """Even where the manifest was written: the name comes last. The next backup of that second finds another name."""
    path = put(directory)
    path.rename(path.with_name(f"{NAME}.partial"))
    assert seen(directory) == [(f"{NAME}.partial", "broken", "it was not finished")]
    put(directory)
    assert [state for _, state, _ in seen(directory)] == ["broken", "good"]


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (
            lambda path: (path / "raw_storage.sqlite").write_bytes(b"hell"),
            "raw_storage.sqlite has 4 bytes instead of 5",
        ),
        (lambda path: (path / "raw_storage.sqlite").unlink(), "raw_storage.sqlite is missing"),
        (lambda path: (path / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda path: (path / "manifest.json").write_text("{"), "manifest.json is damaged"),
    ],
)
def test_spoilt_one_is_broken(directory: BackupDirectory, spoil: Callable[..., Any], problem: str) -> None:
    """A cut file, a missing one, a manifest that says nothing: listed with the reason, and refused."""
    spoil(put(directory))
    assert seen(directory) == [(NAME, "broken", problem)]
    with pytest.raises(BackupError, match="cannot be used"):
        directory.find(NAME)
    with pytest.raises(BackupError, match="no intact backup"):
        directory.latest()


def test_backup_of_another_form_is_newer(directory: BackupDirectory) -> None:
    """It is not broken: its own version can use it."""
    put(directory, format=2, product_version="9.1")
    assert seen(directory) == [(NAME, "newer", "it was made by TG_parser 9.1, which is newer")]
    with pytest.raises(BackupError) as refused:
        directory.find(NAME)
    assert refused.value.hint == "Use that version."


def test_renamed_one_is_a_backup_still(directory: BackupDirectory) -> None:
    """Its name is that of the folder; other folders are none of ours."""
    put(directory).rename(directory.folder / "before-the-move")
    (directory.folder / "photos").mkdir()
    (directory.folder / "notes.txt").touch()
    assert seen(directory) == [("before-the-move", "good", None)]
    assert directory.find("before-the-move").own_name is False


def test_unknown_name_is_refused(directory: BackupDirectory) -> None:
    """Also one that leads out of the folder."""
    put(directory)
    for name in ("nothing", f"../backups/{NAME}"):
        with pytest.raises(BackupError, match="There is no backup"):
            directory.find(name)


def test_place_that_is_no_folder(tmp_path: Path) -> None:
    """One sentence with what to do, from each command."""
    (tmp_path / "file").touch()
    directory = BackupDirectory(tmp_path / "file" / "backups")
    with pytest.raises(OutputError, match="a file exists where a folder is needed") as refused, directory.draft(MOMENT):
        pass
    assert "BACKUP_DIR" in refused.value.hint
    with pytest.raises(OutputError, match="a file exists where a folder is needed"):
        BackupDirectory(tmp_path / "file").all()


def test_removed_one_is_gone(directory: BackupDirectory) -> None:
    """With all its files."""
    put(directory)
    directory.remove(directory.latest())
    assert list(directory.folder.iterdir()) == []
