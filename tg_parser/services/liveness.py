"""Asks a process of this installation whether it still answers, as a container's health check does."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException

from tg_parser.domain.errors import NoAnswerError

LIVE = "/health/live"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where others listen
_SERVER_ERROR = 500


def require_answer(host: str, port: int, seconds: float, *, if_listening: bool = False) -> None:
    """Raise NoAnswerError unless the process that listens there answers in time; any answer shows that it lives.

    With `if_listening`, a port on which nothing listens is fine too.
    """
    connection = HTTPConnection(_EVERYWHERE.get(host, host), port, timeout=seconds)
    try:
        connection.request("GET", LIVE)
        status = connection.getresponse().status
    except ConnectionRefusedError:
        if not if_listening:
            raise NoAnswerError(host, port, "nothing is listening there") from None
    except (OSError, HTTPException) as error:
        reason = f"no answer within {seconds:g} seconds" if isinstance(error, TimeoutError) else str(error)
        raise NoAnswerError(host, port, reason) from None
    else:
        if status >= _SERVER_ERROR:
            raise NoAnswerError(host, port, f"it answered {status}")
    finally:
        connection.close()
