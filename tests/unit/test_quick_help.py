"""--help is quick because what is heavy waits inside the commands."""

import subprocess
import sys

HEAVY = ("pydantic", "sqlalchemy", "rich", "numpy", "telethon", "httpx", "orjson", "anyascii", "structlog", "yaml")


def test_help_loads_nothing_heavy():
    """All commands are known without any of the libraries that take long to load."""
    script = f"import sys, tg_parser.cli.app; print([name for name in {HEAVY} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
