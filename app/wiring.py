"""
The one place that chooses implementations; it hands them values, never the settings.

It also holds what they make together, the engine of one web worker, for as long as that lives.
"""

import asyncio
import gc
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from os import getpid
from random import Random
from types import FrameType
from typing import Final
from uuid import uuid4

from anyio import get_cancelled_exc_class

from app import __version__
from app.api.services import Callers, Limits, Services, Version
from app.domain.errors import StoreUnavailable
from app.domain.identity import ExpectedCallers, Identities
from app.domain.pool import ProcessorPool
from app.domain.processing import Execution
from app.engine.drain import Drain
from app.engine.feed import Feed
from app.engine.known_keys import KnownKeys
from app.engine.observed_store import ObservedStore
from app.engine.ports import ApiKeys
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
from app.processors.pool import ForkserverPool
from app.settings import Auth, Settings, TokenCheck
from app.storage import build_storage

MIB: Final = 1024 * 1024
CPU_TIME_SLACK: Final = timedelta(seconds=5)
"""Beyond the longest time limit, so that the kernel ends only a child that its web worker has failed to end."""

SWITCH_INTERVAL: Final = 0.0005
"""
Seconds after which a thread that computes lets another one go on; by default it is ten times as many. The one that
comes back from SQLite's disk would wait so long for the event loop, and that several times for each task.
"""


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What works in one web worker, as long as its lifespan lasts."""

    api_keys: ApiKeys
    quota: Quota
    turns: Turns
    catalogue: Catalogue
    runner: Runner
    sweeper: Sweeper
    feed: Feed

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Hold store and children, sweep, and hand over what runs in the end."""
        store, pool, drain = self.runner.store, self.runner.pool, self.runner.drain
        async with store.open(), self.feed.open(ends=drain.interrupted), pool.open():
            await self._set_the_clock()
            get_cancelled_exc_class()  # has anyio load its half for asyncio, or the first request would wait for it
            await asyncio.to_thread(_load_io_models, self.catalogue)
            _spare_the_collector()
            sys.setswitchinterval(SWITCH_INTERVAL)
            sweeping = asyncio.create_task(self.sweeper.run(), name="sweeper")
            try:
                with _notice_of_the_end(drain.begin):
                    yield
            finally:
                await drain.finish()
                sweeping.cancel()
                await asyncio.wait([sweeping])

    async def _set_the_clock(self) -> None:
        """Learn the store's time from one read; while it cannot be reached, the machine's has to do."""
        with suppress(StoreUnavailable):
            await self.runner.store.check()


def build(settings: Settings) -> Services:
    """
    Build everything that one web worker needs; nothing is opened yet.

    Raises:
        CatalogueError: If a model cannot be offered.

    """
    engine = _engine(settings)
    store = engine.runner.store
    return Services(
        store=store,
        intake=_intake(engine, Defaults(max_attempts=settings.max_attempts, time_to_live=settings.time_to_live)),
        registry=engine.runner.registry,
        feed=engine.feed,
        waits=Waits(limit=settings.waits),
        catalogue=engine.catalogue,
        pool=engine.runner.pool,
        sign_of_life=SignOfLife(store),
        limits=Limits(
            json_body_bytes=settings.json_body_bytes,
            upload_bytes=settings.upload_bytes,
            content_bytes=settings.content_bytes,
            body_budget_bytes=settings.body_budget_bytes,
            stream=settings.stream_seconds,
        ),
        version=Version(version=__version__, commit=settings.commit, revision=settings.k_revision),
        lifespan=engine.lifespan,
        on_traffic=engine.sweeper.wake,
        on_poll=engine.sweeper.notice,
        work_off=engine.sweeper.work_off,
        scheduler=_scheduler(settings, store.now),
        callers=_callers(settings, engine.api_keys, store.now),
        rate_limit=RateLimit(per_second=settings.requests_per_second) if settings.requests_per_second else None,
        cors_origins=settings.cors_origins,
    )


def _intake(engine: Engine, defaults: Defaults) -> Intake:
    return Intake(
        store=engine.runner.store,
        models=engine.catalogue,
        slots=engine.runner.slots,
        runner=engine.runner,
        quota=engine.quota,
        turns=engine.turns,
        ids=uuid4,
        tokens=_token,
        defaults=defaults,
    )


