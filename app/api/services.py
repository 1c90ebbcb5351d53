"""What the API is given: the ports it talks to and the values it goes by."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from app.domain.identity import Identities
from app.domain.pool import ProcessorPool
from app.domain.processing import Execution, Processor
from app.domain.task import Task
from app.engine.feed import Feed
from app.engine.known_keys import KnownKeys
from app.engine.ports import TaskStore
from app.engine.rate_limit import RateLimit
from app.engine.registry import Registry
from app.engine.sign_of_life import SignOfLife
from app.engine.submission import Intake
from app.engine.waits import Waits
from app.processors.catalogue import Catalogue


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    How much a caller may ask for.

    Attributes:
        json_body_bytes: The largest body of a request.
        upload_bytes: The largest file.
        content_bytes: The largest `content` or `text`, in UTF-8.
        body_budget_bytes: All bodies, and kept texts that are sent, that this process holds at one moment.
        body_time: How long a body may take to arrive.
        change_budget: How long a caller waits for a task to be changed, whatever has to be read for it.
        blocking: How long the blocking call waits.
        stream: How long a stream of events lasts at most.
        sweep: How long the scheduler's request is held while there is work.

    """

    json_body_bytes: int = 2 * 1024 * 1024
    upload_bytes: int = 10 * 1024 * 1024
    content_bytes: int = 1024 * 1024
    body_budget_bytes: int = 64 * 1024 * 1024
    body_time: timedelta = timedelta(seconds=30)
    change_budget: timedelta = timedelta(seconds=4)
    blocking: timedelta = timedelta(seconds=60)
    stream: timedelta = timedelta(seconds=3300)
    sweep: timedelta = timedelta(seconds=45)


@dataclass(frozen=True, kw_only=True)
class Version:
    """What runs here: *revision* is the platform's name for this deployment, if there is a platform."""

    version: str
    commit: str = "unknown"
    revision: str | None = None


class WorkOff(Protocol):
    """Works off what waits, for *within* at the longest."""

    def __call__(self, *, within: timedelta) -> Awaitable[int]:
        """Return how many tasks were taken up."""


@dataclass(frozen=True, kw_only=True)
class Callers:
    """Who may come in: with an API key, or, if they are taken, with a Google identity."""

    keys: KnownKeys
    google: Identities | None


@dataclass(frozen=True, kw_only=True)
class Services:
    """
    Everything that `create_app` needs.

    Attributes:
        lifespan: Holds what must be open while requests are served.
        on_traffic: Called once, at the first request that is no health probe
            and did not come to a tagged revision.
        on_poll: Called with every task that its caller has asked after and that has not ended.
        work_off: Takes up waiting work until none is left, and says how many tasks that were.
        scheduler: Who may ask for a sweep; None if nobody may.
        callers: None if all may come in, and are one owner.
        rate_limit: None if an owner may make as many requests as it likes.
        cors_origins: Whose web pages may call.

    """

    store: TaskStore
    intake: Intake
    registry: Registry
    feed: Feed
    waits: Waits
    catalogue: Catalogue
    pool: ProcessorPool
    sign_of_life: SignOfLife
    limits: Limits
    version: Version
    lifespan: Callable[[], AbstractAsyncContextManager[None]]
    on_traffic: Callable[[], None]
    on_poll: Callable[[Task], None]
    work_off: WorkOff
    scheduler: Identities | None
    callers: Callers | None
    rate_limit: RateLimit | None
    cors_origins: tuple[str, ...]

    def why_not(self, processor: Processor) -> str | None:
        """Say why *processor* cannot work at the moment; None if it can."""
        if processor.execution is Execution.CPU and not self.pool.is_usable:
            return "No child process can take a document at the moment"
        return None
