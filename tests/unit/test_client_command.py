"""`python -m app submit` and `watch` before servers that do not do what one wishes."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from app.__main__ import cli
from tests.acceptance.instance import free_port

type Answer = tuple[int, dict[str, str], str] | None
"""Status, headers and body; None hangs up."""

TASK: Final = str(uuid4())
ACCEPTED: Final[Answer] = (202, {}, json.dumps({"task_id": TASK, "status": "pending"}))
BUSY: Final[Answer] = (503, {"Retry-After": "0"}, json.dumps({"detail": "The task store does not answer."}))


@dataclass
class Stranger:
    """A server that gives its *answers* one after another, and then the last one again and again."""

    answers: list[Answer]
    port: int = 0
    heard: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Of each request the path, the `Idempotency-Key` and the `Authorization`."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def next_answer(self) -> Answer:
        """Return what it answers now."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def stranger(*answers: Answer) -> Iterator[Stranger]:
    """Serve *answers* until the block ends."""
    told = Stranger(list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            told.heard.append((self.path, self.headers["Idempotency-Key"], self.headers["Authorization"]))
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            given = told.next_answer()
            self.close_connection = True
            if given is None:
                return
            status, headers, body = given
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body.encode()))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = answer  # noqa: N815 - the names that the library looks for

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def letter(tmp_path: Path) -> str:
    """Return a file that can be handed in."""
    file = tmp_path / "letter.txt"
    file.write_text("¡Hola!")
    return str(file)


def run(*arguments: str, **variables: str) -> Result:
    """Run one command."""
    nobodys: dict[str, str | None] = {"AFTERWORD_KEY": None, "AFTERWORD_SERVER": None}
    return CliRunner().invoke(cli, arguments, env={**nobodys, **variables})


def test_a_document_is_handed_in_once_however_often_that_is_tried(letter: str) -> None:
    """A server that was too busy to say so may have taken it all the same."""
    with stranger(BUSY, None, BUSY, ACCEPTED) as server:
        result = run("submit", letter, AFTERWORD_SERVER=server.url, AFTERWORD_KEY="secret")

    assert (result.exit_code, result.stdout) == (0, f"{TASK}\n")
    assert [path for path, _, _ in server.heard] == ["/process_document/upload"] * 4
    assert len({key for _, key, _ in server.heard}) == 1
    assert {credential for _, _, credential in server.heard} == {"Bearer secret"}


def test_two_commands_hand_in_two_documents(letter: str) -> None:
    """Who runs the command again wants it done again."""
    with stranger(ACCEPTED) as server:
        for _ in range(2):
            run("submit", letter, "--server", server.url)

    assert len({key for _, key, _ in server.heard}) == 2
    assert {credential for _, _, credential in server.heard} == {None}


def test_a_server_says_when_to_try_again(letter: str) -> None:
    """Sooner would only make it worse."""
    soon = (503, {"Retry-After": "1"}, "")
    with stranger(soon, ACCEPTED) as server:
        began_at = time.monotonic()
        result = run("submit", letter, "--server", server.url)

    assert result.exit_code == 0
    assert time.monotonic() - began_at >= 1


def test_nobody_waits_for_longer_than_they_have_patience(letter: str) -> None:
    """A server that wants to be left alone for an hour is one that does not answer."""
    with stranger((429, {"Retry-After": "3600"}, json.dumps({"detail": "At most 5 tasks may be open"}))) as server:
        result = run("submit", letter, "--server", server.url)

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "At most 5 tasks may be open\n")
    assert len(server.heard) == 1


@pytest.mark.parametrize("command", ["submit", "watch"])
def test_a_server_that_is_not_there_is_said_and_given_up(command: str, letter: str) -> None:
    """Whoever has mistyped an address learns of it soon, and does not wait for ever."""
    here = f"http://127.0.0.1:{free_port()}"

    result = run(command, letter if command == "submit" else TASK, "--server", here, "--patience", "1")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"{here} does not answer; trying again for 1 seconds",
        f"{here} does not answer",
    ]


@pytest.mark.parametrize("command", ["submit", "watch"])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, {}, "<h1>Welcome</h1>"), "answers 200; is it the right address?"),
        ((404, {}, ""), "answers 404; is it the right address?"),
        ((499, {}, "[]"), "answers 499; is it the right address?"),
        ((403, {}, ""), "does not let this caller in"),
        ((401, {}, ""), "asks for a key: set AFTERWORD_KEY"),
        ((503, {}, ""), "cannot answer at the moment"),
        ((429, {}, ""), "takes no more requests"),
        ((403, {}, json.dumps({"detail": "Not you."})), "Not you"),
        (None, "does not answer"),
    ],
)
def test_a_refusal_is_said_in_a_sentence(command: str, answer: Answer, said: str, letter: str) -> None:
    """Whatever stands between the caller and the service, nobody reads a traceback."""
    with stranger(answer) as server:
        result = run(command, letter if command == "submit" else TASK, "--server", server.url, "--patience", "0")

    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr


@pytest.mark.parametrize("command", ["submit", "watch"])
def test_whom_a_server_sends_elsewhere_is_told_to_look_at_the_address(command: str, letter: str) -> None:
    """Where `http` was written for `https`, a document must not go out in the clear, nor become a GET."""
    with stranger((301, {"Location": "https://127.0.0.1:1/"}, "")) as server:
        result = run(command, letter if command == "submit" else TASK, "--server", server.url, "--patience", "0")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "is it the right address?" in result.stderr
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "address", ["localhost:8080", "ftp://x", "http://", "http:///x", "http://x:99999", "http://x?y", "http://a..b", "x"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    """Before anything is sent anywhere."""
    result = run("watch", TASK, "--server", address)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--server" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("key", ["a b", "a\nb", "clé", "a\x7f"])
def test_a_key_that_fits_no_header_is_refused_and_not_repeated(key: str) -> None:
    """It may be a password, typed into the wrong place."""
    result = run("watch", TASK, "--key", key)

    assert (result.exit_code, result.stdout) == (2, "")
    assert "printable" in result.stderr
    assert key not in result.stderr


def test_json_needs_something_to_print(letter: str) -> None:
    """A script that forgot to wait would read an id for a result."""
    result = run("submit", letter, "--json")

    assert result.exit_code == 2
    assert "--wait" in result.stderr


def test_a_file_that_is_empty_is_never_sent(tmp_path: Path) -> None:
    """The service would refuse it; here it has a name."""
    (tmp_path / "scan.pdf").touch()
    with stranger(ACCEPTED) as server:
        result = run("submit", str(tmp_path / "scan.pdf"), "--server", server.url)

    assert result.exit_code == 1
    assert "scan.pdf is empty" in result.stderr
    assert server.heard == []
