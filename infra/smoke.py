"""
Ask a revision whether it does its work, before and after it gets traffic.

Passing trouble, such as a cold start, is waited out; a wrong answer is final.
Tokens are never printed.

On a private service Cloud Run's IAM looks at a request first. It checks
`X-Serverless-Authorization` in place of `Authorization` if that is there, and
then passes the latter on as it is.
"""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from infra.cloud_run import Cloud, Failure

IAM: Final = "https://iamcredentials.googleapis.com/"
CALL: Final = 30.0
PAUSE: Final = 1.0
"""Seconds for one call, and until the next if the answer does not say."""
SETTLING: Final = 60.0
"""Seconds for a host name that has just been given to another revision."""
SILENCE: Final = 0
"""The status of no answer at all."""
PASSING: Final = frozenset({SILENCE, 408, 425, 429, 500, 502, 503, 504})
REFUSED: Final = frozenset({401, 403})
FINAL: Final = frozenset({"completed", "failed", "cancelled"})
CANARY: Final = {
    "content": "Este es un documento de prueba para demostrar el procesamiento asíncrono con FastAPI y BackgroundTasks."
    " Contiene información sobre la Inteligencia Artificial y el ecosistema Python.",
    "max_attempts": 1,
    "ttl_seconds": 3600,
}
"""One attempt, so that no other revision makes up for this one; and it goes by itself if nobody deletes it."""


class Answer(NamedTuple):
    """What came back; *body* is empty unless it is a JSON object, *pause* is how long to wait before asking again."""

    status: int
    body: dict[str, Any]
    pause: float = PAUSE

    def __str__(self) -> str:
        """Say it in a line, with what to do about a refusal."""
        if self.status == SILENCE:
            return "no answer"
        return f"{self.status} {json.dumps(self.body)[:400]}{self._hint}"

    @property
    def _hint(self) -> str:
        if self.status not in REFUSED:
            return ""
        if "code" in self.body:
            return (
                " (the service itself refuses: it expects an account of AFTERWORD_GOOGLE_ACCOUNTS, with a token for one"
                " of AFTERWORD_GOOGLE_AUDIENCES, and nobody's while Terraform's access.mode is `switching`)"
            )
        return " (Cloud Run refuses: who calls needs roles/run.invoker on the service, and a new grant takes minutes)"


@dataclass(frozen=True)
class Caller:
    """Calls *url* as the holder of *token*, with *headers* in place of it if there are some, until *give_up_at*."""

    url: str
    token: str = field(repr=False)
    give_up_at: float
    headers: dict[str, str] | None = field(default=None, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        until: Callable[[Answer], bool] = lambda _: True,
    ) -> Answer:
        """Repeat a call until its answer is neither passing trouble nor less than what *until* waits for."""
        while True:
            answer = self._call(method, path, body)
            if answer.status not in PASSING and until(answer):
                return answer
            remaining = self.give_up_at - time.monotonic()
            if remaining <= 0:
                return answer
            time.sleep(min(answer.pause, remaining))

    def _call(self, method: str, path: str, body: object) -> Answer:
        request = urllib.request.Request(  # noqa: S310 - the platform's URLs
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {self.token}"} if self.headers is None else self.headers),
            method=method,
        )
        try:
            with _OPENER.open(request, timeout=CALL) as response:
                return _read(response)
        except urllib.error.HTTPError as error:
            with error:
                return _read(error)
        except (OSError, http.client.HTTPException):
            return Answer(SILENCE, {})


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Lets a redirection be the answer: the token is for nobody else."""

    def redirect_request(self, *_: object) -> None:
        """Go nowhere."""


_OPENER: Final = urllib.request.build_opener(_NoRedirects)


def _read(response: http.client.HTTPResponse | urllib.error.HTTPError) -> Answer:
    asked = response.headers.get("Retry-After", "")
    pause = float(asked) if asked.isdecimal() else PAUSE
    try:
        body = json.loads(response.read())
    except ValueError:
        body = None
    except (OSError, http.client.HTTPException):
        return Answer(SILENCE, {})
    return Answer(response.status or SILENCE, body if isinstance(body, dict) else {}, pause)


def identity(cloud: Cloud, account: str | None) -> str:
    """
    Return an identity token of *account*, or of the build account: the service lets in accounts, and no people.

    gcloud would take an access token of the account on the way, and need the
    permission for that; IAM, asked directly, makes the one without the other.

    Raises:
        Failure: If IAM makes none.
    """
    account = account or cloud.build_account
    iam = os.environ.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS", IAM)
    access = cloud.gcloud("auth", "print-access-token").strip()
    caller = Caller(f"{iam}v1/projects/-/serviceAccounts/", access, time.monotonic() + CALL)
    answer = caller.ask("POST", f"{account}:generateIdToken", {"audience": cloud.audience, "includeEmail": True})
    if answer.status != HTTPStatus.OK:
        raise Failure(
            f"IAM makes no identity token for {account}: {answer.status or 'no answer'}. "
            "Whoever asks needs roles/iam.serviceAccountOpenIdTokenCreator on that account, which not even an owner of "
            "the project has unasked: name yourself in Terraform's `deployers`, apply, and wait a few minutes."
        )
    return str(answer.body["token"])


def answers(caller: Caller, revision: str) -> str:
    """
    Return the commit of *revision* once it answers and is ready.

    Raises:
        Failure: If somebody else answers, or it does not become ready.
    """
    version = caller.ask("GET", "/version", until=lambda answer: answer.status != HTTPStatus.NOT_FOUND)
    if version.status == HTTPStatus.OK and version.body.get("revision") != revision:
        version = _settled(caller).ask("GET", "/version", until=lambda answer: answer.body.get("revision") == revision)
    if version.body.get("revision") != revision:
        raise Failure(f"GET {caller.url}/version should answer from {revision}, and answers: {version}")
    ready = caller.ask("GET", "/health/ready")
    if ready.status != HTTPStatus.OK:
        raise Failure(f"{revision} is not ready: GET /health/ready answers {ready}")
    return str(version.body.get("commit"))


def _settled(caller: Caller) -> Caller:
    """Bear with *caller*'s host for as long as a tag that was moved may still lead to the revision it named before."""
    return replace(caller, give_up_at=min(caller.give_up_at, time.monotonic() + SETTLING))


