"""Every adapter of the task store, each over data of its own: the contract's tests run once for each."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import override
from uuid import uuid4

import pytest

from app.adapters.firestore_store import FirestoreStore
from app.adapters.sqlite_store import SqliteStore
from app.engine.ports import TaskStore
from tests.emulator import Emulator

type AnyStore = SqliteStore | FirestoreStore

PATIENT = timedelta(minutes=1)
"""A busy machine may take longer for eight mebibytes than a service would wait."""


class Backend(ABC):
    """Somewhere to keep tasks, empty at first."""

    @abstractmethod
    def connect(self) -> AnyStore:
        """Return one more store over the same tasks, as another process would have."""

    @abstractmethod
    def connect_to_nothing(self) -> AnyStore:
        """Return a store that cannot reach its tasks."""


class Sqlite(Backend):
    """A file, and a directory where the file should be."""

    def __init__(self, directory: Path) -> None:
        """Keep the file in *directory*."""
        self._directory = directory

    @override
    def connect(self) -> AnyStore:
        return SqliteStore(self._directory / "made on demand" / "tasks.db", clock=lambda: datetime.now(UTC))

    @override
    def connect_to_nothing(self) -> AnyStore:
        return SqliteStore(self._directory, clock=lambda: datetime.now(UTC))


class Firestore(Backend):
    """A project of its own in the emulator, and a port where nobody listens."""

    def __init__(self, emulator: Emulator) -> None:
        """Keep the tasks in *emulator*."""
        self._host = emulator.host
        self._project = f"contract-{uuid4().hex[:12]}"

    @override
    def connect(self) -> AnyStore:
        return FirestoreStore(project=self._project, emulator_host=self._host, call_limit=PATIENT)

    @override
    def connect_to_nothing(self) -> AnyStore:
        return FirestoreStore(project=self._project, emulator_host="127.0.0.1:1")


@pytest.fixture(params=["sqlite", "firestore"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """Return an empty place for tasks."""
    return Sqlite(tmp_path) if request.param == "sqlite" else Firestore(request.getfixturevalue("emulator"))


@pytest.fixture
async def store(backend: Backend) -> AsyncIterator[TaskStore]:
    """Open a store of one process."""
    store = backend.connect()
    async with store.open():
        yield store


@pytest.fixture
async def other_store(backend: Backend) -> AsyncIterator[TaskStore]:
    """Open a store of another process, over the same tasks."""
    store = backend.connect()
    async with store.open():
        yield store


@pytest.fixture
async def unreachable_store(backend: Backend) -> AsyncIterator[TaskStore]:
    """Open a store that cannot reach its tasks."""
    store = backend.connect_to_nothing()
    async with store.open():
        yield store
