"""What endpoints are handed: the services, who asks, what the request holds of this process, the caller's task."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil
from typing import Annotated, Final

from fastapi import Depends, Request

from app.api.problems import Refused
from app.api.services import Services
from app.domain.errors import StoreUnavailable, TaskNotFound
from app.domain.task import Task
from app.engine.ports import Snapshot, is_task_id
from app.engine.submission import Reservation

ANONYMOUS: Final = "anonymous"

LONGEST_PAUSE: Final = 30
"""Seconds after which a caller should ask again at the latest."""


async def services(request: Request) -> Services:
    """Return what the application was created with."""
    given: Services = request.app.state.services
    return given


Given = Annotated[Services, Depends(services)]


async def owner() -> str:
    """Return whose tasks the caller may see."""
    return ANONYMOUS


Owner = Annotated[str, Depends(owner)]


async def reservation(given: Given) -> AsyncIterator[Reservation]:
    """
    Hold what the request reserves, until its answer is out and its background tasks are done.

    Whatever the request comes to, neither a slot nor a lease is left behind.
    """
    async with given.intake.reservation() as reserved:
        yield reserved


Reserved = Annotated[Reservation, Depends(reservation)]


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


async def refuse_what_is_not_built(request: Request) -> None:
    """
    Refuse what the contract promises for later: ignored, an `Idempotency-Key` would break its promise.

    Raises:
        Refused: If the request asks for any of it.

    """
    asked = [name for name in ("wait", "starting_after") if name in request.query_params]
    asked += ["Idempotency-Key"] if "idempotency-key" in request.headers else []
    asked += ["Prefer: wait"] if "wait" in request.headers.get("prefer", "").lower() else []
    if asked:
        raise Refused(422, "not_supported_yet", f"This service does not support {' and '.join(asked)} yet.")


def ask_again(task: Task, given: Services) -> dict[str, str]:
    """Return the header that says when to look at *task* again; none once it has finished."""
    if task.status.is_final:
        return {}
    ahead = ceil((task.available_at - given.store.now()).total_seconds())
    return {"Retry-After": str(min(LONGEST_PAUSE, max(1, ahead)))}
