"""Secrets that are not in plain text in the environment: read from a file, or decrypted with a key from a file."""

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
"""Pattern of a session string, complete or not, which must not be shown as if it were a file name."""


def is_session_string(value: str) -> bool:
    """Return whether TELEGRAM_SESSION contains a session string rather than a file name."""
    return bool(_SESSION_STRING.fullmatch(value))


def only_one(given: Mapping[str, str | None]) -> str | None:
    """Return the value of the one variable that is set, if any. Raises SettingsError if several are."""
    present = {variable: value for variable, value in given.items() if value}
    if len(present) > 1:
        raise SettingsError(
            f"{' and '.join(present)} are both set, but only one is allowed.", "Keep one of them, remove the other."
        )
    return next(iter(present.values()), None)


def secret_from_file(path: Path | None, variable: str) -> str | None:
    """Return the content of `path` without the trailing line end. Raises SettingsError naming `variable`."""
    if path is None:
        return None
    try:
        secret = path.read_text("utf-8").removesuffix("\n").removesuffix("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(
            f"{variable}: {path} cannot be read: {reason}.", "Use a file that contains only the secret."
        ) from None
    if not secret:
        raise SettingsError(f"{variable}: {path} is empty.", "Write the secret into it.")
    return secret


def decrypted(token: str | None, key_file: Path | None, variable: str) -> str | None:
    """Decrypt a result of `encrypted`. Raises SettingsError naming `variable`."""
    if not token:
        return None
    key = secret_from_file(key_file, KEY_VARIABLE)
    if key is None:
        raise SettingsError(
            f"{variable} is set without the key to decrypt it.", f"Set {KEY_VARIABLE} to the file with the key."
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
    """Encrypt `secret` for an environment or a file; a missing key file is created, readable only by its owner."""
    if not key_file.exists():
        _make_key(key_file)
    key = secret_from_file(key_file, KEY_VARIABLE) or ""
    return _cipher(key, key_file).encrypt(secret.encode()).decode()


class SecretBox:
    """Encrypts secrets for the database with the key of `db encrypt-secret`, which is stored elsewhere."""

    def __init__(self, key_file: Path | None) -> None:
        self._key_file = key_file

    def seal(self, secret: str) -> str:
        """Encrypt `secret`. Raises SettingsError if there is no key."""
        return self._cipher().encrypt(secret.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Decrypt a result of `seal`. Raises SettingsError if the key is missing or a different one."""
        try:
            return self._cipher().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SettingsError(
                f"An encrypted secret cannot be decrypted with the key in {self._key_file}.",
                f"Set {KEY_VARIABLE} to the file with the key it was encrypted with, or change the secret.",
            ) from None

    def _cipher(self) -> Fernet:
        there = self._key_file if self._key_file is not None and self._key_file.exists() else None
        key = secret_from_file(there, KEY_VARIABLE)
        if key is None:
            raise SettingsError(
                "There is no key to encrypt secrets with.", case="no_sealing_key", variable=KEY_VARIABLE
            )
        return _cipher(key, self._key_file)


def passwords_in(value: str) -> Iterator[str]:
    """Yield the password in `value` if it is a URL, both as written and decoded."""
    if "://" not in value:
        return
    # urlsplit is not used: for it a password ends at the first slash, for other parsers it does not.
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
            f"{KEY_VARIABLE}: {path} cannot be created: {error.strerror}.",
            "Choose a place that this user may write to.",
        ) from error


def _cipher(key: str, key_file: Path | None) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise SettingsError(
            f"{KEY_VARIABLE}: {key_file} does not contain a key.",
            case="no_key",
            variable=KEY_VARIABLE,
            path=str(key_file),
        ) from None
