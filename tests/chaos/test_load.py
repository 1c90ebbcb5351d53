"""Callers behave as good ones do, and write down whatever they ask and are told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, override

import httpx

from tests.chaos.codes import SSE
from tests.chaos.history import Expected, History
from tests.chaos.load import LONG_POLL, POLLS_ONLY, Load
from tests.chaos.wishes import TEXT, Wish

TASK = "0b6e1f52-2f0a-4b86-a9f7-0a4f3c6a1d10"

type Told = tuple[int, Mapping[str, Any]] | None
"""A status and a body; None for a connection that breaks."""

ACCEPTED: Told = (202, {"task_id": TASK, "status": "pending"})
UNCHANGED: Told = (304, {})
RUNNING: Told = (200, {"task_id": TASK, "status": "processing", "attempt": 1, "revision": 1})
COMPLETED: Told = (200, {"task_id": TASK, "status": "completed", "attempt": 1, "revision": 2})
FAILED: Told = (200, {"task_id": TASK, "status": "failed", "attempt": 1, "revision": 2})


@dataclass
class Service(httpx.AsyncBaseTransport):
    """Says what it was given to say, one after another, and remembers what it was asked."""

    told: list[Told]
    asked: list[httpx.Request] = field(default_factory=list)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        told = self.told.pop(0)
        if told is None:
            raise httpx.ReadError("the connection broke")
        revision = told[1].get("revision")
        return httpx.Response(told[0], json=told[1], headers={"ETag": f'W/"{revision}"'} if revision else {})

    def lines(self) -> list[str]:
        """What was asked, as methods and paths."""
        return [f"{request.method} {request.url.path}" for request in self.asked]


class Streams(httpx.AsyncBaseTransport):
    """Says what *service* says, as an event where events are asked for."""

    def __init__(self, service: Service) -> None:
        """Stand before *service*."""
        self._service = service

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._service.handle_async_request(request)
        if not request.url.path.endswith("/events"):
            return answer
        told = {"progress": None, **answer.json()}
        return httpx.Response(200, text=f"data: {json.dumps(told)}\nid: {told['revision']}\n\n")


def wish(**differently: Any) -> Wish:  # noqa: ANN401 - as the fields are
    """A document whose caller hands it in, and watches."""
    usual: dict[str, Any] = {
        "label": "a",
        "model": "instant",
        "text": "acta",
        "at": 0.0,
        "expected": Expected(),
        "key": "key-a",
    }
    return Wish(**usual | differently)


async def lived(
    told: list[Told],
    ways: Mapping[str, int] = POLLS_ONLY,
    **differently: Any,  # noqa: ANN401 - as above
) -> tuple[Service, History]:
    """Let one caller live, who looks after its document in one of these *ways*, against a service that says *told*."""
    service, history = Service(told), History()
    async with httpx.AsyncClient(transport=service) as client:
        load = Load(history, client, ["http://one"], newest=["http://two"], ways=ways, seed="7")
        await load.run([wish(**differently)])
    return service, history


async def test_a_caller_watches_until_the_task_has_ended() -> None:
    """Only then is it known whether the promise was kept."""
    service, history = await lived([ACCEPTED, RUNNING, COMPLETED])

    assert service.lines() == ["POST /process_document/", f"GET /tasks/{TASK}", f"GET /tasks/{TASK}"]
    assert [(seen.client, seen.status, seen.revision) for seen in history.seen] == [
        ("a/0", "processing", 1),
        ("a/0", "completed", 2),
    ]


async def test_a_long_poll_says_how_long_it_waits_and_sometimes_what_it_knows() -> None:
    """Both kinds of waiting are to be tried, under whatever happens to the server meanwhile."""
    service, history = await lived([ACCEPTED, *[RUNNING, UNCHANGED] * 8, COMPLETED], {LONG_POLL: 1})

    polls = service.asked[1:]
    known = [poll.headers.get("if-none-match") for poll in polls]
    assert all(("wait" in poll.url.params) != ("prefer" in poll.headers) for poll in polls)
    assert {"wait" in poll.url.params for poll in polls} == {True, False}
    assert known[0] is None
    assert set(known) == {None, 'W/"1"'}
    assert [seen.code for seen in history.seen] == [200, 304] * 8 + [200]


async def test_a_caller_who_watches_is_told_and_does_not_ask() -> None:
    """Until all is over, when it looks whether it was told the truth."""
    service, history = Service([ACCEPTED, COMPLETED, COMPLETED]), History()
    async with httpx.AsyncClient(transport=Streams(service)) as client:
        load = Load(history, client, ["http://one"], ways={SSE: 1}, seed="7")
        await load.run([wish()])
        await load.look_once_more()

    assert service.lines()[1:] == [f"GET /tasks/{TASK}/events", f"GET /tasks/{TASK}"]
    assert [(event.client, event.status) for event in history.heard] == [("a/0", "completed")]
    assert [(seen.client, seen.status) for seen in history.seen] == [("a/0", "completed")]


async def test_what_was_not_answered_is_repeated_with_the_same_key() -> None:
    """The first one may have been stored."""
    service, history = await lived([None, (503, {}), ACCEPTED, COMPLETED])

    posts = [request for request in service.asked if request.method == "POST"]
    assert [submitted.code for submitted in history.submitted] == [0, 503, 202]
    assert [submitted.task_id for submitted in history.submitted] == [None, None, TASK]
    assert {post.headers["Idempotency-Key"] for post in posts} == {"key-a"}
    assert len({post.content for post in posts}) == 1


async def test_what_was_refused_is_not_repeated() -> None:
    """Nobody would stop it."""
    service, history = await lived([(422, {"code": "invalid"})])

    assert len(service.asked) == 1
    assert [(submitted.code, submitted.task_id) for submitted in history.submitted] == [(422, None)]


async def test_a_text_goes_under_its_own_id() -> None:
    """The tutorial's call names the task otherwise."""
    service, history = await lived([(200, {"task_id": "key-a", "id": TASK}), COMPLETED], model=TEXT)

    assert service.lines()[0] == "POST /process_text_async/"
    assert json.loads(service.asked[0].content)["task_id"] == "key-a"
    assert history.submitted[0].task_id == TASK


