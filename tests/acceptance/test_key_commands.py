"""`tg-parser keys` as it is typed, on both backends: what it prints where, its exit codes, and what it never shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cli_process import tg_parser, tg_parser_json

SECRET = re.compile(r"tgp_[0-9a-f]{12}_[\w-]{43}\n")


@pytest.fixture
def env(process_env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Databases with the sources `one_channel` and `two_channel`."""
    for name in ("one_channel", "two_channel"):
        tg_parser(process_env, "add-source", "--source-id", name, "--via", "web", cwd=tmp_path)
    return process_env


def test_a_key_is_printed_once(env: dict[str, str], tmp_path: Path) -> None:
    """stdout has the key alone, stderr what it is; neither the list nor the log has it again."""
    made = tg_parser(env, "keys", "create", "ci", "--sources", "two_channel, one_channel", cwd=tmp_path)
    assert SECRET.fullmatch(made.stdout)
    assert "(ci): reader, one_channel, two_channel." in made.stderr
    secret = made.stdout.strip()
    for shown in (("keys", "list"), ("keys", "audit")):
        for form in ((), ("--json",)):
            assert secret[17:] not in tg_parser(env, *shown, *form, cwd=tmp_path).stdout
    (listed,) = tg_parser_json(env, "keys", "list", cwd=tmp_path)["keys"]
    assert (listed["name"], listed["role"], listed["state"]) == ("ci", "reader", "valid")
    assert (listed["sources"], listed["expires_at"], listed["last_used_at"]) == (
        ["one_channel", "two_channel"],
        None,
        None,
    )


def test_a_key_lives_from_its_creation_to_its_revocation(env: dict[str, str], tmp_path: Path) -> None:
    """Rotated under its id with an overlap, revoked once; the log tells all of it, newest first and by page."""
    made = tg_parser_json(env, "keys", "create", "ci", "--role", "admin", "--expires", "90d", cwd=tmp_path)
    key = made["key"]["key_id"]
    rotated = tg_parser_json(env, "keys", "rotate", key, "--overlap", "2d", cwd=tmp_path)
    assert rotated["secret"] != made["secret"]
    assert (rotated["key"]["key_id"], rotated["key"]["expires_at"]) == (key, made["key"]["expires_at"])
    assert rotated["key"]["previous_until"] > rotated["key"]["rotated_at"]
    at_once = tg_parser_json(env, "keys", "rotate", key, "--overlap", "0", cwd=tmp_path)["key"]
    assert at_once["previous_until"] == at_once["rotated_at"]
    assert tg_parser_json(env, "keys", "revoke", key, cwd=tmp_path)["state"] == "revoked"
    for verb in ("revoke", "rotate"):
        told = tg_parser(env, "keys", verb, key, cwd=tmp_path, code=1).stderr
        assert told.splitlines() == [
            f"Error: The API key {key} is revoked.",
            "Hint: Create another: tg-parser keys create",
        ]
    log = tg_parser_json(env, "keys", "audit", "--key", key, cwd=tmp_path)["entries"]
    assert [each["action"] for each in log] == ["keys.revoke", "keys.rotate", "keys.rotate", "keys.create"]
    assert {each["subject"] for each in log} == {key}
    older = tg_parser_json(env, "keys", "audit", "--before", log[1]["entry_id"], "--limit", "1", cwd=tmp_path)
    assert older["entries"] == [log[2]]
    tg_parser(env, "keys", "audit", "--key", "another", cwd=tmp_path, code=4)


def test_without_a_key_the_list_is_empty(env: dict[str, str], tmp_path: Path) -> None:
    """Exit code 4, with what to do; a key that was refused leaves nothing behind."""
    unknown = tg_parser(env, "keys", "create", "ci", "--sources", "one_channel,nobody", cwd=tmp_path, code=1)
    assert unknown.stdout == ""
    assert "There is no source 'nobody'." in unknown.stderr
    assert "tg-parser keys create NAME" in tg_parser(env, "keys", "list", cwd=tmp_path, code=4).stdout
    tg_parser(env, "keys", "audit", cwd=tmp_path, code=4)


def test_who_gives_a_whole_key_does_not_see_it_again(env: dict[str, str], tmp_path: Path) -> None:
    """It is as good as its id, and an error names the id alone."""
    secret = tg_parser(env, "keys", "create", "ci", cwd=tmp_path).stdout.strip()
    tg_parser(env, "keys", "revoke", secret, cwd=tmp_path)
    for wrong in (secret, f"{secret}x"):
        told = tg_parser(env, "keys", "revoke", wrong, "--debug", cwd=tmp_path, code=1)
        assert secret[17:] not in told.stdout + told.stderr
