"""What happens to every request: ids, traces, the last resort."""

import asyncio
import json

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.api.middleware import LastResort, RequestIds
from tests.unit.api.arrange import SECRET, World, assert_problem, calling, logged

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_a_callers_request_id_is_answered_and_logged(here: World) -> None:
    """It is how a caller's log and ours find each other."""
    with logged() as log:
        answered = await here.caller.post(
            "/process_document/", json={"content": "x"}, headers={"X-Request-Id": "order-17/b"}
        )

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert answered.headers["x-request-id"] == "order-17/b"
    assert [line["request_id"] for line in lines if line["message"] == "task processing"] == ["order-17/b"]


@pytest.mark.parametrize("asked", ["", " ", "a b", "x" * 129, "ñ", "a\tb"])
async def test_a_request_id_that_is_not_sane_is_replaced(here: World, asked: str) -> None:
    """A caller must not be able to write into our log lines."""
    answered = await here.caller.get("/health/live", headers=[(b"x-request-id", asked.encode())])

    assert len(answered.headers["x-request-id"]) == 32


async def test_every_request_has_an_id_of_its_own(here: World) -> None:
    """Two requests with one id are none the wiser."""
    answered = [await here.caller.get("/health/live") for _ in range(2)]

    assert len({answer.headers["x-request-id"] for answer in answered}) == 2


@pytest.mark.parametrize(
    ("traceparent", "logged_trace"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        ("nonsense", None),
    ],
)
async def test_the_trace_of_a_request_is_in_its_log_lines(
    here: World, traceparent: str, logged_trace: str | None
) -> None:
    """The platform groups lines by it; a malformed one is none."""
    with logged() as log:
        await here.caller.post("/process_document/", json={"content": "x"}, headers={"traceparent": traceparent})

    line = json.loads(next(line for line in log.getvalue().splitlines() if "task processing" in line))
    assert line.get("logging.googleapis.com/trace") == logged_trace


async def test_an_unexpected_error_is_a_problem_and_its_message_stays_inside() -> None:
    """An exception may quote the document; where it came from is enough to find it."""

    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError(SECRET)

    async with calling(RequestIds(LastResort(broken))) as caller:
        with logged() as log:
            answered = await caller.get("/")

    assert_problem(answered, 500, "internal_error")
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["message"], line["error"], line["severity"]) == ("request failed", "RuntimeError", "ERROR")
    assert line["request_id"] == answered.headers["x-request-id"]
    assert "in broken" in line["stack_trace"]
    assert SECRET not in log.getvalue()


async def test_an_error_after_the_response_began_is_only_logged() -> None:
    """A second response into the first one would corrupt both."""

    async def broken(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(SECRET)

    received: list[Message] = []
    with logged() as log:
        await LastResort(broken)(_scope("GET", "/"), _never, _into(received))

    assert [message["type"] for message in received] == ["http.response.start"]
    assert "request failed after the response began" in log.getvalue()
    assert SECRET not in log.getvalue()


async def test_a_cancelled_request_is_not_an_error() -> None:
    """Shutting down cancels; an answer to that would keep the process alive."""

    async def cancelled(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await LastResort(cancelled)(_scope("GET", "/"), _never, _into([]))


async def test_traffic_is_noticed_once(here: World) -> None:
    """It is what starts the sweeper."""
    for _ in range(2):
        await here.caller.get("/version")

    assert here.traffic == ["noticed"]


@pytest.mark.parametrize(
    ("path", "host"), [("/health/live", "a.run.app"), ("/health/ready", "a.run.app"), ("/version", "c-1---a.run.app")]
)
async def test_probes_and_tagged_revisions_are_no_traffic(here: World, path: str, host: str) -> None:
    """A revision under test must not take up the work of production."""
    await here.caller.get(path, headers={"host": host})

    assert here.traffic == []


async def test_head_is_get_without_the_body(here: World) -> None:
    """Monitors ask so, and expect no 405."""
    got, headed = await here.caller.get("/health/live"), await here.caller.head("/health/live")

    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers["content-length"] == got.headers["content-length"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/process_document/", "POST"),
        ("HEAD", "/process_document/", "POST"),
        ("PUT", "/tasks/1", "DELETE, GET, HEAD"),
        ("OPTIONS", "/tasks", "GET, HEAD"),
    ],
)
async def test_a_method_that_a_path_does_not_take_is_refused_with_those_it_takes(
    here: World, method: str, path: str, allowed: str
) -> None:
    """All of them, although the framework keeps a route for each."""
    answered = await here.caller.request(method, path)

    assert (answered.status_code, answered.headers["allow"]) == (405, allowed)


async def test_a_websocket_without_an_endpoint_is_closed(here: World) -> None:
    """What is no HTTP passes through untouched."""
    received: list[Message] = []

    await here.app({**_scope("GET", "/nothing"), "type": "websocket"}, _never, _into(received))

    assert [message["type"] for message in received] == ["websocket.close"]


async def test_a_path_that_is_none_is_a_problem(here: World) -> None:
    """Also what the framework says is said in the API's own shape."""
    assert_problem(await here.caller.get("/nothing/here"), 404, "not_found")


def _scope(method: str, path: str) -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
    }


async def _never() -> Message:
    raise AssertionError("the body was read")


def _into(received: list[Message]) -> Send:
    async def send(message: Message) -> None:
        received.append(message)

    return send
