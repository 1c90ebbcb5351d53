"""
No log line holds what is nobody's business: all kinds of requests, at the level that says the most.

What is sent is marked with a word that is found nowhere else, and then looked for.
"""

import json
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx

from tests.acceptance.instance import QUICK, Instance, command, ended, make_key, running
from tests.google_tokens import signed, stripped

WORD: Final = "Zebrafinken"
"""In every text, name, option and header that is sent below."""

VARIABLES: Final = QUICK | {
    "AFTERWORD_AUTH": "required",
    "AFTERWORD_LOG_LEVEL": "debug",
    "AFTERWORD_PROCESSORS": "tests.poison",
    "AFTERWORD_OPEN_TASKS": "20",
    "AFTERWORD_REQUESTS_PER_SECOND": "200",
}
NAMED: Final = {"Idempotency-Key": f"{WORD}-1"}
POST: Final = "/process_document/"

REFUSED: Final[list[tuple[str, str, dict[str, Any]]]] = [
    ("POST", POST, {"json": {"content": WORD, "model_name": WORD}}),
    ("POST", POST, {"json": {"content": WORD, WORD: 5}}),
    ("POST", POST, {"json": {"content": [WORD], "language": WORD, "entity_types": [WORD]}}),
    ("POST", POST, {"content": f'{{"content": "{WORD}\\ud800"}}', "headers": {"Content-Type": "application/json"}}),
    ("POST", POST, {"json": {"content": f"{WORD} " * 100_000}}),
    ("POST", POST, {"json": {"content": f"{WORD} {WORD}"}, "headers": NAMED}),
    ("POST", POST, {"json": {"content": WORD}, "headers": {"Idempotency-Key": WORD * 30}}),
    ("POST", POST, {"content": f'{{"content": "{WORD}', "headers": {"Content-Type": "application/json"}}),
    ("POST", POST, {"content": WORD, "headers": {"Content-Type": WORD}}),
    ("POST", "/process_text_async/", {"json": {"text": f"{WORD} {WORD}", "task_id": f"{WORD}/7"}}),
    ("POST", "/process_text_async/", {"json": {"text": WORD, "task_id": f"{WORD}\n"}}),
    ("POST", f"/{WORD}", {"json": {"content": WORD}}),
    ("GET", f"/document_status/{WORD}", {"params": {WORD: WORD}}),
    ("GET", f"/task_status/{WORD}/{WORD}", {"headers": {"Cookie": WORD, "User-Agent": WORD, "Referer": WORD}}),
    ("GET", "/tasks", {"params": {"status": WORD, "page_token": WORD}, "headers": {"traceparent": WORD}}),
    ("GET", "/tasks", {"params": {"wait": WORD}, "headers": {"X-Request-Id": f"{WORD} {WORD}"}}),
    (WORD.upper(), "/tasks", {}),
    ("PUT", f"/tasks/{WORD}", {"json": {"content": WORD}}),
    ("GET", f"/docs/{WORD}", {"headers": {"Host": f"{WORD}.example"}}),
    ("POST", "/internal/sweep", {"headers": {"Authorization": f"Bearer {WORD}.{WORD}.{WORD}"}}),
]
"""What is refused for what it says, in each place where something can be said."""

RAW: Final = [
    f"GET /{WORD} {WORD}\r\n\r\n",
    f"{WORD}\r\n\r\n",
    f"GET / HTTP/1.1\r\n{WORD}\r\n\r\n",
    f"POST {POST} HTTP/1.1\r\nHost: {WORD}\r\nContent-Length: {WORD}\r\n\r\n{WORD}",
    f"POST {POST} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{WORD}\r\n{WORD}",
    f"GET /{WORD * 20_000} HTTP/1.1\r\nHost: a\r\n\r\n",
]
"""What is hardly HTTP."""


@dataclass
class Run:
    """
    One instance, and what its operator and its callers did.

    Attributes:
        secrets: Keys and tokens, valid or not; the first is a tenant's.
        said: What commands have printed beside the keys.
        statuses: What the callers were answered.

    """

    instance: Instance
    secrets: list[str]
    said: list[str] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    @contextmanager
    def caller(self) -> Iterator[httpx.Client]:
        """Call it with the tenant's key."""
        key = {"X-API-Key": self.secrets[0]}
        hooks = {"response": [lambda answered: self.statuses.add(answered.status_code)]}
        with httpx.Client(base_url=self.instance.url, headers=key, timeout=30, event_hooks=hooks) as client:
            yield client

    def operate(self, arguments: list[str]) -> None:
        """Run a command about keys, and keep what it says."""
        done = command(self.instance.variables, "keys", *arguments)
        self.said += [done.stdout, done.stderr]

    def messages(self) -> set[str]:
        """Return what the log's lines are about."""
        lines = self.instance.log.read_text().splitlines()
        return {json.loads(line)["message"] for line in lines if line.startswith("{")}

    def leaks(self) -> list[str]:
        """Return what is in the log, or was said, and should not be."""
        said = "\n".join([self.instance.log.read_text(), *self.said]).lower()
        parts = {secret.rpartition(mark)[2] for secret in self.secrets for mark in "_." if mark in secret}
        digests = {sha256(secret.encode()).hexdigest() for secret in self.secrets}
        sought = {WORD, *self.secrets, *digests} | {part for part in parts if len(part) > 30}
        return sorted(word for word in sought if word.lower() in said)


