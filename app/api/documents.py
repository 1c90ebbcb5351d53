"""Documents: handed in, and asked after."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response, status

from app.api.bodies import JsonRoute
from app.api.dependencies import (
    REPLAYED,
    Given,
    Key,
    Owner,
    Reserved,
    TaskId,
    ask_again,
    own_task,
)
from app.api.reference import POLLED, TO_A_POLL, WITH_A_BODY, WITH_THIS_TASK, answer, documented, link
from app.api.schemas import DocumentStatus
from app.api.submissions import DocumentRequest
from app.api.waiting import Patience, ended, not_modified, patience, poll, preference, refuse_wait
from app.domain.errors import TaskNotFound
from app.domain.processing import Kind
from app.engine.submission import Submission

router = APIRouter(
    tags=["documents"],
    route_class=JsonRoute,
    responses=documented(422),
)

NEXT: Final = {
    "status": link("document_status", "How it is doing, and its result.", {"task_id": "$response.body#/task_id"}),
    "cancel": link("cancel_task", "Cancel it.", {"task_id": "$response.body#/task_id"}),
}

ENDED_ALREADY: Final = answer(
    200,
    "Location",
    "Idempotency-Replayed-if-any",
    "Preference-Applied-if-any",
    model=DocumentStatus,
    description="The task has ended while you waited, as you prefer.",
)

ACCEPTED: Final = (
    answer(202, "Location", "Retry-After", "Idempotency-Replayed-if-any", "Preference-Applied-if-any", links=NEXT)
    | ENDED_ALREADY
)


@dataclass
class Reception:
    """Where documents are handed in, in whatever form they come: what the request says beside its body."""

    request: Request
    given: Given
    caller: Owner
    key: Key
    asked: Annotated[Patience, Depends(preference)]
    reserved: Reserved
    background_tasks: BackgroundTasks
    response: Response

    async def take_in(self, submission: Submission) -> DocumentStatus:
        """Make a task of *submission*, start it, and wait for its end if the caller prefers that."""
        accepted = await self.given.intake.accept(submission, self.reserved)
        headers = self.response.headers
        headers["Location"] = f"/document_status/{accepted.task.id}"
        headers.update(REPLAYED if accepted.replayed else {})
        if self.asked.time:
            await self.reserved.start()
            task, applied = await ended(accepted.task, self.request, self.given, self.caller, self.asked)
            headers.update(applied)
            if task.status.is_final:
                self.response.status_code = status.HTTP_200_OK
                return DocumentStatus.of(task)
        self.background_tasks.add_task(self.reserved.start)
        headers["Retry-After"] = ask_again(accepted.task, self.given).get("Retry-After", "1")
        return DocumentStatus.accepted(accepted.task)


@router.post(
    "/process_document",
    status_code=status.HTTP_202_ACCEPTED,
    include_in_schema=False,
    dependencies=[Depends(refuse_wait)],
)
@router.post(
    "/process_document/",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[Depends(refuse_wait)],
    response_description="Accepted: the task is stored, and survives this process.",
    responses=WITH_A_BODY | ACCEPTED,
)
async def process_document(document: DocumentRequest, reception: Annotated[Reception, Depends()]) -> DocumentStatus:
    """
    Hand in a document; the answer comes at once, the result later, at the `Location`.

    With `Prefer: wait=N` the answer is the finished task, and its status 200,
    if it ends within so many seconds.
    """
    return await reception.take_in(document.submission(reception.caller, reception.key, reception.given.limits))


@router.get(
    "/document_status/{task_id:path}",
    response_model=DocumentStatus,
    responses=documented(404) | POLLED | answer(200, *TO_A_POLL, links=WITH_THIS_TASK),
)
async def document_status(  # noqa: PLR0913, PLR0917 - what an endpoint is handed
    request: Request,
    task_id: TaskId,
    given: Given,
    caller: Owner,
    asked: Annotated[Patience, Depends(patience)],
    response: Response,
) -> DocumentStatus | Response:
    """Ask how a document is doing; once it is `completed`, its result is here."""
    task = (await own_task(task_id, given, caller)).task
    if task.kind is not Kind.DOCUMENT:
        raise TaskNotFound
    found = await poll(task, request, given, caller, asked)
    if found.is_known:
        return not_modified(found)
    response.headers.update(found.headers)
    return DocumentStatus.of(found.task)
