"""Texts: handed in under an id of the caller's choice, or processed while the caller waits."""

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query, Request, Response

from app.api.bodies import JsonRoute
from app.api.dependencies import REPLAYED, Given, Key, Owner, Reserved, answer_poll, refuse_what_is_not_built
from app.api.problems import problem
from app.api.reference import WITH_A_BODY, answer, documented, link
from app.api.schemas import TextAccepted, TextFinished, TextStatus, error_of
from app.api.submissions import Text, TextRequest, blocking_submission
from app.domain.errors import TaskNotFound
from app.domain.processing import Kind
from app.domain.task import Task
from app.engine import feed
from app.engine.submission import reference_id

router = APIRouter(
    tags=["texts"],
    route_class=JsonRoute,
    dependencies=[Depends(refuse_what_is_not_built)],
    responses=documented(422),
)

NEXT: Final = {
    "status": link("task_status", "How it is doing, and its result.", {"task_id": "$response.body#/task_id"}),
    "task": link("get_task", "The same task, with all its members.", {"task_id": "$response.body#/id"}),
    "cancel": link("cancel_task", "Cancel it.", {"task_id": "$response.body#/id"}),
}
ROOM: Final = "The text; it may be empty. An address has room for 64 KB: send what is longer to `/process_text_async/`."


@router.post("/process_text_async", include_in_schema=False)
@router.post(
    "/process_text_async/",
    responses=WITH_A_BODY | answer(200, "Location", "Idempotency-Replayed-if-any", links=NEXT),
)
async def process_text_async(  # noqa: PLR0913, PLR0917 - what an endpoint is handed
    text: TextRequest,
    given: Given,
    caller: Owner,
    key: Key,
    reserved: Reserved,
    background_tasks: BackgroundTasks,
    response: Response,
) -> TextAccepted:
    """
    Hand in a text; its status and result are at the `Location`.

    The same text under the same `task_id` is the same task. Another text under
    a `task_id` that is taken is refused.
    """
    accepted = await given.intake.accept(text.submission(caller, key, given.limits), reserved)
    background_tasks.add_task(reserved.start)
    response.headers["Location"] = f"/task_status/{quote(text.task_id, safe='')}"
    response.headers.update(REPLAYED if accepted.replayed else {})
    return TextAccepted(task_id=text.task_id, id=accepted.task.id)


@router.get(
    "/task_status/{task_id:path}", response_model_exclude_unset=True, responses=answer(200, "Retry-After-if-any")
)
async def task_status(
    task_id: Annotated[str, Path(description="The id that you gave the text.", examples=["mi-tarea-1"])],
    given: Given,
    caller: Owner,
    response: Response,
) -> TextStatus:
    """Ask how a text is doing; an id that nobody has handed in is `not_found`, which is no error."""
    try:
        task = (await given.store.get(reference_id(caller, Kind.TEXT, task_id))).task
    except TaskNotFound:
        return TextStatus(status="not_found", result=None)
    response.headers.update(answer_poll(task, given))
    result = task.result if isinstance(task.result, str) else None
    return TextStatus(status=task.status, result=result, error=error_of(task), id=task.id)


@router.post("/process_text_blocking", include_in_schema=False, response_model=TextFinished)
@router.post(
    "/process_text_blocking/",
    response_model=TextFinished,
    responses=documented(409, 504) | answer(200, "Idempotency-Replayed-if-any"),
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
    accepted = await given.intake.accept(blocking_submission(text, caller, key, given.limits), reserved)
    await reserved.start()
    response.headers.update(REPLAYED if accepted.replayed else {})
    task = await feed.finished(
        given.store,
        given.registry,
        accepted.task.id,
        within=given.limits.blocking,
        unless=given.intake.runner.drain.interrupted,
        on_poll=given.on_poll,
    )
    if task is not None and isinstance(task.result, str):
        return TextFinished(result=task.result)
    unanswered = _no_result(request, task, f"/tasks/{accepted.task.id}", keyed=key is not None)
    unanswered.headers.update(response.headers)
    return unanswered


def _no_result(request: Request, task: Task | None, task_url: str, *, keyed: bool) -> Response:
    """Answer without a result; with a key, the same request leads to the same task again, and a failed one stays so."""
    headers = {"Location": task_url}
    if task is None:
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
