"""The bundled sample is what its script makes of the data it was taken from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sample_data import LENT

from tg_parser.sample import SAMPLE_EXPORT

BUILDER = Path(__file__).parents[2] / "scripts" / "build_sample.py"


def test_the_bundled_sample_is_what_its_builder_builds(tmp_path: Path) -> None:
    """The script gives the bundled bytes from the same data, so nobody edited them by hand."""
    built = tmp_path / "result.json"
    subprocess.run([sys.executable, BUILDER, LENT, built], check=True, capture_output=True, timeout=60)
    assert built.read_bytes() == SAMPLE_EXPORT.read_bytes()