def _engine(settings: Settings) -> Engine:
    storage = build_storage(settings)
    catalogue = Catalogue.load(settings.processors, statistical_models=settings.statistical_models)
    timing = _timing(settings)
    slots = Slots({Execution.CPU: settings.slots_for_cpu, Execution.IO: settings.io_slots})
    registry = Registry()
    drain = Drain(slots, registry)
    rng = Random()  # noqa: S311 - spreads load, guards nothing
    feed = Feed(
        storage.changes,
        registry,
        now=storage.tasks.now,
        on_due=lambda task: sweeper.notice(task),  # noqa: PLW0108 - there is none yet
    )
    store = ObservedStore(storage.tasks, feed.tell)
    runner = Runner(
        store=store,
        models=catalogue,
        pool=_pool(settings, catalogue, timing),
        slots=slots,
        registry=registry,
        drain=drain,
        timing=timing,
        holder=_holder(settings.k_revision),
        tokens=_token,
        rng=rng,
        show=feed.progress,
    )
    sweeper = Sweeper(runner=runner, interval=settings.sweep, rng=rng)
    if settings.k_service is None:
        sweeper.wake()
    return Engine(
        api_keys=storage.api_keys,
        quota=Quota(storage.open_tasks, limit=settings.open_tasks),
        turns=Turns(at_once=storage.creates),
        catalogue=catalogue,
        runner=runner,
        sweeper=sweeper,
        feed=feed,
    )


def _timing(settings: Settings) -> Timing:
    return Timing(
        lease=settings.lease,
        heartbeat=settings.heartbeat,
        cpu_limit=settings.cpu_limit,
        io_limit=settings.io_limit,
        extract_limit=settings.extract_limit,
    )


def _pool(settings: Settings, catalogue: Catalogue, timing: Timing) -> ProcessorPool:
    return ForkserverPool(
        slots=settings.slots_for_cpu,
        modules=settings.processors,
        memory=settings.child_memory_mib * MIB,
        cpu_time=max(timing.limit(processor) for processor in catalogue) + CPU_TIME_SLACK,
        statistical_models=settings.statistical_models,
        log_level=settings.log_level,
    )


def _callers(settings: Settings, api_keys: ApiKeys, now: Callable[[], datetime]) -> Callers | None:
    if settings.auth is Auth.NONE:
        return None
    google = _identities(settings.google_auth, settings.google_accounts, settings.google_audiences, now)
    return Callers(keys=KnownKeys(api_keys, now=now), google=google)


def _scheduler(settings: Settings, now: Callable[[], datetime]) -> Identities | None:
    accounts, audiences = [settings.sweep_account or ""], [settings.sweep_audience or ""]
    return _identities(settings.sweep_auth, accounts, audiences, now)


def _identities(
    check: TokenCheck | None, accounts: Iterable[str], audiences: Iterable[str], now: Callable[[], datetime]
) -> Identities | None:
    if check is None:
        return None
    from app.adapters.google_identity import PlatformTokens, VerifiedTokens  # noqa: PLC0415 - as above

    return Identities(
        tokens=VerifiedTokens() if check is TokenCheck.VERIFIED else PlatformTokens(),
        expected=ExpectedCallers(accounts=frozenset(accounts), audiences=frozenset(audiences)),
        now=now,
    )


def _spare_the_collector() -> None:
    """Have the garbage collector leave alone what is loaded by now: looking through it stalls the event loop."""
    gc.collect()
    gc.freeze()


def _load_io_models(catalogue: Catalogue) -> None:
    """Have the models that run in this process read what they need; the children's are loaded where they are forked."""
    for processor in catalogue:
        if processor.execution is Execution.IO and processor.load:
            processor.load()


@contextmanager
def _notice_of_the_end(begin: Callable[[], None]) -> Iterator[None]:
    """
    Call *begin* in the event loop as soon as SIGTERM or SIGINT arrives, before the server acts on it.

    The server's own handler goes on to do its work; by itself it would tell
    the application only after its grace for open connections.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def notice(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(begin)
        handler = before[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    for number in before:
        signal.signal(number, notice)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _holder(revision: str | None) -> str:
    """Name this process for people who read leases and logs."""
    return f"{revision or socket.gethostname()}/{getpid()}/{secrets.token_hex(4)}"


def _token() -> str:
    return secrets.token_hex(16)
