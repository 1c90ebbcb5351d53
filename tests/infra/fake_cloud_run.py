"""
A stand-in for what Cloud Run and IAM answer over HTTP, by the state that the stand-in for gcloud keeps.

The first part of a path is what a host's name is on the platform: the service,
a tag, or IAM.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, override

BUILD: Final = "afterword-build@a-project.iam.gserviceaccount.com"
AUDIENCE: Final = "https://afterword.internal"
GENUINE, REMOVED = ".google", ".SIGNATURE_REMOVED_BY_GOOGLE"
"""What a token ends with: Google's signature, and what Cloud Run puts in its place when it has checked it."""
FIRST: Final = "X-Serverless-Authorization"
"""The header that IAM looks at in place of `Authorization`, which it then passes on as it is."""
OPEN: Final = frozenset({"version", "health/ready"})
SUFFICIENT: Final = {"summary": "Short.", "keywords": ["short"], "entities": [{"text": "FastAPI"}]}
HELD_AT_MOST: Final = 60
type Reply = tuple[int, dict[str, Any]]
type Headers = Mapping[str, str]


def token_of(account: str, audience: str = AUDIENCE) -> str:
    """Return the identity token of *account* that IAM makes."""
    return f"token-of-{account}|{audience}{GENUINE}"


class Check(StrEnum):
    """Which token a program believes."""

    VERIFIED = "verified"
    PLATFORM = "platform"
    NONE = "none"


@dataclass
class Program:
    """
    What runs in an image; without a *commit* a placeholder, which has nothing to say whatever it is asked.

    Its first calls are answered with the codes of *stumbles*, where 0 is no
    answer at all; a document has ended after so many *polls*. Which tokens it
    believes is decided by its *check*, or fits the service if there is none.
    """

    commit: str | None = None
    check: Check | None = None
    takes_two_tokens: bool = False
    ready: bool = True
    ends_as: str = "completed"
    polls: int = 0
    result: dict[str, Any] = field(default_factory=lambda: dict(SUFFICIENT))
    leaves_work_to_others: bool = False
    deletes: bool = True
    stumbles: list[int] = field(default_factory=list)

    def answer(self, call: str, revision: str, headers: Headers, check: Check) -> Reply:
        """Answer as the service does, as far as a release asks it."""
        method, _, path = call.partition(" ")
        if self.stumbles:
            return self.stumbles.pop(0), {}
        if self.commit is None:
            return HTTPStatus.OK, {}
        if path not in OPEN and not self._lets_in(headers, self.check or check):
            return HTTPStatus.UNAUTHORIZED, {"code": "unauthenticated"}
        answers: dict[str, Reply] = {
            "GET version": (HTTPStatus.OK, {"commit": self.commit, "revision": revision}),
            "GET health/ready": (HTTPStatus.OK if self.ready else HTTPStatus.SERVICE_UNAVAILABLE, {}),
            "POST process_document/": (HTTPStatus.ACCEPTED, {"task_id": "task-1"}),
            "GET tasks": (HTTPStatus.OK, {"tasks": []}),
            "DELETE tasks/task-1": (HTTPStatus.NO_CONTENT if self.deletes else HTTPStatus.CONFLICT, {}),
        }
        if (method, path) == ("GET", "document_status/task-1"):
            return HTTPStatus.OK, self._task()
        return answers.get(f"{method} {path}", (HTTPStatus.NOT_FOUND, {}))

    def _lets_in(self, headers: Headers, check: Check) -> bool:
        if FIRST in headers and not self.takes_two_tokens:
            return check is Check.NONE
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        believed = GENUINE if check is Check.VERIFIED else REMOVED
        return check is Check.NONE or token == token_of(BUILD).removesuffix(GENUINE) + believed

    def _task(self) -> dict[str, Any]:
        self.polls -= 1
        ended = self.polls < 0
        return {
            "status": self.ends_as if ended else "processing",
            "created_at": "2026-11-23T00:00:00Z",
            "started_at": f"2026-11-23T00:00:{'09' if self.leaves_work_to_others else '00'}Z",
            "failure": {"code": "processor_crashed"} if ended and self.ends_as == "failed" else None,
            "result": self.result if ended and self.ends_as == "completed" else None,
        }


