"""
A service as its callers see it: documents are handed in, and tasks watched, over whatever network there is.

A document is handed in once, however often that has to be tried, and a task is
watched to its end, whatever becomes of the connection. What cannot be mended by
trying again ends the command, in a sentence.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from random import uniform
from ssl import SSLCertVerificationError
from typing import Any, Final
from uuid import uuid4

import requests
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

from app.terminal import say, stop

type Seen = dict[str, Any]
"""A task, as `GET /tasks/{id}` shows it."""

FINAL: Final = frozenset({"completed", "failed", "cancelled"})

PASSING: Final = frozenset({408, 429, 502, 503, 504})
"""Statuses after which the same request is worth another try."""

SHORTEST_PAUSE: Final = 0.25
LONGEST_PAUSE: Final = 5.0
"""Seconds between two tries: at first, and at the most."""

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 30
LARGEST_MESSAGE: Final = 8 << 20

TO_BE_CONTINUED: Final = 1012
GONE: Final = 4404
UNEXPLAINED: Final[Mapping[int, str]] = {
    HTTPStatus.FORBIDDEN: "The server does not let this caller in",
    HTTPStatus.TOO_MANY_REQUESTS: "The server takes no more requests of this caller at the moment",
    HTTPStatus.SERVICE_UNAVAILABLE: "The server cannot answer at the moment",
}
"""What is said of a refusal that does not explain itself."""


@dataclass
class Persistence:
    """Trying again, at growing intervals, until nothing has come of it for so many *seconds*."""

    seconds: float
    _tries: int = 0
    _give_up_at: float = 0.0

    def renew(self) -> None:
        """Begin anew, since something has come of it."""
        self._tries = 0

    def pause(self, why: str, *, at_least: float = 0.0) -> None:
        """
        Return when it is time to try again.

        Raises:
            typer.Exit: If it was tried for long enough; *why* is said.

        """
        now = time.monotonic()
        if self._tries == 0:
            self._give_up_at = now + self.seconds
        longest = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2**self._tries)
        pause = max(at_least, uniform(longest / 2, longest))  # noqa: S311 - spreads load, guards nothing
        if now + pause > self._give_up_at:
            stop(why)
        if self._tries == 1:  # most disturbances are over before anybody has read of them
            say(f"{why}; trying again for {self.seconds:g} seconds")
        self._tries += 1
        time.sleep(pause)


@dataclass(frozen=True)
class Service:
    """A service at that *url*, called by the owner of *key* with *patience*, in seconds."""

    url: str
    key: str | None = field(repr=False)
    patience: float

    def how_to_watch(self, task_id: str) -> str:
        """Return the command that watches a task."""
        return f"python -m app watch {task_id} --server {self.url}"

    def hand_in(self, name: str, content: bytes, options: Mapping[str, str]) -> str:
        """
        Hand in the file *name*, and return its task's id; however often it is sent, it is one task.

        Raises:
            typer.Exit: If it is refused, or nobody answers.

        """
        key, persistence = {"Idempotency-Key": str(uuid4())}, Persistence(self.patience)
        while True:
            try:
                answer = requests.post(
                    f"{self.url}/process_document/upload",
                    files={"file": (name, content)},
                    data=options,
                    headers=key,
                    auth=self._signed,
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                )
            except requests.exceptions.SSLError:
                stop(self._distrust)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                persistence.pause(self._silence)
                continue
            if answer.status_code == HTTPStatus.ACCEPTED:
                return str(answer.json()["task_id"])
            self._look_into(answer.status_code, answer.content, answer.headers.get("Retry-After"), persistence)

    def watch(self, task_id: str, tell: Callable[[Seen], None]) -> Seen:
        """
        Tell of a task's changes until it has ended, and return it.

        Raises:
            typer.Exit: If there is none, it is not shown, or nobody answers.

        """
        revision, persistence = None, Persistence(self.patience)
        while True:
            began_at = time.monotonic()
            try:
                with self._stream(task_id, after=revision) as stream:
                    while True:
                        task: Seen = json.loads(stream.recv())
                        persistence.renew()
                        revision = task["revision"]
                        tell(task)
                        if task["status"] in FINAL:
                            return task
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                if code == TO_BE_CONTINUED or time.monotonic() - began_at > LONGEST_PAUSE:
                    persistence.renew()
                self._look_into_end(code, persistence)
            except InvalidStatus as refusal:
                answer = refusal.response
                self._look_into(answer.status_code, bytes(answer.body), answer.headers.get("Retry-After"), persistence)
            except (OSError, InvalidHandshake):
                persistence.pause(self._silence)

    def _stream(self, task_id: str, *, after: int | None) -> ClientConnection:
        query = "" if after is None else f"?starting_after={after}"
        try:
            return connect(
                f"ws{self.url.removeprefix('http')}/tasks/{task_id}/ws{query}",
                additional_headers=self._headers,
                open_timeout=CONNECT_SECONDS,
                close_timeout=1,
                max_size=LARGEST_MESSAGE,
            )
        except SSLCertVerificationError:
            stop(self._distrust)
        except InvalidURI:
            stop(f"{self.url} sends its callers elsewhere; is it the right address?")

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _signed(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the key; a mere header would give way to what a `.netrc` says of the host."""
        request.headers.update(self._headers)
        return request

    @property
    def _silence(self) -> str:
        return f"{self.url} does not answer"

    @property
    def _distrust(self) -> str:
        return f"Whoever answers at {self.url} has no certificate that is trusted here"

    def _look_into_end(self, code: int, persistence: Persistence) -> None:
        """Pause, if a stream that was closed with that *code* can be taken up again."""
        if code == GONE:
            stop("There is no such task")
        if code > 4000:  # noqa: PLR2004 - and a status
            self._look_into(code - 4000, None, None, persistence)
        else:
            persistence.pause(self._silence)

    def _look_into(self, status: int, body: bytes | None, again_in: str | None, persistence: Persistence) -> None:
        """Pause, if what was refused is worth another try."""
        try:
            why = str(json.loads(body or b"")["detail"]).removesuffix(".")
        except (ValueError, TypeError, KeyError):
            why = UNEXPLAINED.get(status, f"{self.url} answers {status}; is it the right address?")
        if status == HTTPStatus.UNAUTHORIZED and not self.key:
            why = f"{self.url} asks for a key: set AFTERWORD_KEY"
        if status not in PASSING:
            stop(why)
        persistence.pause(why, at_least=int(again_in) if again_in and again_in.isdecimal() else 0)
