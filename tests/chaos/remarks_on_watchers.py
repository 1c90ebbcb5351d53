"""What is worth a line about those who watched: how many, how often they had to come again, how soon they knew."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from tests.chaos.history import Connection, Heard, History

LATE: Final = 2.0
"""Seconds after which one would have expected to be told."""

type Watched = tuple[str, str]


def watched(history: History) -> list[str]:
    """Say what watchers noticed; nothing if there were none."""
    streams: dict[Watched, list[Connection]] = {}
    for each in history.connections:
        streams.setdefault((each.client, each.task_id), []).append(each)
    if not streams:
        return []
    ways = sorted({each.way for each in history.connections})
    numbers = (f"{sum(found[0].way == way for found in streams.values())} by {way}" for way in ways)
    again = sum(len(found) - 1 for found in streams.values())
    open_, across = _delays(history, streams)
    return [
        f"{len(streams)} watchers, {' and '.join(numbers)}, came again {again} times; told {_told(open_)}"
        + (f"; on a new stream, {_told(across)}" if across else "")
    ]


def _delays(history: History, streams: dict[Watched, list[Connection]]) -> tuple[list[float], list[float]]:
    """Seconds from each write to its event: on a stream that was there already, and on one that came after."""
    events: dict[Watched, list[Heard]] = {}
    for event in sorted(history.heard, key=lambda event: event.at):
        events.setdefault((event.client, event.task_id), []).append(event)
    written = {(each.task_id, each.revision): each.written_at for each in history.stored if not each.is_deleted}
    opened = {
        (each.client, each.task_id, each.number): history.date(each.ended if each.opened is None else each.opened)
        for each in history.connections
    }
    on_open: list[float] = []
    across: list[float] = []
    for (client, task_id), heard in events.items():
        first = min(opened[client, task_id, each.number] for each in streams[client, task_id])
        for event, at in _changes(heard, written):
            if at >= first:
                seconds = max(0.0, (history.date(event.at) - at).total_seconds())
                (on_open if at >= opened[client, task_id, event.connection] else across).append(seconds)
    return on_open, across


def _changes(heard: Sequence[Heard], written: dict[tuple[str, int], datetime]) -> Iterator[tuple[Heard, datetime]]:
    """Each event that told of a write, with the time of it."""
    told = [heard[0], *(event for before, event in pairwise(heard) if event.revision > before.revision)]
    return (
        (event, written[event.task_id, event.revision]) for event in told if (event.task_id, event.revision) in written
    )


def _told(seconds: list[float]) -> str:
    if not seconds:
        return "of no write"
    taken = sorted(seconds)
    p50, p99 = (taken[round(share * (len(taken) - 1))] for share in (0.5, 0.99))
    late = sum(each > LATE for each in taken)
    return (
        f"of {len(taken)} writes after {p50:.2f} s (p99 {p99:.2f} s, {taken[-1]:.2f} s at most"
        f"{f', {late} after more than {LATE:.0f} s' if late else ''})"
    )
