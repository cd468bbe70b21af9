"""python -m tg_parser, and the console script."""

from __future__ import annotations

import signal


def main() -> None:
    """Start the command line. Ctrl-C before it can answer ends the process without a word: nothing was begun."""
    answered = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if answered:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tg_parser.cli.app import main as start  # noqa: PLC0415

    if answered:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    start()


if __name__ == "__main__":
    main()
