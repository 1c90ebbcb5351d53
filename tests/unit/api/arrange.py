"""The API over a real SQLite store and a real engine; only the models are small, and run on the event loop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any, cast, override
from uuid import uuid4

import httpx
import structlog
from fastapi import FastAPI

from app.adapters.sqlite_store import SqliteStore
from app.api.application import create_app
from app.api.services import Callers, Limits, Services, Version
from app.domain.errors import PermanentFailure, StoreUnavailable, TransientFailure
from app.domain.extraction import Extraction
from app.domain.identity import Identities
from app.domain.pool import ProcessorPool
from app.domain.processing import Document, Execution, Kind, Processor, Report, Result, answer
from app.domain.task import Task
from app.engine.drain import Drain
from app.engine.feed import Feed, Watch
from app.engine.observed_store import ObservedStore
from app.engine.polling import Polling
from app.engine.ports import Changes, Snapshot, TaskStore, UnderWay
from app.engine.quota import Quota
from app.engine.rate_limit import RateLimit
from app.engine.registry import Registry
from app.engine.runner import Runner, Timing
from app.engine.sign_of_life import SignOfLife
from app.engine.slots import Slots
from app.engine.submission import Defaults, Intake
from app.engine.sweeper import Sweeper
from app.engine.turns import Turns
from app.engine.waits import Waits
from app.processors.catalogue import Catalogue
from app.processors.extraction import extract
from app.telemetry import logs

URL = "http://afterword.test"
SECRET = "geheimnis"  # noqa: S105 - no password, but the word that must never be seen in a log or an answer


def summarise(document: Document, _report: Report) -> Result:
    """Answer the first word, and the options."""
    return {"summary": document.text.split()[0], "options": dict(document.options)}


def shout(document: Document, _report: Report) -> Result:
    """Do what the tutorial's text model does, but for two words."""
    if document.text in {"refuse", "stumble"}:
        raise PermanentFailure if document.text == "refuse" else TransientFailure
    how = "Texto procesado" if document.options.get("blocking") else "Texto procesado asíncronamente"
    return f"{how}: '{document.text.upper()}'"


def refuse(_document: Document, _report: Report) -> Result:
    """Fail for good."""
    raise PermanentFailure("This model never works")


def stumble(_document: Document, _report: Report) -> Result:
    """Fail for now."""
    raise TransientFailure("This model is tired")


MODELS = (
    Processor(
        name="extractive_v1",
        run=summarise,
        aliases=("default_ai_model", "summarizer_v1"),
        languages=("es",),
        layers=("rules",),
    ),
    Processor(name="uppercase", run=shout, kinds=frozenset({Kind.TEXT})),
    Processor(name="refusing", run=refuse),
    Processor(name="stumbling", run=stumble),
)


@dataclass
class Pool(ProcessorPool):
    """Runs processors right here, in no time; while the *gate* is shut, none of them begins."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    is_usable: bool = True

    @override
    def open(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    @override
    async def run(self, processor: Processor, document: Document, report: Report, *, limit: timedelta) -> Result:
        self.asked.set()
        await self.gate.wait()
        return answer(processor.run(document, report), document.kind)

    @override
    async def extract(self, file: bytes, report: Report, *, limit: timedelta) -> Extraction:
        await self.gate.wait()
        return extract(file, report)


class Store(SqliteStore):
    """A store that can be out of reach or stand still, and where somebody else can be faster."""

    is_reachable = True
    reads = 0
    """How often a task was read."""
    waiting = UnderWay(calls=0, oldest=timedelta(0))
    stands_still_at: str | None = None
    """The call that gets no answer, of `get`, `swap` and `delete`."""
    faster: Callable[[Snapshot], Awaitable[object]] | None = None
    """What somebody else does to a task just before it is deleted."""

    @override
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        await self._answer("swap")
        return await super().swap(seen, new)

    @override
    async def delete(self, seen: Snapshot) -> None:
        await self._answer("delete")
        faster, self.faster = self.faster, None
        if faster is not None:
            await faster(seen)
        await super().delete(seen)

    @override
    def under_way(self) -> UnderWay:
        return self.waiting

    @override
    async def check(self) -> None:
        self._reach()
        await super().check()

    @override
    async def due(
        self, execution: Execution, *, now: datetime, limit: int, after: Snapshot | None = None
    ) -> Sequence[Snapshot]:
        self._reach()
        return await super().due(execution, now=now, limit=limit, after=after)

    @override
    async def get(self, task_id: str) -> Snapshot:
        self.reads += 1
        self._reach()
        await self._answer("get")
        return await super().get(task_id)

    async def _answer(self, call: str) -> None:
        if call == self.stands_still_at:
            await asyncio.Event().wait()

    def _reach(self) -> None:
        if not self.is_reachable:
            raise StoreUnavailable


class WatchedFeed(Feed):
    """A feed that keeps a list of what is *watched*."""

    def __init__(self, changes: Changes, registry: Registry, **further: Any) -> None:  # noqa: ANN401 - as the other
        """Begin with none."""
        super().__init__(changes, registry, **further)
        self.watched: list[str] = []

    @override
    @contextmanager
    def watch(self, task: Task, *, after: int | None = None) -> Iterator[Watch]:
        with super().watch(task, after=after) as watch:
            self.watched.append(task.id)
            yield watch


@dataclass(kw_only=True)
class World:
    """One process of the service, and a caller."""

    services: Services
    caller: httpx.AsyncClient
    app: FastAPI
    store: Store
    pool: Pool
    slots: Slots
    traffic: list[str]
    polled: list[Task]
    watched: list[str]
    drain: Drain

    async def submit(self, **members: Any) -> str:  # noqa: ANN401 - any member of a request
        """Hand in a document and return its task's id."""
        answered = await self.caller.post("/process_document/", json={"content": "Hola mundo."} | members)
        return str(answered.json()["task_id"])

    async def finish(self, **members: Any) -> str:  # noqa: ANN401 - any member of a request
        """Hand in a document, wait until its run has ended, and return its task's id."""
        task_id = await self.submit(**members)
        await self.services.registry.ended(task_id)
        return task_id

    async def tasks(self) -> tuple[Task, ...]:
        """Return the caller's tasks in the store."""
        return (await self.store.list("anonymous", status=None, page_size=100, cursor=None)).tasks


