"""
Nobody sees another's tasks: all routes that there are, walked with the ids of somebody else.

A route that is added must be put down here, or this file fails: either it is
open to everybody, and why; or it names no task, and how it is kept apart; or it
names one, and then it is tried with all that somebody else has.
"""

import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import pytest
from fastapi import Body, FastAPI, WebSocket
from starlette.responses import PlainTextResponse

from app.api.application import create_app
from app.api.dependencies import Given
from app.api.entrance import Entrance
from app.api.services import Limits
from app.domain.task import Status
from app.engine.ports import is_task_id
from tests.unit.api.arrange import World, calling
from tests.unit.api.tenants import Headers, bearer, guarded, key_of
from tests.unit.api.walk import WEBSOCKET, Operation, knock, operations

OPEN: Final = {
    "/": "leads to the reference",
    "/docs": "the reference; the same for everybody",
    "/docs/{asset}": "its files",
    "/openapi.json": "what it describes",
    "/version": "what a deployment is checked with",
    "/health/live": "the platform's probe has no key",
    "/health/ready": "likewise",
    "/internal/sweep": "asks for the scheduler's identity, which is no tenant's: test_sweep",
}
"""Paths that need no credential of a tenant."""

NAMES_NO_TASK: Final = {
    "GET /models": "the same for everybody",
    "HEAD /models": "the same for everybody",
    "GET /tasks": "test_a_listing_holds_ones_own_tasks_only",
    "HEAD /tasks": "the same without its body",
    "POST /process_document": "test_the_same_key_of_two_tenants_is_two_tasks",
    "POST /process_document/": "test_the_same_key_of_two_tenants_is_two_tasks",
    "POST /process_document/upload": "test_the_same_key_of_two_tenants_is_two_tasks",
    "POST /process_document/upload/": "test_the_same_key_of_two_tenants_is_two_tasks",
    "POST /process_text_async": "test_the_same_task_id_of_two_tenants_is_two_tasks",
    "POST /process_text_async/": "test_the_same_task_id_of_two_tenants_is_two_tasks",
    "POST /process_text_blocking": "test_the_same_key_of_two_blocking_calls_is_two_tasks",
    "POST /process_text_blocking/": "test_the_same_key_of_two_blocking_calls_is_two_tasks",
}
"""Closed operations without an id in their path, and the test in test_two_tenants that keeps tenants apart there."""

UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
DIFFERS: Final = {"date", "x-request-id"}


@dataclass
class Tenant:
    """
    One of two that share a process.

    Attributes:
        tasks: The ids of its tasks, by what they are.
        names: What its texts are called by itself.

    """

    owner: str
    headers: Headers
    tasks: dict[str, str]
    names: dict[str, str]

    @property
    def ids(self) -> dict[str, str]:
        """All that its tasks can be asked for by."""
        return self.tasks | {f"{what}, by its task_id": name for what, name in self.names.items()}


@dataclass
class Shared:
    """A process, and two tenants with a task of every kind in every status each."""

    process: World
    file: Path
    acme: Tenant
    globex: Tenant

    async def stored(self) -> dict[str, Any]:
        """Return all that is kept of all tasks but what their workers change by themselves."""
        with closing(sqlite3.connect(self.file)) as connection:
            ids = [row[0] for row in connection.execute("SELECT id FROM tasks")]
            contents = connection.execute("SELECT * FROM contents ORDER BY task_id").fetchall()
        tasks = {task_id: asdict((await self.process.store.get(task_id)).task) for task_id in sorted(ids)}
        for task in tasks.values():
            del task["lease"], task["revision"], task["progress"]
        return {"tasks": tasks, "contents": contents}


async def hand_in(process: World, tenant: Tenant, status: Status, **members: Any) -> None:  # noqa: ANN401 - any member of a request
    """Hand in a document and a text of *tenant*, to be brought to *status*."""
    name = f"{tenant.owner}-{status}"
    text = "refuse" if status is Status.FAILED else "hola"
    model = {"model_name": "refusing"} if status is Status.FAILED else {}
    asked = {"content": f"Informe de {name}.", "keep_text": True}
    document = await process.caller.post("/process_document/", json=asked | model | members, headers=tenant.headers)
    given = await process.caller.post(
        "/process_text_async/", json={"text": text, "task_id": name} | members, headers=tenant.headers
    )
    tenant.tasks |= {f"{status} document": document.json()["task_id"], f"{status} text": given.json()["id"]}
    tenant.names[f"{status} text"] = name


