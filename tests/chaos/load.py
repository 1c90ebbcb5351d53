"""
Callers, as good ones behave: they hand in, repeat what was not answered, watch or poll, cancel, retry and delete.

Whatever they ask and are told goes into the history. They are told nothing of
the faults, and ask any server for anything.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from random import Random
from time import monotonic
from typing import Any, Final, NamedTuple

import httpx

from tests.chaos.chance import chance
from tests.chaos.codes import SSE, UNANSWERED, WEBSOCKET
from tests.chaos.history import Asked, History, Seen, Submitted
from tests.chaos.lives import FINAL
from tests.chaos.watchers import ANSWER_SECONDS, SseWatcher, Watcher, WebSocketWatcher
from tests.chaos.wishes import BURST, NEW_MODELS, TEXT, Wish

REPEATED: Final = (UNANSWERED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
ANSWERED: Final = (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)

POLL: Final = "poll"
LONG_POLL: Final = "long-poll"
POLLS_ONLY: Final[Mapping[str, int]] = {POLL: 1}
ALL_WAYS: Final[Mapping[str, int]] = {POLL: 3, LONG_POLL: 2, SSE: 3, WEBSOCKET: 2}
"""How callers learn what becomes of their documents, and how many do so, in proportion."""

BLIND: Final = 0.3
"""Which part of those who hear events do not look into them."""

LONGEST_WAIT: Final = 6.0
"""Seconds that a long-poll waits at most."""

AT_ONCE: Final = 32
"""How many of a burst's callers have a request open at the same time; likewise when all take their last look."""


def http_client() -> httpx.AsyncClient:
    """As many connections as the callers need; few are kept, since each request looks through all of them."""
    return httpx.AsyncClient(timeout=ANSWER_SECONDS, limits=httpx.Limits(max_keepalive_connections=AT_ONCE))


class Answer(NamedTuple):
    """What came back: *code* is 0 if nothing did."""

    began: float
    ended: float
    code: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Load:
    """
    The callers of one run.

    Attributes:
        give_up_at: When the monotonic clock says so, they do.

    """

    def __init__(  # noqa: PLR0913 - who is asked, for what, and how
        self,
        history: History,
        client: httpx.AsyncClient,
        urls: Sequence[str],
        *,
        newest: Sequence[str] = (),
        ways: Mapping[str, int] = POLLS_ONLY,
        seed: str,
    ) -> None:
        """
        Ask the servers at *urls* by *client*.

        For the models that only the *newest* ones of them know, documents are handed in there. The *ways* are those
        of the callers' to look after their documents.
        """
        self._history = history
        self._urls = urls
        self._newest = newest
        self._ways = ways
        self._seed = seed
        self.give_up_at = math.inf
        self._client = client
        self._places = asyncio.Semaphore(AT_ONCE)
        self._watchers: dict[tuple[str, str], Watcher] = {}

    async def run(self, wishes: Sequence[Wish]) -> None:
        """Live the lives of all callers."""
        began = monotonic()
        await asyncio.gather(*(self._live(wish, began) for wish in wishes))

    async def look_once_more(self) -> None:
        """Let every caller who knows a task look at it again, now that all is over."""
        pairs = {(seen.client, seen.task_id) for seen in self._history.seen}
        pairs |= {(event.client, event.task_id) for event in self._history.heard}

        async def look(client: str, task_id: str) -> None:
            async with self._places:
                await self._look(client, task_id, chance(self._seed, "last look", client))

        await asyncio.gather(*(look(*pair) for pair in sorted(pairs)))

    async def _live(self, wish: Wish, began: float) -> None:
        if wish.label.startswith(BURST):
            async with self._places:
                await self._hand_in(wish, chance(self._seed, wish.label))
            return
        rng = chance(self._seed, wish.label)
        await asyncio.sleep(max(0.0, began + wish.at - monotonic()))
        copies = (self._hand_in(wish, chance(self._seed, wish.label, number)) for number in range(wish.copies))
        found = [task_id for task_id in await asyncio.gather(*copies) if task_id]
        if not found:
            return
        async with asyncio.TaskGroup() as group:
            for number in range(wish.watchers):
                group.create_task(self._watch(f"{wish.label}/{number}", found[0]))
            if wish.cancel_after is not None:
                group.create_task(self._cancel(found[0], wish.cancel_after, rng))
        await self._go_on(wish, found[0], rng)

    async def _go_on(self, wish: Wish, task_id: str, rng: Random) -> None:
        match wish.then:
            case "retry":
                await self._insist("retry", task_id, rng)
                await self._watch(f"{wish.label}/0", task_id)
            case "delete":
                await self._insist("delete", task_id, rng)

    async def _hand_in(self, wish: Wish, rng: Random) -> str | None:
        for repetition in range(1_000):
            urls = self._newest if wish.model in NEW_MODELS else self._urls
            answer = await self._ask("POST", rng, urls=urls, **_request(wish))
            self._history.submitted.append(_submitted(wish, answer))
            if answer.code not in REPEATED or monotonic() > self.give_up_at:
                break
            await asyncio.sleep(_backoff(rng, repetition))
        return _named(wish, answer)

    async def _watch(self, client: str, task_id: str) -> None:
        (way,) = chance(self._seed, "way", client).choices(list(self._ways), weights=list(self._ways.values()))
        if way in {POLL, LONG_POLL}:
            await self._poll(client, task_id, is_long=way == LONG_POLL)
            return
        if (client, task_id) not in self._watchers:
            self._watchers[client, task_id] = self._watcher(way, client, task_id)
        await self._watchers[client, task_id].until_the_end()

    def _watcher(self, way: str, client: str, task_id: str) -> Watcher:
        rng = chance(self._seed, client)
        common: dict[str, Any] = {
            "history": self._history,
            "urls": self._urls,
            "rng": rng,
            "is_over": lambda: monotonic() >= self.give_up_at,
        }
        if way == SSE:
            return SseWatcher(client, task_id, http=self._client, is_blind=rng.random() < BLIND, **common)
        return WebSocketWatcher(client, task_id, **common)

    async def _poll(self, client: str, task_id: str, *, is_long: bool) -> None:
        rng, missing, known = chance(self._seed, client), 0, ""
        while monotonic() < self.give_up_at:
            asked = _waiting(rng, known) if is_long else {}
            seen, known = await self._look(client, task_id, rng, **asked)
            missing += seen.code == HTTPStatus.NOT_FOUND
            if seen.status in FINAL or missing > 2:
                return
            has_waited = is_long and seen.code in ANSWERED
            await asyncio.sleep(rng.uniform(0.05, 0.3) if has_waited else rng.uniform(0.2, 1.0))

    async def _look(self, client: str, task_id: str, rng: Random, **asked: Any) -> tuple[Seen, str]:  # noqa: ANN401 - httpx's
        """Read a task once; return what was seen, and its tag."""
        answer = await self._ask("GET", rng, path=f"/tasks/{task_id}", **asked)
        body = answer.body
        seen = Seen(
            client=client,
            task_id=task_id,
            began=answer.began,
            ended=answer.ended,
            code=answer.code,
            status=body.get("status") if answer.code == HTTPStatus.OK else None,
            attempt=body.get("attempt"),
            revision=body.get("revision"),
        )
        self._history.seen.append(seen)
        return seen, answer.headers.get("etag", "")

    async def _cancel(self, task_id: str, after: float, rng: Random) -> None:
        await asyncio.sleep(min(after, max(0.0, self.give_up_at - monotonic())))
        await self._insist("cancel", task_id, rng)

    async def _insist(self, verb: str, task_id: str, rng: Random) -> None:
        """Ask for a change until somebody says yes or no."""
        for repetition in range(1_000):
            method, path = ("DELETE", "") if verb == "delete" else ("POST", f"/{verb}")
            answer = await self._ask(method, rng, path=f"/tasks/{task_id}{path}")
            status = answer.body.get("status") if answer.code == HTTPStatus.OK else None
            self._history.asked.append(
                Asked(
                    verb=verb,
                    task_id=task_id,
                    began=answer.began,
                    ended=answer.ended,
                    code=answer.code,
                    status=status,
                )
            )
            if answer.code not in REPEATED or monotonic() > self.give_up_at:
                return
            await asyncio.sleep(_backoff(rng, repetition))

    async def _ask(
        self,
        method: str,
        rng: Random,
        *,
        path: str,
        urls: Sequence[str] = (),
        **request: Any,  # noqa: ANN401 - httpx's
    ) -> Answer:
        began = monotonic()
        try:
            answer = await self._client.request(method, f"{rng.choice(urls or self._urls)}{path}", **request)
        except httpx.TransportError:
            return Answer(began, monotonic(), UNANSWERED, {}, {})
        body = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        return Answer(began, monotonic(), answer.status_code, body, answer.headers)


