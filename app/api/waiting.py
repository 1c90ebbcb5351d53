"""
How a caller waits for a task without asking again and again: `?wait=`, `Prefer: wait=`, and entity tags.

A request that waits holds a place of its owner's until it is answered, or its
caller has gone.
"""

import asyncio
import re
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Header, Query, Request, Response
from starlette.datastructures import Headers

from app.api.dependencies import answer_poll, ask_again
from app.api.problems import Refused
from app.api.services import Services
from app.domain.errors import TaskNotFound, TooManyWaits
from app.domain.task import Task

LONGEST_WAIT: Final = 30
"""Seconds that a poll or a submission may wait."""

_PREFERRED: Final = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)', re.IGNORECASE)
_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Patience:
    """
    How long the caller would wait.

    Attributes:
        time: None if it wants its answer at once.
        preferred: Whether it only prefers to wait, so that the answer has to say whether it was waited for.

    """

    time: timedelta | None
    preferred: bool = False

    @property
    def applied(self) -> dict[str, str]:
        """The header of an answer that was waited for because the caller preferred it."""
        return {"Preference-Applied": f"wait={self.time.seconds}"} if self.preferred and self.time else {}


async def preference(
    request: Request,
    prefer: Annotated[
        str | None,
        Header(description="`wait=N` (RFC 7240): wait up to N seconds, 30 at most, for the task to end."),
    ] = None,
) -> Patience:
    """Return how long the caller prefers to wait; a preference that cannot be read is none, as RFC 7240 has it."""
    asked = _PREFERRED.search(",".join(request.headers.getlist("prefer"))) if prefer else None
    if asked is None or not int(asked[1]):
        return Patience(None)
    return Patience(timedelta(seconds=min(int(asked[1]), LONGEST_WAIT)), preferred=True)


async def patience(
    request: Request,
    wait: Annotated[
        float | None,
        Query(
            ge=0,
            le=LONGEST_WAIT,
            description="Seconds to wait for the task to end or, with `If-None-Match`, to change; it is then shown as "
            "it is.",
        ),
    ] = None,
    prefer: Annotated[
        str | None, Header(description="`wait=N` (RFC 7240): the same, where `wait` is not given.")
    ] = None,
) -> Patience:
    """Return how long the caller of a poll would wait."""
    if wait is not None:
        return Patience(timedelta(seconds=wait) if wait else None)
    return await preference(request, prefer)


async def refuse_wait(request: Request) -> None:
    """
    Refuse a `?wait=` where it is not looked at: ignored, it would break its promise.

    Raises:
        Refused: If there is one.

    """
    if "wait" in request.query_params:
        detail = "Only requests for a task's status take ?wait=; what is handed in takes the header Prefer: wait=N."
        raise Refused(422, "not_supported", detail)


@dataclass(frozen=True, slots=True)
class Poll:
    """
    What a poll is answered with.

    Attributes:
        is_known: Whether the caller has said that it has seen the task as it is.

    """

    task: Task
    is_known: bool
    headers: dict[str, str]


async def poll(task: Task, request: Request, given: Services, caller: str, asked: Patience) -> Poll:
    """
    Return the *caller*'s *task*, which has just been read, waiting for it as long as was *asked*.

    Who only prefers to wait, and finds no place, does not.

    Raises:
        TaskNotFound: If it is deleted meanwhile.
        TooManyWaits: If as many of the caller's requests wait already as may.

    """
    known = _known_tags(request.headers)
    headers = answer_poll(task, given)
    waits = asked.time is not None and not task.status.is_final and (not known or _is_known(task, known))
    if waits and asked.time is not None:
        with suppress(TooManyWaits) if asked.preferred else nullcontext(), given.waits.one(caller):
            task = await until_ended(task, request, given, asked.time, unless_news_to=known)
            headers = ask_again(task, given) | asked.applied
    return Poll(task, _is_known(task, known), headers | {"ETag": tag(task)})


def not_modified(found: Poll) -> Response:
    """Return the answer to a caller who knows the task as it is."""
    return Response(status_code=304, headers=found.headers)


async def ended(
    task: Task, request: Request, given: Services, caller: str, asked: Patience
) -> tuple[Task, dict[str, str]]:
    """
    Return a *task* that was just handed in, ended if it ends while the *caller* would wait, and the headers for that.

    Who prefers to wait and finds no place does not.
    """
    if asked.time is None:
        return task, {}
    with suppress(TooManyWaits, TaskNotFound), given.waits.one(caller):
        return await until_ended(task, request, given, asked.time), asked.applied
    return task, {}


async def until_ended(
    task: Task, request: Request, given: Services, time: timedelta, *, unless_news_to: frozenset[str] = frozenset()
) -> Task:
    """
    Wait for a task to end, or to be none of the tags that it may be *unless_news_to*, for that *time*; return it.

    It is not waited for any longer than the caller is there.

    Raises:
        Refused: If the caller sends a body that is too large, or never ends.
        TaskNotFound: If it is deleted meanwhile.

    """

    def is_awaited(now: Task) -> bool:
        return now.status.is_final or (bool(unless_news_to) and not _is_known(now, unless_news_to))

    waiting = asyncio.create_task(given.feed.newest(task, until=is_awaited, within=time))
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait([waiting, leaving], return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            leaving.result()
        return waiting.result() if waiting.done() else task
    finally:
        waiting.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    """Return when nobody is there any more to be answered."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def tag(task: Task) -> str:
    """Return the entity tag of a task as it is: weak, since a later version of the service may show it otherwise."""
    return f'W/"{task.revision}-{task.submission[:8]}"'


def _known_tags(headers: Headers) -> frozenset[str]:
    asked = ",".join(headers.getlist("if-none-match"))
    return frozenset({"*"} if asked.strip() == "*" else _TAG.findall(asked))


def _is_known(task: Task, known: frozenset[str]) -> bool:
    return "*" in known or tag(task).removeprefix("W/") in known