async def test_a_model_of_the_next_revision_is_asked_for_where_it_is_known() -> None:
    """Elsewhere it is rightly refused."""
    service, _ = await lived([ACCEPTED, COMPLETED], model="lingers-2")

    assert [request.url.host for request in service.asked] == ["two", "one"]


async def test_what_has_failed_is_started_again_once() -> None:
    """A life after the first one is to be recorded too."""
    service, history = await lived([ACCEPTED, FAILED, (200, {"status": "pending"}), COMPLETED], then="retry")

    assert service.lines()[2:] == [f"POST /tasks/{TASK}/retry", f"GET /tasks/{TASK}"]
    assert [(asked.verb, asked.code, asked.status) for asked in history.asked] == [("retry", 200, "pending")]


async def test_a_task_that_has_ended_is_deleted() -> None:
    """Not earlier, which would be refused."""
    service, history = await lived([ACCEPTED, COMPLETED, (503, {}), (204, {})], then="delete")

    assert service.lines()[2:] == [f"DELETE /tasks/{TASK}"] * 2
    assert [asked.code for asked in history.asked] == [503, 204]


async def test_a_cancellation_is_repeated_until_it_is_answered() -> None:
    """An answer that was lost may have been a no."""
    service, history = await lived(
        [ACCEPTED, None, (200, {"status": "cancelled"})],
        cancel_after=0.0,
        watchers=0,
    )

    assert service.lines()[1:] == [f"POST /tasks/{TASK}/cancel"] * 2
    assert [(asked.code, asked.status) for asked in history.asked] == [(0, None), (200, "cancelled")]


async def test_everybody_looks_once_more_in_the_end() -> None:
    """What has ended must not begin again, for nobody."""
    service, history = Service([ACCEPTED, COMPLETED, COMPLETED]), History()
    async with httpx.AsyncClient(transport=service) as client:
        load = Load(history, client, ["http://one"], seed="7")
        await load.run([wish()])
        await load.look_once_more()

    assert [(seen.client, seen.status) for seen in history.seen] == [("a/0", "completed")] * 2


async def test_callers_give_up_when_they_are_told_to() -> None:
    """A task that never ends must not keep the run alive."""
    service, history = Service([ACCEPTED]), History()
    async with httpx.AsyncClient(transport=service) as client:
        load = Load(history, client, ["http://one"], seed="7")
        load.give_up_at = 0.0
        await load.run([wish()])

    assert service.lines() == ["POST /process_document/"]
