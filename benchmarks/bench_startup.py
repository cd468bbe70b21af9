"""How long commands take that have next to nothing to do, beside Python and the libraries they cannot do without.

python benchmarks/bench_startup.py [--times 10]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NEEDED = "import sqlalchemy.ext.asyncio, aiosqlite, pydantic_settings, structlog, typer"
COMMANDS = {
    "--help": ["--help"],
    "wrong usage": ["status", "--nonsense"],
    "status": ["status"],
    "sources list": ["sources", "list"],
    "topics list": ["topics", "list"],
    "entries": ["entries"],
    "costs": ["costs"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tg_parser"]
        subprocess.run([*command, "init"], cwd=folder, capture_output=True, check=True)
        calls = {"python -c pass": [sys.executable, "-c", "pass"], "its libraries": [sys.executable, "-c", NEEDED]}
        calls |= {name: [*command, *arguments] for name, arguments in COMMANDS.items()}
        seconds = measured(calls, Path(folder), times)
    libraries = statistics.median(seconds["its libraries"])
    print(f"{'':16} {'median s':>9} {'lowest s':>9} {'x its libraries':>16}")
    for name, each in seconds.items():
        median = statistics.median(each)
        print(f"{name:16} {median:9.3f} {min(each):9.3f} {median / libraries:16.2f}")


def measured(calls: dict[str, list[str]], folder: Path, times: int) -> dict[str, list[float]]:
    """Seconds of each call, one after another in turn, so that a busy minute hits all alike."""
    environment = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(times):
        for name, call in calls.items():
            began = time.perf_counter()
            subprocess.run(call, cwd=folder, env=environment, capture_output=True, check=False)
            seconds[name].append(time.perf_counter() - began)
    return seconds


if __name__ == "__main__":
    main()