def _waiting(rng: Random, known: str) -> dict[str, Any]:
    """What makes a request a long-poll: for the end or, half of the time, for any change of what is *known*."""
    seconds = rng.uniform(1.0, LONGEST_WAIT)
    headers = {"If-None-Match": known} if known and rng.random() < 0.5 else {}
    patience = {"timeout": ANSWER_SECONDS + seconds}
    if rng.random() < 0.5:
        return patience | {"headers": headers | {"Prefer": f"wait={seconds:.0f}"}}
    return patience | {"headers": headers, "params": {"wait": f"{seconds:.2f}"}}


def _request(wish: Wish) -> dict[str, Any]:
    if wish.model == TEXT:
        body: dict[str, Any] = {"text": wish.text, "task_id": wish.key, "model_name": "instant"}
        return {"path": "/process_text_async/", "json": body | {"max_attempts": wish.max_attempts}}
    body = {"content": wish.text, "model_name": wish.model, "max_attempts": wish.max_attempts}
    headers = {"Idempotency-Key": wish.key} if wish.key else {}
    return {"path": "/process_document/", "json": body, "headers": headers}


def _submitted(wish: Wish, answer: Answer) -> Submitted:
    return Submitted(
        label=wish.label,
        expected=wish.expected,
        began=answer.began,
        ended=answer.ended,
        code=answer.code,
        task_id=_named(wish, answer),
        key=wish.key,
        replayed=answer.headers.get("idempotency-replayed") == "true",
    )


def _named(wish: Wish, answer: Answer) -> str | None:
    """The id in an answer that accepts."""
    if answer.code not in {HTTPStatus.OK, HTTPStatus.ACCEPTED}:
        return None
    task_id: str = answer.body["id" if wish.model == TEXT else "task_id"]
    return task_id


def _backoff(rng: Random, repetition: int) -> float:
    """Seconds before one repeats: nothing to half a second, later up to two, so that callers do not come together."""
    return rng.uniform(0, min(2.0, 0.5 * 2**repetition))