def keeps_strangers_out(caller: Caller, revision: str) -> None:
    """
    Ask *revision* for documents without a credential, and with a forged one.

    Each is sent once as a stranger would, and once with a token for Cloud Run
    alone, so that the service has to refuse by itself on a private one too.
    The forged one has the mark of a token that Cloud Run has checked.

    Raises:
        Failure: If somebody is let in.
    """
    forged = f"{caller.token.rpartition('.')[0]}.SIGNATURE_REMOVED_BY_GOOGLE"
    for_the_platform = {"X-Serverless-Authorization": f"Bearer {caller.token}"}
    for who, headers in (("without a credential", {}), ("with a forged token", {"Authorization": f"Bearer {forged}"})):
        for passed in ({}, for_the_platform):
            answer = replace(caller, headers=headers | passed).ask("GET", "/tasks")
            if answer.status not in REFUSED:
                said = answer.status or "no answer"
                raise Failure(f"{revision} should refuse whoever comes {who}, and answers: {said}")


def processes(caller: Caller, revision: str) -> None:
    """
    Let *revision* process a document, and delete it.

    All revisions share one store. What another one has processed does not
    count, so the document must have been started by the call that brought it.

    Raises:
        Failure: If it does not complete, or not by this revision.
    """
    accepted = caller.ask("POST", "/process_document/", CANARY)
    if accepted.status != HTTPStatus.ACCEPTED:
        raise Failure(f"{revision} does not accept a document: {accepted}")
    task_id = accepted.body["task_id"]
    task = caller.ask("GET", f"/document_status/{task_id}", until=_has_ended)
    if task.body.get("status") != "completed":
        raise Failure(f"{revision} does not complete a document: {task}")
    if task.body.get("started_at") != task.body.get("created_at"):
        raise Failure(f"{revision} accepted a document and left it to others (task {task_id}): see its logs.")
    result = task.body.get("result") or {}
    missing = [part for part in ("summary", "keywords", "entities") if not result.get(part)]
    if missing:
        raise Failure(f"{revision} completed a document without {' and '.join(missing)} (task {task_id}).")
    deleted = caller.ask("DELETE", f"/tasks/{task_id}")
    if deleted.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND}:
        raise Failure(f"{revision} does not delete a finished document: {deleted}")


def _has_ended(answer: Answer) -> bool:
    return answer.status != HTTPStatus.OK or answer.body.get("status") in FINAL


def gets_traffic(caller: Caller, revision: str) -> None:
    """
    Wait until the service answers from *revision*.

    Raises:
        Failure: If it does not in time.
    """
    version = caller.ask("GET", "/version", until=lambda answer: answer.body.get("revision") == revision)
    if version.body.get("revision") != revision:
        raise Failure(f"GET {caller.url}/version should answer from {revision} by now, and answers: {version}")
