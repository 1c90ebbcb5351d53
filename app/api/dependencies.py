"""What endpoints are handed: the services, who asks, what the request holds of this process, the caller's task."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from typing import Annotated, Final

from fastapi import Depends, Header, Path, Request, Security
from fastapi.exceptions import RequestValidationError
from starlette.requests import HTTPConnection

from app.api.auth import API_KEY, BEARER
from app.api.problems import Refused
from app.api.services import Services
from app.domain.errors import StoreUnavailable, TaskNotFound
from app.domain.task import Task
from app.engine.ports import Snapshot, is_task_id
from app.engine.submission import Reservation

LONGEST_PAUSE: Final = 30
"""Seconds after which a caller should ask again at the latest."""


async def services(connection: HTTPConnection) -> Services:
    """Return what the application was created with."""
    given: Services = connection.app.state.services
    return given


Given = Annotated[Services, Depends(services)]


async def owner(
    request: Request, _bearer: Annotated[object, Security(BEARER)], _key: Annotated[object, Security(API_KEY)]
) -> str:
    """Return whose tasks the caller may see, as the entrance has found out; without it nobody sees any."""
    found: str = request.state.owner
    return found


Owner = Annotated[str, Depends(owner)]


async def idempotency_key(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=255,
            pattern=r"^[\x20-\x7e]+$",
            description="Your own name for this request. Sent again with the same body, it is the same task.",
        ),
    ] = None,
) -> str | None:
    """
    Return the name that the caller has given to its request.

    Raises:
        RequestValidationError: If it is none, or there are two.

    """
    if len(request.headers.getlist("idempotency-key")) > 1:
        message = "This must be sent once"
        raise RequestValidationError([{"loc": ("header", "Idempotency-Key"), "msg": message, "type": "repeated"}])
    return key


async def refuse_a_key(request: Request) -> None:
    """
    Refuse an `Idempotency-Key` where the same request twice is not the same as once.

    Raises:
        Refused: If the request has one.

    """
    if "idempotency-key" in request.headers:
        raise Refused(422, "not_supported", "Only requests that hand something in take an Idempotency-Key.")


Key = Annotated[str | None, Depends(idempotency_key)]

REPLAYED: Final = {"Idempotency-Replayed": "true"}
"""Goes with the answer to a request that was answered before."""


async def reservation(given: Given) -> AsyncIterator[Reservation]:
    """
    Hold what the request reserves, until its answer is out and its background tasks are done.

    Whatever the request comes to, neither a slot nor a lease is left behind.
    """
    async with given.intake.reservation() as reserved:
        yield reserved


Reserved = Annotated[Reservation, Depends(reservation)]


TaskId = Annotated[
    str, Path(description="The id that the service gave the task, a UUID.", json_schema_extra={"format": "uuid"})
]


async def own_task(task_id: str, given: Services, caller: str) -> Snapshot:
    """
    Return the caller's task *task_id*.

    Raises:
        TaskNotFound: If there is none; somebody else's looks the same.

    """
    if not is_task_id(task_id):
        raise TaskNotFound
    snapshot = await given.store.get(task_id)
    if snapshot.task.owner != caller:
        raise TaskNotFound
    return snapshot


@asynccontextmanager
async def change_budget(given: Services) -> AsyncIterator[None]:
    """
    Bound a change that a caller waits for, with all its reads, repeats and lost races.

    Raises:
        StoreUnavailable: If it took longer: the change may have landed all the same.

    """
    try:
        async with asyncio.timeout(given.limits.change_budget.total_seconds()):
            yield
    except TimeoutError as error:
        raise StoreUnavailable from error


def answer_poll(task: Task, given: Services) -> dict[str, str]:
    """Have the engine look after *task*, in case it waits for a worker; return the headers for who asked after it."""
    if not task.status.is_final:
        given.on_poll(task)
    return ask_again(task, given)


def ask_again(task: Task, given: Services) -> dict[str, str]:
    """Return the header that says when to look at *task* again; none once it has finished."""
    if task.status.is_final:
        return {}
    ahead = ceil((task.available_at - given.store.now()).total_seconds())
    return {"Retry-After": str(min(LONGEST_PAUSE, max(1, ahead)))}