def good(run: Run) -> None:
    """Send what a client of good will sends, and see its tasks end."""
    document = {"content": f"{WORD} leben in Australien. Die Stadt Zaragoza kennt sie nicht.", "max_keywords": 3}
    text = {"text": f"{WORD} singen", "task_id": f"{WORD}/7"}
    with run.caller() as caller:
        posted = [caller.post(POST, json=document, headers=NAMED).headers["location"] for _ in range(2)]
        given = caller.post("/process_text_async/", json=text, headers=NAMED).headers["location"]
        caller.post("/process_text_blocking/", params={"text": WORD}, headers={"X-Request-Id": "by-hand"})
        shown = [ended(caller, path) for path in (*posted, given)]
        caller.get("/tasks")

    assert all(task["status"] == "completed" and WORD.lower() in str(task).lower() for task in shown)


def refused(run: Run) -> None:
    """Send what is refused, and what is hardly HTTP."""
    with run.caller() as caller:
        for method, path, content in REFUSED:
            caller.request(method, path, **content)
        assert caller.get(f"/task_status/{WORD}/7").is_success
    for bytes_ in RAW:
        with socket.create_connection(("127.0.0.1", run.instance.port), timeout=10) as connection:
            connection.sendall(bytes_.encode())
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65536)


def failing(run: Run) -> None:
    """Have models fail in every way; one of them quotes the document in what it raises."""
    with run.caller() as caller:
        paths = [
            caller.post(POST, json={"content": f"{WORD} {model}", "model_name": model, "max_attempts": 1}).headers[
                "location"
            ]
            for model in ("raises", "fails_for_good", "exits", "recurses")
        ]
        assert {ended(caller, path)["status"] for path in paths} == {"failed"}


def strangers(run: Run) -> None:
    """Try keys and tokens that are none, or none any more, in both headers."""
    with httpx.Client(base_url=run.instance.url) as client:
        for secret in run.secrets[1:]:
            for headers in ({"X-API-Key": secret}, {"Authorization": f"Bearer {secret}"}):
                answered = client.get("/tasks", headers=headers)
                run.statuses.add(answered.status_code)
                assert answered.status_code == httpx.codes.UNAUTHORIZED
            client.get("/tasks", params={"key": secret}, headers={"Cookie": secret, "Proxy-Authorization": secret})
            client.get(f"/{secret}")


def never_valid(key: str) -> list[str]:
    """Return what looks like a credential and is none, some of it much like *key*."""
    guess = f"{key[:-64]}{'0123456789abcdef' * 4}"
    return [guess, f"{key}0", signed(), stripped(), f"{WORD}-{'x' * 40}"]


def outage(run: Run) -> None:
    """Hand something in while the store is away."""
    with run.caller() as caller:
        caller.post(POST, json={"content": f"{WORD} warten."}, headers={"Idempotency-Key": f"{WORD}-2"})
        caller.get(f"/task_status/{WORD}/7")


def crowd(run: Run) -> None:
    """Hand in more than one owner may have open, once the store is back, and take it back."""
    with run.caller() as caller:
        waiting = [caller.post(POST, json={"content": WORD, "delay_seconds": 600}) for _ in range(25)]
        for answered in waiting:
            if answered.is_success:
                caller.post(f"/tasks/{answered.json()['task_id']}/cancel")


def test_nothing_of_a_whole_life_is_in_the_log(tmp_path: Path) -> None:
    """A log is read by people, and kept by systems, that the documents and keys are not for."""
    database = tmp_path / "tasks.db"
    variables = VARIABLES | {"AFTERWORD_STORE": "sqlite", "AFTERWORD_SQLITE_PATH": str(database)}
    with running(tmp_path / "log", **variables) as instance, ThreadPoolExecutor() as operators:
        key, revoked = operators.map(partial(make_key, variables), ["acme", "globex"])
        run = Run(instance, [key, revoked, *never_valid(key)])
        list(operators.map(run.operate, [["revoke", revoked.split("_")[1]], ["list"]]))
        for part in (good, refused, failing, strangers):
            part(run)
        with closing(sqlite3.connect(database)) as locking:
            locking.execute("BEGIN IMMEDIATE")
            outage(run)
        crowd(run)
        instance.terminate()

    messages = run.messages()
    assert run.statuses >= {200, 202, 400, 401, 404, 405, 415, 422, 429, 503}
    assert {"task completed", "task failed", "task cancelled", "store failed", "drain finished"} <= messages
    assert run.leaks() == []
