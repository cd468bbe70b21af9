"""`tg-parser mcp`: the official client starts the program, and finds the sample in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_process import tg_parser
from conftest import process_environment
from mcp import Client, StdioServerParameters
from mcp.client.client import ConnectMode
from mcp.types import CallToolResult


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample in it."""
    home = tmp_path_factory.mktemp("home")
    assert tg_parser(process_environment({"TG_PARSER_HOME": str(home)}), "demo", cwd=home).returncode == 0
    return home / "demo"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_an_assistant_starts_it_and_reads(demo: Path, mode: ConnectMode) -> None:
    """Over stdin and stdout, clients of both eras list the topics of the sample and fetch one with its messages."""
    environment = process_environment({"TG_PARSER_HOME": str(demo)})
    program = StdioServerParameters(command=sys.executable, args=["-m", "tg_parser", "mcp"], env=environment)
    async with Client(program, mode=mode) as client:
        listed = await client.call_tool("list_topics", {"limit": 3})
        assert isinstance(listed, CallToolResult)
        assert listed.structured_content is not None
        topics = listed.structured_content["topics"]
        assert len(topics) == 3
        fetched = await client.call_tool("fetch", {"id": topics[0]["id"]})
        assert isinstance(fetched, CallToolResult)
        assert fetched.structured_content is not None
        assert fetched.structured_content["title"] == topics[0]["title"]
        assert fetched.structured_content["text"].count(" tg:") == topics[0]["messages"]
