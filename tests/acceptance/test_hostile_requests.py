"""What hostile requests get from a real server, and that nothing is left of them. The table is in `hostile.py`."""

import json
import re
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest

from app.http_protocol import HttpProtocol
from tests.acceptance.hostile import CLOSE, HANG_UPS, HOST, MARK, MIB, TABLE, get, head, start
from tests.acceptance.instance import Instance, running

PATIENCE: Final = 10
HEAD_SECONDS: Final = HttpProtocol.head_time.total_seconds()
TOO_SLOW: Final = "408 headers_too_slow"

DRIPS: Final = {
    "nothing at all": (b"", b"", "closed"),
    "the beginning of a head": (b"GET ", b"", TOO_SLOW),
    "a head, a byte a second": (start(b"GET /version HTTP/1.1", b"A: "), b"x", TOO_SLOW),
    "headers, one a second": (start(b"GET /version HTTP/1.1"), b"A: b\r\n", TOO_SLOW),
    "empty lines": (b"", b"\r\n", TOO_SLOW),
    "empty lines after an answer": (get().replace(CLOSE, b""), b"\r\n", f"200, {TOO_SLOW}"),
    "a second head": (get().replace(CLOSE, b"") + b"GET ", b"x", f"200, {TOO_SLOW}"),
    "a body that nobody wants": (
        head(b"Content-Length: 99999999").replace(CLOSE, b""),
        b"x",
        "413 body_too_large",
    ),
}
"""What is sent at once, what is sent each second, and what it gets when its time is over."""

OF_A_SLOW_DISK: Final = {"store failed", "sweep failed, store unavailable"}
"""What may be in the log of a busy machine; no request has to do with it."""


@dataclass(frozen=True)
class Service:
    """A server with room for one body, and what the system knows of its web worker."""

    instance: Instance

    @property
    def worker(self) -> Path:
        """The directory of its web worker."""
        assert self.instance.process is not None
        master = self.instance.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return Path("/proc") / children[0]

    @property
    def descriptors(self) -> int:
        """How many files and connections are open."""
        return len(list((self.worker / "fd").iterdir()))

    @property
    def resident(self) -> int:
        """Bytes of memory in use."""
        found = re.search(r"VmRSS:\s+(\d+) kB", (self.worker / "status").read_text())
        assert found
        return int(found[1]) * 1024

    def connect(self) -> socket.socket:
        """Open a connection."""
        return socket.create_connection(("127.0.0.1", self.instance.port), timeout=PATIENCE)

    def ask(self, sent: bytes) -> bytes:
        """Send these bytes, and return all that comes back until the server closes."""
        with self.connect() as connection:
            with suppress(ConnectionError):  # the server may have heard enough; its answer is there all the same
                connection.sendall(sent)
            return read_all(connection)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Start a server, with a body budget that one leaked body would exhaust."""
    folder = tmp_path_factory.mktemp("hostile")
    variables = {"AFTERWORD_SQLITE_PATH": str(folder / "tasks.db"), "AFTERWORD_BODY_BUDGET_BYTES": str(3 * MIB)}
    variables["AFTERWORD_UPLOAD_BYTES"] = str(2 * MIB)
    with running(folder / "log", **variables) as instance:
        yield Service(instance)


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    received = b""
    with suppress(ConnectionResetError):  # which is how a connection is closed with bytes unread
        while part := connection.recv(65536):
            received += part
    return received


def gist(received: bytes) -> str:
    """Put answers in the table's words, and check that each error among them is a problem."""
    answers = re.split(rb"(?=HTTP/1\.1 \d{3} )", received)
    assert answers[0] == b""
    return ", ".join(_gist(answer) for answer in answers[1:]) or "closed"


def _gist(answer: bytes) -> str:
    top, _, body = answer.partition(b"\r\n\r\n")
    status = top[9:12].decode()
    if status < "400":
        return status
    problem = json.loads(body)
    assert b"\r\ncontent-type: application/problem+json" in top
    assert f"\r\nx-request-id: {problem['request_id']}".encode() in top
    assert problem["status"] == int(status)
    assert MARK not in answer
    return f"{status} {problem['code']}"


