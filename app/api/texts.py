"""Texts: handed in under an id of the caller's choice, or processed while the caller waits."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query, Request, Response

from app.api.bodies import JsonRoute, unwanted_body
from app.api.dependencies import REPLAYED, Given, Key, Owner, Reserved
from app.api.problems import problem
from app.api.reference import POLLED, WITH_A_BODY, answer, documented, link
from app.api.schemas import TextAccepted, TextFinished, TextStatus, error_of, text_of
from app.api.submissions import Text, TextRequest, blocking_submission
from app.api.waiting import Patience, ended, not_modified, patience, poll, preference, refuse_wait, until_ended
from app.domain.errors import TaskNotFound
from app.domain.processing import Kind
from app.domain.task import Task
from app.engine.submission import reference_id

router = APIRouter(
    tags=["texts"],
    route_class=JsonRoute,
    responses=documented(422),
)

NEXT: Final = {
    "status": link("task_status", "How it is doing, and its result.", {"task_id": "$response.body#/task_id"}),
    "task": link("get_task", "The same task, with all its members.", {"task_id": "$response.body#/id"}),
    "cancel": link("cancel_task", "Cancel it.", {"task_id": "$response.body#/id"}),
}
ROOM: Final = "The text; it may be empty. An address has room for 64 KB: send what is longer to `/process_text_async/`."


@router.post(
    "/process_text_async",
    include_in_schema=False,
    response_model_exclude_unset=True,
    dependencies=[Depends(refuse_wait)],
)
@router.post(
    "/process_text_async/",
    response_model_exclude_unset=True,
    dependencies=[Depends(refuse_wait)],
    responses=WITH_A_BODY
    | answer(200, "Location", "Idempotency-Replayed-if-any", "Preference-Applied-if-any", links=NEXT),
)
async def process_text_async(  # noqa: PLR0913, PLR0917 - what an endpoint is handed
    request: Request,
    text: TextRequest,
    given: Given,
    caller: Owner,
    key: Key,
    asked: Annotated[Patience, Depends(preference)],
    reserved: Reserved,
    background_tasks: BackgroundTasks,
    response: Response,
) -> TextAccepted:
    """
    Hand in a text; its status and result are at the `Location`.

    The same text under the same `task_id` is the same task. Another text under
    a `task_id` that is taken is refused. With `Prefer: wait=N` the answer shows
    how it has ended, if it has within so many seconds.
    """
    accepted = await given.intake.accept(text.submission(caller, key, given.limits), reserved)
    response.headers["Location"] = f"/task_status/{quote(text.task_id, safe='')}"
    response.headers.update(REPLAYED if accepted.replayed else {})
    if asked.time:
        await reserved.start()
        task, applied = await ended(accepted.task, request, given, caller, asked)
        response.headers.update(applied)
        if task.status.is_final:
            return TextAccepted.ended(task, text.task_id)
    background_tasks.add_task(reserved.start)
    return TextAccepted.accepted(accepted.task, text.task_id)


@router.get(
    "/task_status/{task_id:path}",
    response_model=TextStatus,
    response_model_exclude_unset=True,
    responses=POLLED | answer(200, "ETag-if-any", "Retry-After-if-any", "Preference-Applied-if-any"),
)
async def task_status(  # noqa: PLR0913, PLR0917 - what an endpoint is handed
    request: Request,
    task_id: Annotated[str, Path(description="The id that you gave the text.", examples=["mi-tarea-1"])],
    given: Given,
    caller: Owner,
    asked: Annotated[Patience, Depends(patience)],
    response: Response,
) -> TextStatus | Response:
    """Ask how a text is doing; an id that nobody has handed in is `not_found`, which is no error."""
    try:
        task = (await given.store.get(reference_id(caller, Kind.TEXT, task_id))).task
        found = await poll(task, request, given, caller, asked)
    except TaskNotFound:
        return TextStatus(status="not_found", result=None)
    if found.is_known:
        return not_modified(found)
    response.headers.update(found.headers)
    return TextStatus(
        status=found.task.status, result=text_of(found.task), error=error_of(found.task), id=found.task.id
    )


@router.post(
    "/process_text_blocking",
    include_in_schema=False,
    response_model=TextFinished,
    dependencies=[Depends(refuse_wait), Depends(unwanted_body)],
)
@router.post(
    "/process_text_blocking/",
    response_model=TextFinished,
    dependencies=[Depends(refuse_wait), Depends(unwanted_body)],
    responses=documented(404, 409, 504) | answer(200, "Idempotency-Replayed-if-any"),
)
async def process_text_blocking(  # noqa: PLR0913, PLR0917 - what an endpoint is handed
    request: Request,
    text: Annotated[Text, Query(description=ROOM, examples=["hola"])],
    given: Given,
    caller: Owner,
    key: Key,
    reserved: Reserved,
    response: Response,
) -> TextFinished | Response:
    """
    Process a text while you wait, for at most a minute; nobody else waits.

    After that the answer is a problem with the URL of the task, which goes on;
    with an `Idempotency-Key` the same request waits for the same task again.
    """
    with given.waits.one(caller):
        accepted = await given.intake.accept(blocking_submission(text, caller, key, given.limits), reserved)
        await reserved.start()
        response.headers.update(REPLAYED if accepted.replayed else {})
        task = await until_ended(accepted.task, request, given, given.limits.blocking)
    if isinstance(task.result, str):
        return TextFinished(result=task.result)
    unanswered = _no_result(request, task, f"/tasks/{accepted.task.id}", keyed=key is not None)
    unanswered.headers.update(response.headers)
    return unanswered


def _no_result(request: Request, task: Task, task_url: str, *, keyed: bool) -> Response:
    """Answer without a result; with a key, the same request leads to the same task again, and a failed one stays so."""
    headers = {"Location": task_url}
    if not task.status.is_final:
        detail = "The text is still being processed; its task goes on."
        return problem(
            request.scope, 504, "still_processing", detail, retryable=keyed, headers=headers, task_url=task_url
        )
    if task.failure is None:
        return problem(
            request.scope, 409, "task_cancelled", "The task was cancelled.", headers=headers, task_url=task_url
        )
    failure, status = task.failure, 500 if task.failure.retryable else 422
    return problem(
        request.scope,
        status,
        failure.code,
        failure.message,
        retryable=failure.retryable and not keyed,
        headers=headers,
        task_url=task_url,
    )
