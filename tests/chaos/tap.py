"""
Where the store's side of a history comes from: a tap that sees every change the store has carried out.

It shares no code with the engine that it watches. What it says is the truth that the checker goes by.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime, timedelta

from tests.chaos.history import Stored


class Tap(ABC):
    """
    One empty store that instances can use, and a record of what they did to it.

    The record survives every instance; one that is killed in the middle of a
    write leaves either all of that write in it or nothing.
    """

    @property
    @abstractmethod
    def variables(self) -> Mapping[str, str]:
        """The environment by which an instance uses this store; asked for while the tap is running."""

    @abstractmethod
    def running(self) -> AbstractAsyncContextManager[object]:
        """Make the store and record; instances use it only within the block."""

    @abstractmethod
    async def writes(self) -> list[Stored]:
        """
        Every version of every task so far; of one task, in the order in which the store took them.

        Whoever asks has stopped the instances; a write that is still on its way is waited for.
        """

    @abstractmethod
    async def at_the_end(self) -> tuple[Mapping[str, bool], list[str]]:
        """
        Look into the store itself: which tasks there are, and whether any of their content is left.

        Returns:
            Of each task that exists, whether any of its content does, inline or
            beside it; and, in words, content that belongs to no task, and
            whatever this tap was not able to record.

        """


def told_apart(versions: Iterable[Stored]) -> Iterator[Stored]:
    """
    Give each of a task's *versions*, which come in their order, a later time than the one before.

    A store's clock may be too coarse to tell them apart, and whoever sorts them by time must not mix them up.
    """
    last: dict[str, datetime] = {}
    for version in versions:
        earliest = last.get(version.task_id, version.written_at - timedelta.resolution) + timedelta.resolution
        last[version.task_id] = max(earliest, version.written_at)
        yield replace(version, written_at=earliest) if earliest > version.written_at else version


def missed(versions: Iterable[Stored], revisions: Mapping[str, int]) -> list[str]:
    """Say in words of which tasks a tap that recorded *versions* has not seen how they came to their *revisions*."""
    last = {version.task_id: None if version.is_deleted else version.revision for version in versions}
    recorded = {task_id: revision for task_id, revision in last.items() if revision is not None}
    different = sorted(dict(recorded.items() ^ revisions.items()))
    return [f"The tap has not seen the last write of task {task_id}" for task_id in different]
