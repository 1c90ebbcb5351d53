"""
What the engine needs from outside.

Whoever implements a port keeps its docstring's promise; `tests/contract/`
holds every adapter to it. No port knows a framework or a cloud.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.keys import ApiKey
from app.domain.processing import Execution, KeptText
from app.domain.task import Status, Task


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A task as it was read or written; *version* is the store's, and nobody else looks into it."""

    task: Task
    version: object


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a listing; *cursor* leads to the next one, None at the end."""

    tasks: tuple[Task, ...]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How many *calls* to the store are under way, and how long the *oldest* of them has been."""

    calls: int
    oldest: timedelta


class TaskStore(ABC):
    """
    Tasks and their content, changed by compare-and-swap and in no other way.

    Every call ends within a few seconds. `StoreUnavailable` after a write means
    that nobody knows whether it landed: read, compare, and issue the same
    write again. What has expired is as good as gone.
    """

    @abstractmethod
    def open(self) -> AbstractAsyncContextManager[None]:
        """Hold the connection; entering it succeeds even while the store cannot be reached."""

    @abstractmethod
    async def check(self) -> None:
        """
        Do nothing, if the store can be used.

        Raises:
            StoreUnavailable: If it cannot.

        """

    @abstractmethod
    def now(self) -> datetime:
        """The store's own time, as well as this process can tell; leases are judged by it."""

    @abstractmethod
    def under_way(self) -> UnderWay:
        """The calls of this process that have not ended yet, whatever they are for."""

    @abstractmethod
    async def create(self, task: Task, content: bytes) -> Snapshot:
        """
        Store a new *task* with its *content*, both or neither; what is not a file is text in UTF-8.

        Raises:
            TaskExists: If the id is taken by a task that has not expired.
            StoreUnavailable: If nobody knows whether it landed.

        """

    @abstractmethod
    async def get(self, task_id: str) -> Snapshot:
        """
        The task as it is stored now.

        Raises:
            TaskNotFound: If there is none, or it has expired.
            StoreUnavailable: If the store does not answer.

        """

    @abstractmethod
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        """
        Write *new* if the task is still as it was *seen*.

        The same write erases the content if *new* no longer keeps it.

        Raises:
            StaleWrite: If the task has changed, or is gone.
            StoreUnavailable: If nobody knows whether it landed.

        """

    @abstractmethod
    async def content(self, task: Task) -> bytes:
        """
        What the caller handed in, byte for byte.

        Raises:
            TaskNotFound: If it has been erased.
            StoreUnavailable: If the store does not answer.

        """

    @abstractmethod
    async def keep_text(self, task: Task, token: str, text: str) -> KeptText:
        """
        Keep *text* beside the running *task*, as what the worker with the lease *token* read; again changes nothing.

        Returns what `complete` has to say of it: only then it is the task's, and goes when the task goes. One that no
        task speaks of is seen by nobody, and goes by itself.

        Raises:
            StoreUnavailable: If nobody knows whether it landed.

        """

    @abstractmethod
    async def text(self, task: Task) -> str:
        """
        The text that is kept beside a completed *task*.

        Raises:
            TaskNotFound: If there is none, or it has been erased or has expired.
            StoreUnavailable: If the store does not answer.

        """

    @abstractmethod
    async def due(
        self, execution: Execution, *, now: datetime, limit: int, after: Snapshot | None = None
    ) -> Sequence[Snapshot]:
        """
        Tasks whose `due_at` is not later than *now*, oldest first, over all lanes of *execution*.

        At most *limit*; fewer only if there are no more. *after* continues behind the last one of a call.

        Raises:
            StoreUnavailable: If the store does not answer.

        """

    @abstractmethod
    async def list(self, owner: str, *, status: Status | None, page_size: int, cursor: str | None) -> Page:
        """
        The tasks of *owner*, newest first; a completed one has `RESULT_LEFT_OUT` for its result.

        Tasks that come or go meanwhile neither repeat nor hide others.

        Raises:
            InvalidCursor: If *cursor* is not one of this listing's.
            StoreUnavailable: If the store does not answer.

        """

    @abstractmethod
    async def delete(self, seen: Snapshot) -> None:
        """
        Erase a task and all that belongs to it, if it is still as it was *seen*.

        Raises:
            StaleWrite: If the task has changed, or is gone.
            StoreUnavailable: If nobody knows whether it landed.

        """


class OpenTasks(ABC):
    """How much work each owner has left to be done."""

    @abstractmethod
    async def open_tasks(self, owner: str, *, at_most: int) -> int:
        """
        How many tasks of *owner* are pending or processing, counted no further than *at_most*, which is positive.

        Raises:
            StoreUnavailable: If the store does not answer.

        """


type Tell = Callable[[str, Task | None], None]
"""Takes in how the task with this id was seen; None if there is none, or none any longer."""


class Changes(ABC):
    """
    News of single tasks, whichever process writes them.

    The newest state of a followed task is told soon after it was written, and again if need be; earlier ones may be
    left out. What is told late may be older than what was told before: a task's `revision` says which is newer. An
    outage is waited out, and nothing that still counts is missed in it.
    """

    @abstractmethod
    def open(self, tell: Tell) -> AbstractAsyncContextManager[None]:
        """Hold whatever it takes, and *tell* of the tasks that are followed meanwhile; *tell* never raises."""

    @abstractmethod
    def follow(self, task_id: str) -> None:
        """Tell how the task is now, and what becomes of it; once, until it is left."""

    @abstractmethod
    def leave(self, task_id: str) -> None:
        """Tell of the task no more; one that is not followed is none to leave."""


class ApiKeys(ABC):
    """
    What is kept of the API keys; the keys themselves are nowhere.

    None is ever removed: a revoked or expired one goes on to say whose it was.
    """

    @abstractmethod
    async def add(self, key: ApiKey) -> None:
        """
        Keep *key*; to add it once more changes nothing.

        Raises:
            KeyExists: If its id is taken by another one.
            StoreUnavailable: If nobody knows whether it landed.

        """

    @abstractmethod
    async def find(self, key_id: str) -> ApiKey:
        """
        The key with this id, as it is kept now.

        Raises:
            KeyNotFound: If there is none.
            StoreUnavailable: If the store does not answer.

        """

    @abstractmethod
    async def list(self) -> Sequence[ApiKey]:
        """
        All keys, in the order in which they were made.

        Raises:
            StoreUnavailable: If the store does not answer.

        """

    @abstractmethod
    async def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        """
        Revoke the key with this id, and return it; once or more often, the first time counts.

        Raises:
            KeyNotFound: If there is none.
            StoreUnavailable: If nobody knows whether it landed.

        """


def is_task_id(text: str) -> bool:
    """Tell whether *text* is a UUID in its one canonical spelling."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
