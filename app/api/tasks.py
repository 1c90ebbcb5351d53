"""Tasks of either kind, as their owner manages them."""

from functools import partial
from typing import Annotated, Final, override

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.api.bodies import JsonRoute
from app.api.dependencies import (
    Given,
    Owner,
    TaskId,
    change_budget,
    own_task,
    refuse_a_key,
)
from app.api.reference import POLLED, TO_A_POLL, WITH_THIS_TASK, answer, documented, link
from app.api.schemas import TaskDetail, TaskList, TaskSummary
from app.api.services import Services
from app.api.waiting import Patience, not_modified, patience, poll, refuse_wait
from app.domain.errors import IllegalTransition, StaleWrite
from app.domain.task import Status, Task
from app.domain.transitions import cancel, retry
from app.engine import cas
from app.engine.ports import Snapshot, TaskStore

router = APIRouter(
    prefix="/tasks",
    tags=["tasks"],
    route_class=JsonRoute,
    responses=documented(422),
)

NEXT: Final = {
    "next_page": link("list_tasks", "The next page.", {"page_token": "$response.body#/next_page_token"}),
    "first": link("get_task", "The first of them, with its result.", {"task_id": "$response.body#/tasks/0/task_id"}),
}


@router.get("", dependencies=[Depends(refuse_wait)], responses=answer(200, links=NEXT))
async def list_tasks(
    given: Given,
    caller: Owner,
    status: Annotated[Status | None, Query(description="Only tasks with this status.")] = None,
    page_size: Annotated[int, Query(ge=1, le=100)] = 20,
    page_token: Annotated[str | None, Query(max_length=1000, description="The last page's `next_page_token`.")] = None,
) -> TaskList:
    """List your tasks, newest first, without their results."""
    page = await given.store.list(caller, status=status, page_size=page_size, cursor=page_token)
    return TaskList(tasks=[TaskSummary.of(task) for task in page.tasks], next_page_token=page.cursor)


@router.get(
    "/{task_id}",
    response_model=TaskDetail,
    responses=documented(404) | POLLED | answer(200, *TO_A_POLL, links=WITH_THIS_TASK),
)
async def get_task(  # noqa: PLR0913, PLR0917 - what an endpoint is handed
    request: Request,
    task_id: TaskId,
    given: Given,
    caller: Owner,
    asked: Annotated[Patience, Depends(patience)],
    response: Response,
) -> TaskDetail | Response:
    """Ask after one task."""
    found = await poll((await own_task(task_id, given, caller)).task, request, given, caller, asked)
    if found.is_known:
        return not_modified(found)
    response.headers.update(found.headers)
    return TaskDetail.of(found.task)


@router.get(
    "/{task_id}/text",
    response_class=PlainTextResponse,
    responses=documented(404) | answer(200, description="The text, in UTF-8."),
    dependencies=[Depends(refuse_wait)],
)
async def get_text(request: Request, task_id: TaskId, given: Given, caller: Owner) -> PlainTextResponse:
    """
    Read the text that a completed task was about, if it was handed in with `keep_text`.

    It is what the positions in the result refer to, and is kept until the task expires.
    """
    task = (await own_task(task_id, given, caller)).task
    request.state.hold(task.text.size if task.text else 0)
    return _Text(await given.store.text(task))


@router.post("/{task_id}/cancel", responses=documented(404, 409))
async def cancel_task(task_id: TaskId, given: Given, caller: Owner) -> TaskDetail:
    """
    Cancel a task, or ask its worker to stop; asking again changes nothing.

    A worker stops at its next heartbeat. A result that comes before that wins.
    """
    return TaskDetail.of(await _changed(task_id, given, caller, partial(cancel, now=given.store.now())))


@router.post("/{task_id}/retry", dependencies=[Depends(refuse_a_key)], responses=documented(404, 409))
async def retry_task(task_id: TaskId, given: Given, caller: Owner) -> TaskDetail:
    """Start a failed task over, with all its attempts."""
    task = await _changed(task_id, given, caller, partial(retry, now=given.store.now()))
    given.intake.slots.note_backlog(task.execution)
    return TaskDetail.of(task)


@router.delete("/{task_id}", status_code=204, response_class=Response, responses=documented(404, 409))
async def delete_task(task_id: TaskId, given: Given, caller: Owner) -> None:
    """Erase a finished task and all that belongs to it, now instead of when it expires."""
    async with change_budget(given):
        own = await own_task(task_id, given, caller)
        try:
            await _delete(given.store, own)
        except StaleWrite:
            await _delete(given.store, await given.store.get(task_id))


class _Text(PlainTextResponse):
    """A text whose request is not over, and holds its room, until the other side has taken nearly all of it."""

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await send({"type": "http.response.body"})  # uvicorn waits before a message, not after it


async def _changed(task_id: str, given: Services, caller: str, transition: cas.Transition) -> Task:
    async with change_budget(given):
        own = await own_task(task_id, given, caller)
        return (await cas.apply(given.store, task_id, transition, seen=own)).task


async def _delete(store: TaskStore, seen: Snapshot) -> None:
    if not seen.task.status.is_final:
        raise IllegalTransition("Only a finished task can be deleted; cancel it first")
    await store.delete(seen)