async def furnish(process: World, owner: str) -> Tenant:
    """Give *owner* a key and tasks that wait, or have ended in each way."""
    tenant = Tenant(owner, bearer(await key_of(process, owner)), {}, {})
    for status in (Status.COMPLETED, Status.FAILED):
        await hand_in(process, tenant, status)
        for what in ("document", "text"):
            await process.services.registry.ended(tenant.tasks[f"{status} {what}"])
    for status in (Status.PENDING, Status.CANCELLED):
        await hand_in(process, tenant, status, delay_seconds=3600)
    for what in ("document", "text"):
        cancelled = tenant.tasks[f"{Status.CANCELLED} {what}"]
        await process.caller.post(f"/tasks/{cancelled}/cancel", headers=tenant.headers)
    return tenant


@asynccontextmanager
async def shared(path: Path) -> AsyncIterator[Shared]:
    """Start a process with both tenants; what they have processing goes on until the block ends."""
    async with guarded(path, cpu_slots=8, limits=Limits(blocking=timedelta(milliseconds=100))) as process:
        acme, globex = await furnish(process, "acme"), await furnish(process, "globex")
        process.pool.gate.clear()
        for tenant in (acme, globex):
            await hand_in(process, tenant, Status.PROCESSING)
        process.polled.clear()
        try:
            yield Shared(process, path / "tasks.db", acme, globex)
        finally:
            process.pool.gate.set()


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Shared]:
    """Start a process with two tenants."""
    async with shared(tmp_path) as started:
        yield started


def heard(answered: httpx.Response) -> tuple[object, ...]:
    """Return all of an answer but what is different each time."""
    headers = sorted((name, value) for name, value in answered.headers.multi_items() if name not in DIFFERS)
    request_id = answered.headers["x-request-id"].encode()
    return answered.status_code, headers, answered.content.replace(request_id, b"")


async def answer_to(app: FastAPI, operation: Operation, name: str, headers: Headers) -> object:
    """Return all that *app* says when it is asked for *name*."""
    if operation.method == WEBSOCKET:
        said = await knock(app, operation.at(name), headers)
        return [{**message, "headers": None} for message in said]  # where the request's id is
    async with calling(app) as caller:
        return heard(await operation.ask(caller, name, headers))


async def lets_strangers_in(app: FastAPI) -> list[str]:
    """Return the operations that answer without a credential although they are not known to be open."""
    found = []
    for operation in operations(app):
        if operation.path in OPEN:
            continue
        if operation.method == WEBSOCKET:
            said = await knock(app, operation.at(UNKNOWN), {})
            is_closed = [(one["type"], one.get("code")) for one in said] == [("websocket.close", 1008)]
        else:
            async with calling(app) as caller:
                is_closed = (await operation.ask(caller, UNKNOWN, {})).status_code == 401
        found += [] if is_closed else [str(operation)]
    return found


def unforeseen(app: FastAPI) -> list[str]:
    """Return the operations that nobody has thought about: closed, without an id, and not put down above."""
    closed = [operation for operation in operations(app) if operation.path not in OPEN]
    return [str(one) for one in closed if not one.names_something and str(one) not in NAMES_NO_TASK]


async def shows_others_tasks(app: FastAPI, asking: Tenant, other: Tenant) -> list[str]:
    """Return the operations by which *asking* can tell what *other* has from what nobody has."""
    found = []
    for operation in (one for one in operations(app) if one.names_something and one.path not in OPEN):
        unknown = {is_id: await answer_to(app, operation, name, asking.headers) for is_id, name in NOBODYS.items()}
        for what, name in other.ids.items():
            answer = await answer_to(app, operation, name, asking.headers)
            if answer != unknown[is_task_id(name)]:
                found.append(f"{operation}: {what}")
    return found


NOBODYS: Final[Mapping[bool, str]] = {True: UNKNOWN, False: "nobody-pending"}
"""What nobody has: as a UUID, and as a name of a caller's own."""


async def says_nothing_to_its_owner(app: FastAPI, owner: Tenant) -> list[str]:
    """Return the operations that tell an owner no more than a stranger: what is asked for here never gets that far."""
    found = []
    asked = (one for one in operations(app) if one.names_something and one.path not in OPEN)
    for operation in sorted(asked, key=lambda one: one.method == "DELETE"):  # nothing is found after that
        unknown = {is_id: await answer_to(app, operation, name, owner.headers) for is_id, name in NOBODYS.items()}
        answers = [
            (await answer_to(app, operation, name, owner.headers), unknown[is_task_id(name)])
            for name in owner.ids.values()
        ]
        found += [] if any(answer != nobodys for answer, nobodys in answers) else [str(operation)]
    return found


async def test_every_route_is_open_for_a_reason_or_closed(both: Shared) -> None:
    """One endpoint that somebody forgot to close is enough."""
    assert await lets_strangers_in(both.process.app) == []


async def test_every_route_is_known_to_this_file(both: Shared) -> None:
    """Whoever adds one has to say how it keeps tenants apart; and what is gone is not put down any longer."""
    there = operations(both.process.app)

    assert unforeseen(both.process.app) == []
    assert set(OPEN) <= {operation.path for operation in there}
    assert set(NAMES_NO_TASK) <= {str(operation) for operation in there}


