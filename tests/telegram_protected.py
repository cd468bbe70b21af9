"""A local Telegram whose account is guarded: by a password, and by QR codes that somebody scans after a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

from fake_telegram.connection import Connection
from fake_telegram.server import FakeTelegram
from fake_telegram_server import fake, world
from telethon.tl.types.account import Password


def protected(*, asks_password: bool, codes: int = 1) -> FakeTelegram:
    """A server where a QR code is scanned after so many were shown, and where the account may have a password."""
    module = fake()
    functions, types = module.fn, module.tl

    class Server(FakeTelegram):
        scans = 0

        def dispatch(self, conn: Connection, method: str, request: Any) -> Any:
            if isinstance(request, functions.account.GetPasswordRequest):
                return password_of(module)
            if isinstance(request, functions.auth.ExportLoginTokenRequest):
                self.scans += 1
                if self.scans <= codes:
                    expires = datetime.now(UTC) + timedelta(seconds=30)
                    return types.auth.LoginToken(expires, f"token {self.scans}".encode())
            entering = functions.auth.SignInRequest | functions.auth.ExportLoginTokenRequest
            if isinstance(request, entering) and asks_password:
                raise module.RpcFault("SESSION_PASSWORD_NEEDED", 401)
            if isinstance(request, functions.auth.CheckPasswordRequest | functions.auth.ExportLoginTokenRequest):
                conn.key.user = self.world.me
                entered = types.auth.Authorization(self.world.me)
                by_password = isinstance(request, functions.auth.CheckPasswordRequest)
                return entered if by_password else types.auth.LoginTokenSuccess(entered)
            return super().dispatch(conn, method, request)

    return Server(world())


def password_of(module: ModuleType) -> Password:
    """What Telegram tells of an account's password; whatever is answered to it is right."""
    types = module.tl
    algorithm = types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
        b"1" * 16, b"2" * 16, 3, module.DH_PRIME.to_bytes(256, "big")
    )
    return types.account.Password(
        new_algo=algorithm,
        new_secure_algo=types.SecurePasswordKdfAlgoUnknown(),
        secure_random=b"r" * 16,
        has_password=True,
        current_algo=algorithm,
        srp_B=b"\x42" * 256,
        srp_id=1,
    )
