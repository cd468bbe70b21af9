"""Secrets that are not written out in the environment: read from a file, or decrypted with a key from a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.fernet import Fernet, InvalidToken

from tg_parser.domain.errors import SettingsError

KEY_VARIABLE = "DB_ENCRYPTION_KEY_FILE"
_SECRET_PARAMETERS = ("password", "sslpassword")
_SESSION_STRING = re.compile(r"[A-Za-z0-9_=-]{100,}|[A-Za-z0-9+/_=-]{250,}")
"""What can only be meant as a session string, whole or not: it must not be shown as if it named a file."""


def is_session_string(value: str) -> bool:
    """Whether TELEGRAM_SESSION holds a session itself, and not the name of a file."""
    return bool(_SESSION_STRING.fullmatch(value))


def only_one(given: Mapping[str, str | None]) -> str | None:
    """The value of the one variable that is set, if any. Raises SettingsError where several are."""
    present = {variable: value for variable, value in given.items() if value}
    if len(present) > 1:
        raise SettingsError(
            f"{' and '.join(present)} are both set, and only one can be meant.", "Keep one of them, remove the other."
        )
    return next(iter(present.values()), None)


def secret_from_file(path: Path | None, variable: str) -> str | None:
    """The text in `path` without the line end after it. Raises SettingsError naming `variable`."""
    if path is None:
        return None
    try:
        secret = path.read_text("utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"{variable}: {path} cannot be read: {reason}.", "Name a file with nothing but the secret in it."
        ) from None
    if not secret:
        raise SettingsError(f"{variable}: {path} is empty.", "Write the secret into it.")
    return secret


def decrypted(token: str | None, key_file: Path | None, variable: str) -> str | None:
    """What `encrypted` made `token` of. Raises SettingsError naming `variable`."""
    if not token:
        return None
    key = secret_from_file(key_file, KEY_VARIABLE)
    if key is None:
        raise SettingsError(
            f"{variable} is set without the key to read it.", f"Set {KEY_VARIABLE} to the file with the key."
        )
    try:
        return _cipher(key, key_file).decrypt(token.encode()).decode()
    except InvalidToken:
        raise SettingsError(
            f"{variable} cannot be decrypted with the key in {key_file}.",
            case="secret_of_another_key",
            variable=variable,
        ) from None


def encrypted(secret: str, key_file: Path) -> str:
    """`secret`, encrypted for an environment or a file; a missing key file is created, readable only by its owner."""
    if not key_file.exists():
        _make_key(key_file)
    key = secret_from_file(key_file, KEY_VARIABLE) or ""
    return _cipher(key, key_file).encrypt(secret.encode()).decode()


class SecretBox:
    """Seals secrets that are kept in the database, with the key of `db encrypt-secret`, which is not there."""

    def __init__(self, key_file: Path | None) -> None:
        self._key_file = key_file

    def seal(self, secret: str) -> str:
        """`secret`, sealed. Raises SettingsError where there is no key."""
        return self._cipher().encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """What `seal` was given. Raises SettingsError where that was done with another key, or there is none."""
        try:
            return self._cipher().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingsError(
                f"A sealed secret cannot be opened with the key in {self._key_file}.",
                f"Set {KEY_VARIABLE} to the file with the key it was sealed with, or change the secret.",
            ) from None

    def _cipher(self) -> Fernet:
        there = self._key_file if self._key_file is not None and self._key_file.exists() else None
        key = secret_from_file(there, KEY_VARIABLE)
        if key is None:
            raise SettingsError("There is no key to seal secrets with.", case="no_sealing_key", variable=KEY_VARIABLE)
        return _cipher(key, self._key_file)


def passwords_in(value: str) -> Iterator[str]:
    """Passwords in `value` if it is a URL, as written there and decoded."""
    if "://" not in value:
        return
    # Not urlsplit's own idea of a password: it ends at the first slash, and others' do not.
    user_part = value.split("://", 1)[1].rpartition("@")[0]
    found = [user_part.partition(":")[2]]
    try:
        query = parse_qs(urlsplit(value).query)
    except ValueError:
        query = {}
    found += [each for name in _SECRET_PARAMETERS for each in query.get(name, ())]
    for password in filter(None, found):
        yield from {password, unquote(password)}


def _make_key(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a mode
            file.write(Fernet.generate_key() + b"\n")
    except OSError as error:
        raise SettingsError(
            f"{KEY_VARIABLE}: {path} cannot be made: {error.strerror}.", "Choose a place this user may write to."
        ) from error


def _cipher(key: str, key_file: Path | None) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise SettingsError(
            f"{KEY_VARIABLE}: {key_file} holds no key.", case="no_key", variable=KEY_VARIABLE, path=str(key_file)
        ) from None
