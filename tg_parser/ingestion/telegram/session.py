"""The session of an account: a string or a file, read strictly and never shown."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import ipaddress
import os
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tg_parser.config.secrets import is_session_string
from tg_parser.config.settings import TelegramSettings
from tg_parser.domain.errors import AccountError, OutputError
from tg_parser.domain.paths import why_not_written

_VERSION = "1"
_ADDRESS_BYTES = {352: 4, 368: 16}
"""Bytes of the server's address in a session string, by the length of its Base64 part."""


class NotLoggedInError(AccountError):
    """There is no session, or one that was never logged in."""


class WrongAnswerError(AccountError):
    """A code or password that Telegram does not accept; another may be tried."""


@dataclass(frozen=True, slots=True)
class Session:
    """Where the account lives and the key that opens it; `file` where it came from one. The key shows nowhere."""

    dc_id: int
    address: str
    port: int
    key: bytes = field(repr=False)
    file: Path | None = None

    @property
    def session_id(self) -> str:
        """By what the session is known, without giving the key away."""
        return hashlib.sha256(self.key).hexdigest()[:16]


def session_exists(settings: TelegramSettings) -> bool:
    """Whether there is a session string or a file, without reading either."""
    value = settings.session.get_secret_value()
    return is_session_string(value) or session_file(value).is_file()


def session_file(value: str) -> Path:
    """The file that TELEGRAM_SESSION names; as Telethon does, `.session` is added to a name without it."""
    path = Path(value)
    return path if path.suffix == ".session" or path.is_file() else path.with_name(f"{path.name}.session")


def load_session(settings: TelegramSettings) -> Session:
    """The session that the settings name. Raises AccountError, without a word of what is in it."""
    value = settings.session.get_secret_value()
    session = _from_string(value) if is_session_string(value) else _from_file(session_file(value))
    return _moved(session, settings)


def named_server(settings: TelegramSettings) -> tuple[int, str, int] | None:
    """The server that TELEGRAM_SERVER names instead of Telegram's own, as dc, host and port."""
    if settings.server is None:
        return None
    dc_id, _, place = settings.server.partition("@")
    host, _, port = place.rpartition(":")
    return int(dc_id), host.strip("[]"), int(port)


def as_string(session: Session) -> str:
    """The session as one string, as TELEGRAM_SESSION takes it."""
    try:
        address = ipaddress.ip_address(session.address).packed
    except ValueError:
        raise AccountError(
            f"The session's server {session.address} is a host name, which a session string cannot hold.",
            "Name the server by its address in TELEGRAM_SERVER.",
        ) from None
    packed = struct.pack(f">B{len(address)}sH256s", session.dc_id, address, session.port, session.key)
    return f"{_VERSION}{base64.urlsafe_b64encode(packed).decode()}"


def write_private(path: Path, content: bytes) -> None:
    """Write a file that its owner alone can read, whole or not at all; its folder is made on the way.

    Raises OutputError.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(
            f"Cannot write the session into {path}: {why_not_written(error)}.",
            "Name another file: TELEGRAM_SESSION for the session, --export-string for its copy.",
        ) from error


def _from_string(value: str) -> Session:
    try:
        size = _ADDRESS_BYTES[len(value) - 1] if value[0] == _VERSION else 0
        packed = base64.b64decode(value[1:], altchars=b"-_", validate=True)
        dc_id, address, port, key = struct.unpack(f">B{size}sH256s", packed)
        return _signed_in(Session(dc_id, str(ipaddress.ip_address(address)), port, key), "TELEGRAM_SESSION")
    except (KeyError, binascii.Error, struct.error):
        raise AccountError(
            "TELEGRAM_SESSION looks like a session string, but is not a whole one.",
            case="session_string_cut",
        ) from None


def _from_file(path: Path) -> Session:
    if not path.is_file():
        raise NotLoggedInError(f"There is no Telegram session: {path} does not exist.", case="no_session")
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as file:
            row = file.execute("SELECT dc_id, server_address, port, auth_key FROM sessions").fetchone()
    except (sqlite3.Error, OSError) as error:
        raise AccountError(
            f"{path} cannot be read as a Telegram session: {error}.",
            case="session_file_unreadable",
        ) from None
    dc_id, address, port, key = row or (0, "", 0, b"")
    return _signed_in(Session(dc_id, address or "", port or 0, key or b"", path), str(path))


def _signed_in(session: Session, where: str) -> Session:
    if len(session.key) != 256 or not any(session.key):
        raise NotLoggedInError(f"The session in {where} is not logged in.", case="no_session")
    return session


def _moved(session: Session, settings: TelegramSettings) -> Session:
    server = named_server(settings)
    return session if server is None else Session(*server, session.key, session.file)