async def test_somebody_elses_tasks_are_not_there(both: Shared) -> None:
    """On every route, of every kind, in every status, from both sides: to the byte what an unknown id gets."""
    before = await both.stored()
    statuses = {task["status"] for task in before["tasks"].values()}

    seen = await shows_others_tasks(both.process.app, both.acme, both.globex)
    seen += await shows_others_tasks(both.process.app, both.globex, both.acme)

    assert (statuses, len(before["tasks"])) == (set(Status), 4 * len(Status))
    assert seen == []
    assert await both.stored() == before
    assert both.process.polled == [], "a stranger's question moved a task"


async def test_their_owner_gets_an_answer_on_every_one_of_these_routes(both: Shared) -> None:
    """Else the test above would pass for requests that are refused before anybody looks for a task."""
    assert await says_nothing_to_its_owner(both.process.app, both.acme) == []


async def test_without_the_entrance_nobody_gets_anything(both: Shared) -> None:
    """An endpoint that is reached without an owner, because of a middleware that was left out, knows of no tasks."""
    app, before = create_app(both.process.services), await both.stored()
    app.user_middleware = [
        one
        for one in app.user_middleware
        if one.cls is not Entrance  # type: ignore[comparison-overlap]  # the framework calls a class a factory
    ]

    closed = [operation for operation in operations(app) if operation.path not in OPEN]
    names = both.acme.tasks["completed document"], both.acme.names["completed text"]
    async with calling(app) as caller:
        statuses = {
            (await operation.ask(caller, name, both.acme.headers)).status_code
            for operation in closed
            if operation.method != WEBSOCKET
            for name in names
        }
    ends = [
        (await knock(app, operation.at(name), both.acme.headers))[-1]
        for operation in closed
        if operation.method == WEBSOCKET
        for name in names
    ]

    assert statuses == {500}
    assert {(end["type"], end["code"]) for end in ends} == {("websocket.close", 1011)}
    assert await both.stored() == before


@pytest.mark.parametrize("path", ["/tasks/{task_id}/leak", "/leaks/{task_id}", "/files/{task_id:path}"])
async def test_a_new_route_that_forgets_the_owner_is_noticed(both: Shared, path: str) -> None:
    """The tests above must be able to fail."""

    async def leak(given: Given, task_id: str) -> str:
        return str((await given.store.get(task_id)).task.status)

    both.process.app.add_api_route(path, leak, include_in_schema=False)

    seen = await shows_others_tasks(both.process.app, both.acme, both.globex)

    assert {line.partition(": ")[0] for line in seen} == {f"GET {path}", f"HEAD {path}"}


async def test_a_new_websocket_that_forgets_the_owner_is_noticed(both: Shared) -> None:
    """It is no HTTP, and asks for a look of its own."""

    async def leak(websocket: WebSocket, task_id: str) -> None:
        await websocket.accept()
        await websocket.send_text((await both.process.store.get(task_id)).task.status)

    both.process.app.add_api_websocket_route("/tasks/{task_id}/leak", leak)

    seen = await shows_others_tasks(both.process.app, both.acme, both.globex)

    assert {line.partition(": ")[0] for line in seen} == {"WEBSOCKET /tasks/{task_id}/leak"}


async def test_a_new_route_below_an_open_path_is_noticed(both: Shared) -> None:
    """The one way to an endpoint that the entrance does not guard."""

    async def dump(given: Given) -> int:
        return len((await given.store.list("acme", status=None, page_size=100, cursor=None)).tasks)

    both.process.app.add_api_route("/internal/dump", dump, include_in_schema=False)
    both.process.app.mount("/docs/files", PlainTextResponse("all of them"))

    found = await lets_strangers_in(both.process.app)

    assert found == ["ANYTHING /docs/files", "GET /internal/dump", "HEAD /internal/dump"]


async def test_a_new_route_without_an_id_is_noticed(both: Shared) -> None:
    """How it keeps tenants apart cannot be tried out by a walk; somebody has to write it down."""

    async def statistics() -> int:
        return 0

    both.process.app.add_api_route("/statistics", statistics)
    both.process.app.mount("/exports", PlainTextResponse("all of them"))

    assert unforeseen(both.process.app) == ["ANYTHING /exports", "GET /statistics", "HEAD /statistics"]


async def test_a_new_route_that_this_file_cannot_ask_is_noticed(both: Shared) -> None:
    """A request that is refused for its form finds no task, neither one's own nor another's."""

    async def annotate(task_id: str, note: Annotated[str, Body(embed=True)]) -> None:
        """Need more than a path."""

    both.process.app.add_api_route("/tasks/{task_id}/notes", annotate, methods=["POST"])

    assert await says_nothing_to_its_owner(both.process.app, both.acme) == ["POST /tasks/{task_id}/notes"]
