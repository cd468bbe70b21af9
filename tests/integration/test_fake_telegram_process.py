"""The local Telegram server as a process of its own: what it prints, writes and logs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import fake_telegram as server
from telethon.crypto import rsa as client_rsa

CLIENT = """
import asyncio, os
from telethon import TelegramClient
from telethon.sessions import StringSession
async def main():
    session, number, word = os.environ["TG_SESSION"], int(os.environ["TG_API_ID"]), os.environ["TG_API_HASH"]
    async with TelegramClient(StringSession(session), number, word) as client:
        print(len([m async for m in client.iter_messages("news", wait_time=0)]))
asyncio.run(main())
"""


def test_command_line(tmp_path: Path) -> None:
    key, log, session = tmp_path / "rsa", tmp_path / "log", tmp_path / "session"
    folder = Path(server.__file__).parent
    run: list[str | Path] = [sys.executable, "-m", "fake_telegram", "--channels", folder / "demo.json"]
    run += ["--write-session", session, "--rsa", key, "--log", log]
    proc = subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder.parent)
    try:
        info = json.loads(proc.stdout.readline())
        assert session.read_text().strip() == info["session"]
        client_rsa.add_key(Path(info["rsa_public_key"]).read_text(encoding="utf-8"), old=False)
        told = {"TG_SESSION": info["session"], "TG_API_ID": str(info["api_id"]), "TG_API_HASH": info["api_hash"]}
        out = subprocess.run(
            [sys.executable, "-c", CLIENT], env={**os.environ, **told}, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert out.stdout.strip() == "306", out.stderr
    finally:
        proc.send_signal(signal.SIGTERM)
        counts = json.loads(proc.communicate(timeout=10)[1])
    assert counts["error:FLOOD_WAIT_2"] == 1
    asked = [json.loads(line)["method"] for line in log.read_text("utf-8").splitlines()]
    assert asked.count("messages.getHistory") == counts["messages.getHistory"]
