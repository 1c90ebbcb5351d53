"""What is told of one task: once, by whoever sees it first, and nothing older after it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import override

import pytest
from structlog.testing import capture_logs

from app.adapters.clock import StoreClock
from app.adapters.firestore_codec import fields_of
from app.adapters.firestore_followed import Followed
from app.adapters.firestore_values import Value
from app.adapters.firestore_wire import Found
from app.adapters.firestore_writes import Version
from app.domain.task import Task
from app.engine.ports import Changes, Tell
from tests.factories import make_task

OLD = make_task()
NEW = replace(OLD, revision=2)
ANOTHER = replace(OLD, submission="another")


class Nobody(Changes):
    """A fall-back that nobody needs."""

    @override
    @asynccontextmanager
    async def open(self, tell: Tell) -> AsyncIterator[None]:
        yield

    @override
    def follow(self, task_id: str) -> None:
        """Look after nothing."""

    @override
    def leave(self, task_id: str) -> None:
        """Look after nothing."""


class Told(list[Task | None]):
    """What was told."""

    def tell(self, _task_id: str, task: Task | None) -> None:
        """Take it in."""
        self.append(task)


def found(task: Task, **fields: Value) -> Found:
    """Return the document of *task*, with other *fields*."""
    stored = {name: value for name, value in fields_of(task).items() if value is not None} | fields
    return Found(f"x/{task.id}", stored, Version(task.revision, 0), len(stored))


@pytest.fixture
def told() -> Told:
    """Begin with nothing."""
    return Told()


@pytest.fixture
async def followed(told: Told) -> AsyncIterator[Followed]:
    """Follow one task."""
    followed = Followed(OLD.id, tell=told.tell, fallback=Nobody(), clock=StoreClock(), patience=timedelta(minutes=10))
    yield followed
    followed.end()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ([OLD, OLD, NEW, NEW], [OLD, NEW]),
        ([NEW, OLD], [NEW]),
        ([None, None, OLD, None, OLD], [None, OLD, None, OLD]),
        ([NEW, ANOTHER, ANOTHER], [NEW, ANOTHER]),
    ],
)
async def test_only_news_is_told(
    followed: Followed, told: Told, seen: list[Task | None], expected: list[Task | None]
) -> None:
    """A reconnection says everything again, and a read that took its time says what is long over."""
    for task in seen:
        followed.seen(found(task) if task else None)

    assert told == expected


async def test_what_the_fall_back_has_seen_is_no_news_on_the_stream(followed: Followed, told: Told) -> None:
    """Both look at the same task for a moment, whenever one takes over from the other."""
    followed.take(NEW)
    followed.seen(found(NEW))
    followed.take(OLD)

    assert told == [NEW]


async def test_what_has_expired_is_gone(followed: Followed, told: Told) -> None:
    """Firestore takes a day to remove it."""
    followed.seen(found(OLD, expires_at=datetime.now(UTC)))

    assert told == [None]


@pytest.mark.parametrize(("fields", "lines"), [({"schema": 3}, 0), ({"status": "lost"}, 1)])
async def test_what_cannot_be_read_is_not_told_and_logged_once(
    followed: Followed, told: Told, fields: dict[str, Value], lines: int
) -> None:
    """It says nothing of the task that this version could pass on; a later state may."""
    with capture_logs() as logs:
        followed.seen(found(OLD, **fields))
        followed.seen(found(OLD, **fields))
        followed.seen(found(NEW))

    assert told == [NEW]
    assert [entry["event"] for entry in logs] == ["task unreadable"] * lines
