"""Settings become an address and what the driver is told; a typo is refused by name and without the password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tg_parser.config.settings import DatabaseSettings
from tg_parser.domain.errors import SettingsError
from tg_parser.storage.engine.postgres_address import connect_arguments, hosts, postgres_url


def settings(**variables: Any) -> DatabaseSettings:
    return DatabaseSettings(_env_file=None, DB_TYPE="postgresql", **variables)


def arguments(**variables: Any) -> dict[str, Any]:
    given = settings(**variables)
    return connect_arguments(given, postgres_url(given))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://u:s3cret@half@h/d", "has more than one @"),
        ("postgresql://u:s3cret@half/x@h/d", "has more than one @"),
        ("postgresql://u:s3cret@h", "does not name a database"),
        ("postgresql://u:s3cret@h/", "does not name a database"),
        ("postgresql://u:s3cret@h:77777/d", "has the port 77777, which is not valid"),
        ("postgresql://u:s3cret@h/d?sslmod=require", "has the parameter sslmod, which is unknown to PostgreSQL"),
        ("postgresql:/u:s3cret@h/d", "is not a URL"),
        ("postgre://u:s3cret@h/d", "starts with postgre://, which is not PostgreSQL"),
    ],
)
def test_url_with_a_typo_is_refused(url: str, problem: str) -> None:
    """What is wrong is named; neither the password nor a half of it is shown."""
    with pytest.raises(SettingsError, match="DB_URL") as refused:
        postgres_url(settings(DB_URL=url))
    assert problem in refused.value.message
    shown = f"{refused.value}{refused.value.hint}{refused.value.__cause__}"
    assert "s3cret" not in shown
    assert "half" not in shown


def test_url_without_a_password_takes_the_other_one() -> None:
    """The address in one variable, the secret in a file of its own: both count."""
    url = postgres_url(settings(DB_URL="postgresql://u@h/d", DB_PASSWORD="s3cret"))
    assert (url.username, url.password, url.host) == ("u", "s3cret", "h")


def test_two_different_passwords_are_refused() -> None:
    """Nobody guesses which one is meant; the same twice is no contradiction."""
    with pytest.raises(SettingsError, match="different passwords") as refused:
        postgres_url(settings(DB_URL="postgresql://u:one@h/d", DB_PASSWORD="two"))
    assert "one" not in refused.value.message.replace("Keep one", "")
    assert postgres_url(settings(DB_URL="postgresql://u:one@h/d", DB_PASSWORD="one")).password == "one"


def test_sessions_get_their_limits() -> None:
    """Time limits, UTC and the name of the program stand in every session; what a URL adds to them stays."""
    told = arguments(DB_URL="postgresql://u@h/d?options=-c%20work_mem%3D8MB", DB_STATEMENT_TIMEOUT="7")
    assert told["options"].startswith("-c work_mem=8MB -c statement_timeout=7000 -c lock_timeout=30000")
    assert "idle_in_transaction_session_timeout=600000" in told["options"]
    assert told["application_name"].startswith("tg-parser:")


def test_transaction_pooler_gets_nothing_that_belongs_to_a_session() -> None:
    """Behind it no prepared statements and no options of the session."""
    told = arguments(DB_TRANSACTION_POOLER="true")
    assert told["prepare_threshold"] is None
    assert "options" not in told


def test_tls_files_reach_the_driver(tmp_path: Path) -> None:
    """Mode, authority, certificate and key, as the variables name them."""
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text("pem")
    told = arguments(
        DB_SSLMODE="verify-full",
        DB_SSLROOTCERT=str(tmp_path / "ca"),
        DB_SSLCERT=str(tmp_path / "cert"),
        DB_SSLKEY=str(tmp_path / "key"),
    )
    given = {name: value.rsplit("/", 1)[-1] for name, value in told.items() if name.startswith("ssl")}
    assert given == {"sslmode": "verify-full", "sslrootcert": "ca", "sslcert": "cert", "sslkey": "key"}
    assert arguments(DB_SSLMODE="verify-full", DB_SSLROOTCERT="system")["sslrootcert"] == "system"


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"DB_SSLROOTCERT": "system"}, "nothing is checked against it"),
        ({"DB_SSLROOTCERT": "system", "DB_SSLMODE": "require"}, "nothing is checked against it"),
        ({"DB_SSLROOTCERT": "none.pem", "DB_SSLMODE": "verify-full"}, "DB_SSLROOTCERT: none.pem cannot be read"),
        ({"DB_SSLCERT": "none.pem"}, "DB_SSLCERT and DB_SSLKEY belong together"),
    ],
)
def test_tls_that_would_not_protect_is_refused(variables: dict[str, str], problem: str) -> None:
    """A certificate that nothing is checked against, or that is not there, is no safety."""
    with pytest.raises(SettingsError, match=problem):
        arguments(**variables)


def test_replica_hosts_are_read() -> None:
    """Names, addresses and ports, with the primary's port where none is given."""
    assert hosts("", 5432) == []
    assert hosts("r1, r2:6000 ,[::1]:7000,10.0.0.1", 5432) == [
        ("r1", 5432),
        ("r2", 6000),
        ("::1", 7000),
        ("10.0.0.1", 5432),
    ]


@pytest.mark.parametrize("value", ["r1:port", "r1:0", "r1:70000", "postgresql://r1", "u@r1", "r1;r2"])
def test_replica_host_with_a_typo_is_refused(value: str) -> None:
    """What is no server is named."""
    with pytest.raises(SettingsError, match="DB_REPLICA_HOSTS"):
        hosts(value, 5432)