@asynccontextmanager
async def world(  # noqa: PLR0913 - a test names the one that matters to it
    path: Path,
    *,
    cpu_slots: int = 2,
    limits: Limits | None = None,
    defaults: Defaults | None = None,
    open_tasks: int = 20_000,
    models: Sequence[Processor] = MODELS,
    scheduler: Identities | None = None,
    callers: Callable[[Store], Callers] | None = None,
    rate_limit: RateLimit | None = None,
    cors_origins: tuple[str, ...] = (),
    waits: int = 0,
) -> AsyncIterator[World]:
    """Start a process of the service with its store under *path*."""
    store = Store(path / "tasks.db", clock=lambda: datetime.now(UTC))
    catalogue, pool, registry = Catalogue(tuple(models)), Pool(), Registry()
    slots = Slots({Execution.CPU: cpu_slots, Execution.IO: 2})
    drain = Drain(slots, registry, grace=timedelta(0))
    traffic: list[str] = []
    polled: list[Task] = []
    feed = WatchedFeed(Polling(store), registry, now=store.now, on_due=polled.append)
    observed = ObservedStore(store, feed.tell)
    runner = _runner(observed, catalogue, pool, slots, registry, drain, feed)
    services = Services(
        store=observed,
        intake=_intake(runner, defaults or Defaults(), Quota(store, limit=open_tasks)),
        registry=registry,
        feed=feed,
        waits=Waits(limit=waits),
        catalogue=catalogue,
        pool=pool,
        sign_of_life=SignOfLife(store, fresh=timedelta(0)),
        limits=limits or Limits(),
        version=Version(version="1.2.3", commit="abc"),
        lifespan=partial(_living, store, feed, drain),
        on_traffic=lambda: traffic.append("noticed"),
        on_poll=polled.append,
        work_off=Sweeper(runner=runner, interval=timedelta(seconds=15), rng=runner.rng).work_off,
        scheduler=scheduler,
        callers=callers(store) if callers else None,
        rate_limit=rate_limit,
        cors_origins=cors_origins,
    )
    pool.gate.set()
    app = create_app(services)
    async with app.router.lifespan_context(app), calling(app) as caller:
        yield World(
            services=services,
            caller=caller,
            app=app,
            store=store,
            pool=pool,
            slots=slots,
            traffic=traffic,
            polled=polled,
            watched=feed.watched,
            drain=drain,
        )


@asynccontextmanager
async def _living(store: Store, feed: Feed, drain: Drain) -> AsyncIterator[None]:
    async with store.open(), feed.open(ends=drain.interrupted):
        yield
        await drain.finish()


def _runner(  # noqa: PLR0913, PLR0917 - the parts of a process
    store: TaskStore, models: Catalogue, pool: Pool, slots: Slots, registry: Registry, drain: Drain, feed: Feed
) -> Runner:
    return Runner(
        store=store,
        models=models,
        pool=pool,
        slots=slots,
        registry=registry,
        drain=drain,
        timing=Timing(),
        holder="here",
        tokens=_token,
        rng=Random(1),  # noqa: S311 - spreads retries
        show=feed.progress,
    )


def _intake(runner: Runner, defaults: Defaults, quota: Quota) -> Intake:
    return Intake(
        store=runner.store,
        models=runner.models,
        slots=runner.slots,
        runner=runner,
        quota=quota,
        turns=Turns(at_once=2),
        ids=uuid4,
        tokens=_token,
        defaults=defaults,
    )


def _token() -> str:
    return uuid4().hex


@asynccontextmanager
async def calling(app: Any) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ANN401 - any ASGI application
    """Talk to *app* as a client would; what it raises would reach the server, and so the test."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as caller:
        yield caller


@contextmanager
def logged() -> Iterator[StringIO]:
    """Write this process's log lines, of every level and every library, into memory."""
    stream, root, before = StringIO(), logging.getLogger(), list(logging.getLogger().handlers)
    level = root.level
    logs.configure(level="debug", project=None, stream=stream)
    structlog.configure(cache_logger_on_first_use=False)
    try:
        yield stream
    finally:
        structlog.reset_defaults()
        root.handlers, root.level = before, level


def assert_problem(answered: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that *answered* is the problem *code*, in the shape that every problem has; return it."""
    body = cast("dict[str, Any]", answered.json())
    assert (answered.status_code, body["code"]) == (status, code)
    assert answered.headers["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert body["request_id"] == answered.headers["x-request-id"]
    assert isinstance(body["retryable"], bool)
    assert all(isinstance(body[member], str) and body[member] for member in ("type", "title", "detail"))
    assert SECRET not in answered.text
    return body