@dataclass
class CloudRun:
    """
    The platform: *programs* by image; on a *public* service everybody's calls get to them, as they are.

    IAM makes identity tokens, or returns the *credential* if there is one, unless it *makes_no_tokens*.
    A call that begins like *holds* is not answered, and `reached` once it has
    come in; *bodies* has the last one of each call; *stuck_at* is a revision that gets all calls whatever the traffic.
    """

    folder: Path
    programs: dict[str, Program] = field(default_factory=dict)
    public: bool = False
    refuses: bool = False
    makes_no_tokens: bool = False
    credential: str = ""
    stuck_at: str = ""
    holds: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    calls: list[str] = field(default_factory=list)
    bodies: dict[str, Any] = field(default_factory=dict)

    def answer(self, call: str, headers: Headers) -> Reply:
        """Answer one *call*, such as `GET /service/version`."""
        self.calls.append(call)
        if self.holds and call.startswith(self.holds):
            self.reached.set()
            self.ended.wait(HELD_AT_MOST)
        method, path = call.split(" ")
        host, _, rest = path.removeprefix("/").partition("/")
        if host == "iam":
            account = rest.removesuffix(":generateIdToken").rpartition("/")[2]
            if self.makes_no_tokens or headers.get("Authorization") != "Bearer access-token":
                return HTTPStatus.FORBIDDEN, {}
            return HTTPStatus.OK, {"token": self.credential or token_of(account, self.bodies[call]["audience"])}
        if self.refuses or not (self.public or _is_checked(headers)):
            return HTTPStatus.FORBIDDEN, {}
        revision, image = self._behind(host)
        if not image:
            return HTTPStatus.NOT_FOUND, {}
        check = Check.VERIFIED if self.public else Check.PLATFORM
        passed = headers if self.public else _without_signature(headers)
        return self.programs[image].answer(f"{method} {rest}", revision, passed, check)

    def _behind(self, host: str) -> tuple[str, str]:
        """Who answers at *host*: the revision with the largest share, or the tagged one."""
        state = json.loads((self.folder / "state.json").read_text())
        service, revisions = state["service"], state["revisions"]
        named = [
            (target.get("percent", 0), service["ready"] if target.get("latestRevision") else target["revisionName"])
            for target in service["traffic"]
            if (target.get("percent") if host == "service" else target.get("tag") == host)
        ]
        revision = max(named)[1] if named else ""
        if host == "service" and self.stuck_at:
            revision = self.stuck_at
        return revision, revisions.get(revision, "")


def _checked(headers: Headers) -> str:
    """Name the header that IAM looks at."""
    return FIRST if FIRST in headers else "Authorization"


def _is_checked(headers: Headers) -> bool:
    token = headers.get(_checked(headers), "").removeprefix("Bearer ")
    return token.startswith("token-of-") and token.endswith(f"|{AUDIENCE}{GENUINE}")


def _without_signature(headers: Headers) -> Headers:
    """Give the *headers* as they are passed on."""
    name = _checked(headers)
    return {**headers, name: headers[name].removesuffix(GENUINE) + REMOVED}


@contextmanager
def serving(cloud: CloudRun) -> Iterator[str]:
    """Answer for *cloud* until the block ends; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            if length := int(self.headers.get("Content-Length") or 0):
                cloud.bodies[f"{self.command} {self.path}"] = json.loads(self.rfile.read(length))
            status, body = cloud.answer(
                f"{self.command} {self.path}", {name.title(): value for name, value in self.headers.items()}
            )
            if status == 0:
                self.close_connection = True
                return
            content = json.dumps(body).encode() if status != HTTPStatus.NO_CONTENT else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Retry-After", "0")
            if status in range(300, 400):
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names that http.server looks for

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        cloud.ended.set()
        server.shutdown()
        server.server_close()
