"""Honest stand-ins for the ports: they keep the ports' promises, in memory, and break where a test tells them to."""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from itertools import count
from typing import override

from app.domain.errors import (
    InvalidCursor,
    KeyExists,
    KeyNotFound,
    StaleWrite,
    StoreUnavailable,
    TaskExists,
    TaskNotFound,
    UnknownModel,
)
from app.domain.keys import ApiKey
from app.domain.processing import Execution, KeptText, Kind, Models, Processor
from app.domain.task import RESULT_LEFT_OUT, Status, Task
from app.engine.ports import ApiKeys, OpenTasks, Page, Snapshot, TaskStore, UnderWay
from tests.factories import NOW

PATIENCE = 10.0
"""Seconds after which a test that waits for something has failed."""


class FakeClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        """Begin at `NOW`."""
        self._now = NOW

    def __call__(self) -> datetime:
        """The time."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self._now += by


@dataclass(frozen=True)
class Gate:
    """Holds one call, so that a test can act in the middle of it."""

    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def pass_through(self) -> None:
        """Wait here until a test opens the gate."""
        self._reached.set()
        await self._opened.wait()

    async def reached(self) -> None:
        """Wait until a call has come to the gate."""
        async with asyncio.timeout(PATIENCE):
            await self._reached.wait()

    def open(self) -> None:
        """Let the call go on."""
        self._opened.set()


class Gated:
    """Something whose calls a test can hold, one after the other."""

    def __init__(self) -> None:
        """Hold none."""
        self._gates: deque[Gate] = deque()

    def hold(self) -> Gate:
        """Hold the next call: a store's answer, or a run before it begins to read the document."""
        gate = Gate()
        self._gates.append(gate)
        return gate

    def next_gate(self) -> Gate | None:
        """Take the gate of the call that begins now, if it has one."""
        return self._gates.popleft() if self._gates else None


class Lost(Enum):
    """What can get lost on the way to a store and back."""

    REQUEST = auto()
    ANSWER = auto()


class MemoryStore(TaskStore, OpenTasks):
    """
    Tasks in a dictionary.

    Attributes:
        calls: How often each method was called.
        history: Every task that was written, in order.
        reachable: False during an outage.
        load: The calls that are said to be under way.

    """

    def __init__(self, clock: FakeClock | None = None) -> None:
        """Go by *clock*."""
        self.clock = clock or FakeClock()
        self.calls: Counter[str] = Counter()
        self.asked_for: Counter[Execution] = Counter()
        self.history: list[Task] = []
        self.reachable = True
        self.load = UnderWay(calls=0, oldest=timedelta(0))
        self._losses: defaultdict[str, deque[Lost]] = defaultdict(deque)
        self._gates: defaultdict[str, deque[Gate]] = defaultdict(deque)
        self._stored: dict[str, Snapshot] = {}
        self._contents: dict[str, bytes] = {}
        self._texts: dict[tuple[str, str], str] = {}
        self._versions = count(1)
        self._called = asyncio.Event()

    @property
    def writes(self) -> int:
        """How many calls wanted to write."""
        return sum(self.calls[name] for name in ("create", "swap", "delete", "keep_text"))

    @property
    def reads(self) -> int:
        """How many calls wanted to read."""
        return self.calls.total() - self.writes

    def lose(self, call: str, lost: Lost, *, times: int = 1) -> None:
        """Lose the next requests or answers of the method *call*."""
        self._losses[call].extend([lost] * times)

    def hold(self, call: str) -> Gate:
        """Hold the next call of the method *call* before it does anything."""
        gate = Gate()
        self._gates[call].append(gate)
        return gate

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something that only a call can bring about."""
        async with asyncio.timeout(PATIENCE):
            while not is_so():
                await self._called.wait()

    def peek(self, task_id: str) -> Task:
        """Look at a stored task without asking the store for it."""
        return self._stored[task_id].task

    def has_content(self, task_id: str) -> bool:
        """Whether the task's input is still kept."""
        return task_id in self._contents

    @override
    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        yield

    @override
    async def check(self) -> None:
        async with self._call("check"):
            return

    @override
    def now(self) -> datetime:
        return self.clock()

    @override
    def under_way(self) -> UnderWay:
        return self.load

    @override
    async def create(self, task: Task, content: bytes) -> Snapshot:
        async with self._call("create"):
            if task.id in self._stored and not self._is_gone(self._stored[task.id].task):
                raise TaskExists
            self._contents[task.id] = content
            return self._write(task)

    @override
    async def get(self, task_id: str) -> Snapshot:
        async with self._call("get"):
            return self._read(task_id)

    @override
    async def swap(self, seen: Snapshot, new: Task) -> Snapshot:
        async with self._call("swap"):
            self._refuse_unless_current(seen)
            if not new.keeps_content:
                self._contents.pop(new.id, None)
            return self._write(new)

    @override
    async def content(self, task: Task) -> bytes:
        async with self._call("content"):
            if task.id not in self._contents or self._read(task.id).task.submission != task.submission:
                raise TaskNotFound
            return self._contents[task.id]

    @override
    async def keep_text(self, task: Task, token: str, text: str) -> KeptText:
        async with self._call("keep_text"):
            self._texts[task.id, token] = text
            return KeptText(token=token, size=len(text.encode()))

    @override
    async def text(self, task: Task) -> str:
        async with self._call("text"):
            if task.text is None or self._read(task.id).task.text != task.text:
                raise TaskNotFound
            return self._texts[task.id, task.text.token]

    @override
    async def due(
        self, execution: Execution, *, now: datetime, limit: int, after: Snapshot | None = None
    ) -> Sequence[Snapshot]:
        self.asked_for[execution] += 1
        async with self._call("due"):
            waiting = [one for one in self._stored.values() if one.task.due_at and one.task.due_at <= now]
            behind = [one for one in waiting if after is None or _position(one) > _position(after)]
            of_this_kind = [one for one in behind if one.task.execution is execution]
            return sorted(of_this_kind, key=_position)[:limit]

    @override
    async def list(self, owner: str, *, status: Status | None, page_size: int, cursor: str | None) -> Page:
        async with self._call("list"):
            if cursor is not None and not (cursor.isdecimal() and int(cursor)):
                raise InvalidCursor
            begin = int(cursor or 0)
            theirs = [one.task for one in self._stored.values() if one.task.owner == owner]
            wanted = [task for task in reversed(theirs) if status in {None, task.status} and not self._is_gone(task)]
            end = begin + page_size
            page = tuple(replace(task, result=RESULT_LEFT_OUT) if task.result else task for task in wanted[begin:end])
            return Page(page, str(end) if end < len(wanted) else None)

    @override
    async def delete(self, seen: Snapshot) -> None:
        async with self._call("delete"):
            self._refuse_unless_current(seen)
            del self._stored[seen.task.id]
            self._contents.pop(seen.task.id, None)

    @override
    async def open_tasks(self, owner: str, *, at_most: int) -> int:
        async with self._call("open_tasks"):
            theirs = [one.task for one in self._stored.values() if one.task.owner == owner]
            return min(at_most, sum(not task.status.is_final for task in theirs))

    @asynccontextmanager
    async def _call(self, name: str) -> AsyncIterator[None]:
        self.calls[name] += 1
        lost = self._losses[name].popleft() if self._losses[name] else None
        gate = self._gates[name].popleft() if self._gates[name] else None
        try:
            await asyncio.sleep(0)  # a real store's answer takes a while, too
            if gate:
                await gate.pass_through()
            if not self.reachable or lost is Lost.REQUEST:
                raise StoreUnavailable
            yield
            if lost is Lost.ANSWER:
                raise StoreUnavailable
        finally:
            called, self._called = self._called, asyncio.Event()
            called.set()

    def _read(self, task_id: str) -> Snapshot:
        stored = self._stored.get(task_id)
        if stored is None or self._is_gone(stored.task):
            raise TaskNotFound
        return stored

    def _write(self, task: Task) -> Snapshot:
        self._stored[task.id] = written = Snapshot(task, next(self._versions))
        self.history.append(task)
        return written

    def _refuse_unless_current(self, seen: Snapshot) -> None:
        stored = self._stored.get(seen.task.id)
        if stored is None or stored.version != seen.version:
            raise StaleWrite

    def _is_gone(self, task: Task) -> bool:
        return task.expires_at is not None and task.expires_at <= self.clock()


