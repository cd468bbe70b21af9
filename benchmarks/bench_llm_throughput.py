"""Processing with a model that answers in 100 ms, through every wrapper and the real processor, against the ideal.

python benchmarks/bench_llm_throughput.py [--messages 2000] [--waiting 200000] [--concurrency 1 5 20 200]
                                          [--backend sqlite postgresql]    (TEST_DATABASE_URL, else a server of its own)
"""

from __future__ import annotations

import argparse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--waiting", type=int, default=20_000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[1, 5, 20, 200])
    parser.add_argument("--backend", nargs="+", default=["sqlite", "postgresql"])
    given = parser.parse_args()
    # Worker processes import this file first, as they do the few lines of `tg-parser`.
    from bench_storage import postgres  # noqa: PLC0415
    from llm_throughput import failures, memory, storm, throughput  # noqa: PLC0415

    from tg_parser.wiring.garbage_collection import spare_what_runs_load  # noqa: PLC0415

    spare_what_runs_load()
    with postgres() as server:
        for backend in given.backend:
            admin = server if backend == "postgresql" else None
            print(f"== {backend}")
            throughput(admin, given.messages, given.concurrency)
            failures(admin, given.messages)
            storm(admin, given.messages, 50.0)
            memory(admin, given.waiting)


if __name__ == "__main__":
    main()
