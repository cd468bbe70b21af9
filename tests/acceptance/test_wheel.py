"""The wheel is complete: installed into an empty environment, the program runs from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from cli_process import small_export
from knowledge_bases import finished_demo

import tg_parser

ROOT = Path(__file__).resolve().parents[2]


def run(*command: str | Path, folder: Path) -> str:
    """What a program prints to stdout, in an environment that names nothing of the checkout."""
    environment = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment | {"HOME": str(folder), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout by the build backend of the test environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir")
    run(sys.executable, *build, folder, ROOT, folder=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the wheel alone; its dependencies are those of the test environment."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    scheme = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=scheme))
    # A plain path: the .pth file of the editable install, which leads to the checkout, is not read through it.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    install = ("-m", "pip", "--python", programs / "python", "install", "--quiet", "--no-deps", "--no-index")
    run(sys.executable, *install, "--force-reinstall", "--ignore-installed", wheel, folder=folder)
    return programs


def test_the_installed_program_tells_its_version(programs: Path, tmp_path: Path) -> None:
    assert run(programs / "tg-parser", "--version", folder=tmp_path).strip() == f"tg-parser {tg_parser.__version__}"


def test_the_installed_package_is_not_the_checkout(programs: Path, tmp_path: Path) -> None:
    place = run(programs / "python", "-c", "import tg_parser; print(tg_parser.__file__)", folder=tmp_path)
    assert Path(place.strip()).is_relative_to(programs.parent)


def test_the_installed_program_makes_databases_in_another_folder(programs: Path, tmp_path: Path) -> None:
    run(programs / "tg-parser", "init", folder=tmp_path)
    names = {path.name for path in (tmp_path / "data").glob("*.sqlite")}
    assert names == {"ingestion_state.sqlite", "raw_storage.sqlite", "processing_storage.sqlite"}


def test_the_installed_program_makes_a_knowledge_base_of_the_bundled_sample(programs: Path, tmp_path: Path) -> None:
    """All of it is read, and what that made of it before is found again."""
    finished_demo(tmp_path / "data")
    done = json.loads(run(programs / "tg-parser", "demo", "--out", "output", "--json", folder=tmp_path))
    assert [each["counts"]["seen"] for each in done["ingest"]] == [174, 153, 83, 62]
    assert (kinds(tmp_path / "output"), done["process"]["waiting"]) == ({"telegram_message", "topic"}, 0)


def test_the_installed_program_makes_a_knowledge_base(programs: Path, tmp_path: Path) -> None:
    run(programs / "tg-parser", "run", small_export(tmp_path, 20), "--out", "output", folder=tmp_path)
    assert kinds(tmp_path / "output") == {"telegram_message", "topic"}


def kinds(folder: Path) -> set[str]:
    """What the entries of an export are made of."""
    lines = (folder / "kb_entries.ndjson").read_text("utf-8").splitlines()
    return {json.loads(line)["source"]["type"] for line in lines}


def test_the_wheel_says_that_it_is_typed(wheel: Path) -> None:
    assert "tg_parser/py.typed" in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_holds_the_package_alone(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"tg_parser", f"tg_parser-{tg_parser.__version__}.dist-info"}