def _position(snapshot: Snapshot) -> tuple[datetime, str]:
    task = snapshot.task
    return task.due_at or task.created_at, task.id


class MemoryApiKeys(Gated, ApiKeys):
    """
    API keys in a dictionary.

    Attributes:
        calls: How often each method was called.
        asked_for: The ids that were looked up, in order.
        reachable: False during an outage.

    """

    def __init__(self, *keys: ApiKey) -> None:
        """Begin with *keys*."""
        self.calls: Counter[str] = Counter()
        self.asked_for: list[str] = []
        super().__init__()
        self.reachable = True
        self._kept = {key.id: key for key in keys}

    @override
    async def add(self, key: ApiKey) -> None:
        await self._called("add")
        if self._kept.setdefault(key.id, key) != key:
            raise KeyExists

    @override
    async def find(self, key_id: str) -> ApiKey:
        self.asked_for.append(key_id)
        await self._called("find")
        return self._read(key_id)

    @override
    async def list(self) -> Sequence[ApiKey]:
        await self._called("list")
        return sorted(self._kept.values(), key=lambda key: (key.created_at, key.id))

    @override
    async def revoke(self, key_id: str, *, now: datetime) -> ApiKey:
        await self._called("revoke")
        self._kept[key_id] = revoked = self._read(key_id).revoked(now)
        return revoked

    async def _called(self, name: str) -> None:
        self.calls[name] += 1
        gate = self.next_gate()
        await asyncio.sleep(0)  # a real store's answer takes a while, too
        if gate:
            await gate.pass_through()
        if not self.reachable:
            raise StoreUnavailable

    def _read(self, key_id: str) -> ApiKey:
        if key_id not in self._kept:
            raise KeyNotFound
        return self._kept[key_id]


class FakeModels(Models):
    """The processors a test offers."""

    def __init__(self, *processors: Processor) -> None:
        """Offer *processors*."""
        self._processors = {name: offered for offered in processors for name in (offered.name, *offered.aliases)}

    @override
    def find(self, name: str, kind: Kind) -> Processor:
        if name not in self._processors or kind not in self._processors[name].kinds:
            raise UnknownModel
        return self._processors[name]