@pytest.mark.parametrize("name", TABLE)
def test_a_hostile_request_gets_one_clear_answer(service: Service, name: str) -> None:
    """Whoever probes a server learns from each difference, and front ends disagree with it about each leniency."""
    sent, expected = TABLE[name]

    assert gist(service.ask(sent)) == expected


@pytest.mark.parametrize("sent", HANG_UPS.values(), ids=HANG_UPS)
@pytest.mark.parametrize("way", ["politely", "abruptly"])
def test_who_hangs_up_gets_nothing(service: Service, sent: bytes, way: str) -> None:
    """Half a request is none, and must not become a task."""
    with service.connect() as connection:
        connection.sendall(sent)
        if way == "politely":
            connection.shutdown(socket.SHUT_WR)
            received = read_all(connection).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            received = b""

    assert gist(received) == "closed"


def test_nobody_may_take_for_ever(service: Service) -> None:
    """A thousand connections that drip cost their owner nothing, and a server without a limit all its descriptors."""

    def lasts(name: str) -> tuple[str, float]:
        at_once, each_second, _ = DRIPS[name]
        begun_at = time.monotonic()
        with service.connect() as connection:
            connection.sendall(at_once)
            received = drip(connection, each_second)
        return gist(received), time.monotonic() - begun_at

    with ThreadPoolExecutor(len(DRIPS)) as threads:
        lasted = dict(zip(DRIPS, threads.map(lasts, DRIPS), strict=True))

    assert {name: got for name, (got, _) in lasted.items()} == {name: gets for name, (_, _, gets) in DRIPS.items()}
    assert max(seconds for _, seconds in lasted.values()) < HEAD_SECONDS + 5


def drip(connection: socket.socket, data: bytes) -> bytes:
    """Send *data* each second until the server closes; return what it has said."""
    connection.settimeout(1)
    received = b""
    give_up_at = time.monotonic() + 2 * HEAD_SECONDS
    while time.monotonic() < give_up_at:
        try:
            part = connection.recv(65536)
        except TimeoutError:
            connection.sendall(data)
            continue
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part
    raise AssertionError("the connection is still open")


def test_nothing_is_left_of_them(service: Service) -> None:
    """What each leaves behind, an attacker multiplies."""
    everything = [sent for sent, _ in TABLE.values()] + list(HANG_UPS.values())
    send_all(service, everything)
    descriptors, resident = service.descriptors, service.resident

    for _ in range(3):
        send_all(service, everything)

    assert service.descriptors <= descriptors + 2
    assert service.resident < resident + 16 * MIB
    assert largest_body(service) == httpx.codes.ACCEPTED
    assert gist(service.ask(b"GET /health/ready HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n")) == "200"


def send_all(service: Service, requests: list[bytes]) -> None:
    """Send all of them, some at a time; who has not finished hangs up."""

    def send(sent: bytes) -> None:
        with service.connect() as connection:
            with suppress(OSError):  # the server may be faster
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            read_all(connection)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(send, requests))


def largest_body(service: Service) -> int:
    """Send the largest body that is accepted, for which all of the budget must be free; return its status."""
    body = json.dumps({"content": "La biblioteca abre hoy."}).encode().ljust(2 * MIB)
    headers = {"Content-Type": "application/json"}
    return httpx.post(f"{service.instance.url}/process_document/", content=body, headers=headers).status_code


def test_nothing_of_them_is_in_the_log(service: Service) -> None:
    """A stranger who can write into the log can forge it, or have its owner pay for it."""
    for sent, _ in TABLE.values():
        service.ask(sent)
    text = service.instance.log.read_text()
    lines = [json.loads(line) for line in text.partition("Application startup complete")[2].splitlines()[1:]]

    assert MARK.decode() not in text.lower()
    assert [line for line in lines if "stack_trace" in line] == []
    assert {line["message"] for line in lines if "task_id" not in line} <= OF_A_SLOW_DISK
