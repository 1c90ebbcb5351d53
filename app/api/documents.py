"""Documents: handed in, and asked after."""

from typing import Final

from fastapi import APIRouter, BackgroundTasks, Depends, Response, status

from app.api.bodies import JsonRoute
from app.api.dependencies import (
    REPLAYED,
    Given,
    Key,
    Owner,
    Reserved,
    TaskId,
    answer_poll,
    ask_again,
    own_task,
    refuse_what_is_not_built,
)
from app.api.reference import WITH_A_BODY, WITH_THIS_TASK, answer, documented, link
from app.api.schemas import DocumentStatus
from app.api.submissions import DocumentRequest
from app.domain.errors import TaskNotFound
from app.domain.processing import Kind

router = APIRouter(
    tags=["documents"],
    route_class=JsonRoute,
    dependencies=[Depends(refuse_what_is_not_built)],
    responses=documented(422),
)

NEXT: Final = {
    "status": link("document_status", "How it is doing, and its result.", {"task_id": "$response.body#/task_id"}),
    "cancel": link("cancel_task", "Cancel it.", {"task_id": "$response.body#/task_id"}),
}


@router.post("/process_document", status_code=status.HTTP_202_ACCEPTED, include_in_schema=False)
@router.post(
    "/process_document/",
    status_code=status.HTTP_202_ACCEPTED,
    response_description="Accepted: the task is stored, and survives this process.",
    responses=WITH_A_BODY | answer(202, "Location", "Retry-After", "Idempotency-Replayed-if-any", links=NEXT),
)
async def process_document(  # noqa: PLR0913, PLR0917 - what an endpoint is handed
    document: DocumentRequest,
    given: Given,
    caller: Owner,
    key: Key,
    reserved: Reserved,
    background_tasks: BackgroundTasks,
    response: Response,
) -> DocumentStatus:
    """Hand in a document; the answer comes at once, the result later, at the `Location`."""
    accepted = await given.intake.accept(document.submission(caller, key, given.limits), reserved)
    background_tasks.add_task(reserved.start)
    response.headers["Location"] = f"/document_status/{accepted.task.id}"
    response.headers.update(REPLAYED if accepted.replayed else {})
    response.headers["Retry-After"] = ask_again(accepted.task, given).get("Retry-After", "1")
    return DocumentStatus.accepted(accepted.task)


@router.get(
    "/document_status/{task_id:path}",
    responses=documented(404) | answer(200, "Retry-After-if-any", links=WITH_THIS_TASK),
)
async def document_status(task_id: TaskId, given: Given, caller: Owner, response: Response) -> DocumentStatus:
    """Ask how a document is doing; once it is `completed`, its result is here."""
    task = (await own_task(task_id, given, caller)).task
    if task.kind is not Kind.DOCUMENT:
        raise TaskNotFound
    response.headers.update(answer_poll(task, given))
    return DocumentStatus.of(task)
