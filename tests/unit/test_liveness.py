"""A health check is content with a process that answers, and with nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from postgres_server import free_port

from tg_parser.domain.errors import NoAnswerError
from tg_parser.services.liveness import require_answer


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """The port of a server that gives this answer to one request, or takes it and stays silent."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                if answer is None:
                    done.wait(30)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("status", ["200 OK", "421 Misdirected Request", "429 Too Many Requests"])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_whoever_answers_is_alive(status: str, host: str) -> None:
    """Also one that is asked by a name it does not know, or too often; who listens everywhere is asked here."""
    with answering(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as port:
        require_answer(host, port, 10)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, "no answer within 0.2 seconds"),
        (b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", "it answered 500"),
        (b"", "Remote end closed connection without response"),
    ],
    ids=["silent", "broken", "hung up"],
)
@pytest.mark.parametrize("if_listening", [False, True])
def test_one_that_listens_and_does_not_answer_is_ill(answer: bytes | None, told: str, if_listening: bool) -> None:
    """A process that hangs still takes connections: the system does that for it."""
    with answering(answer) as port, pytest.raises(NoAnswerError, match=told) as caught:
        require_answer("127.0.0.1", port, 0.2 if answer is None else 10, if_listening=if_listening)
    assert caught.value.data == {"case": "no_answer", "host": "127.0.0.1", "port": port}


def test_nobody_listening_is_ill_unless_that_may_be() -> None:
    """The image is also started for what serves nothing."""
    port = free_port()
    require_answer("127.0.0.1", port, 10, if_listening=True)
    with pytest.raises(
        NoAnswerError, match=f"The process at 127.0.0.1:{port} does not answer: nothing is listening there."
    ):
        require_answer("127.0.0.1", port, 10)
