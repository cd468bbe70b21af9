"""How long `tg-parser --help` takes, against a bare Python start in the same run."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 7


def median_seconds(*arguments: str) -> float:
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    bare, ours = median_seconds("-c", "pass"), median_seconds("-m", "tg_parser", "--help")
    print(f"{'command':<22}{'median s':>10}{'ratio':>8}")
    print(f"{'python -c pass':<22}{bare:>10.3f}{1:>8.1f}")
    print(f"{'tg-parser --help':<22}{ours:>10.3f}{ours / bare:>8.1f}")


if __name__ == "__main__":
    main()
