"""
Whoever watches a task is told nothing but what the store has had, in its order, and is told the end.

A watcher may be told late, and not of every change. It is one client, on however many streams one after another.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Final

from tests.chaos.codes import MISSING, NOTHING_FOLLOWS, SSE
from tests.chaos.history import Connection, Heard
from tests.chaos.lives import FINAL, births, lives, outcome
from tests.chaos.rules_of_the_callers import NEVER, OK, Rule, Run

AT_THE_LAST_MINUTE: Final = timedelta(seconds=10)
"""What ends so shortly before its watchers have given up they need not have been told."""

type Watched = tuple[str, str]
"""A client and a task."""


def events_go_forward(run: Run) -> Iterator[tuple[str, str]]:
    """An event with an id is newer than all that its watcher was told before, on whichever streams."""
    for (client, task_id), events in _told_of_one_life(run):
        for before, event in pairwise(events):
            if event.revision < before.revision or _is_told_again(event, before):
                yield task_id, f"{client} was told {_said(before)}, then {_said(event)}"


def _is_told_again(event: Heard, before: Heard) -> bool:
    """Whether an event says nothing new; one without an id may be about progress."""
    is_about_progress = event.id is None and event.progress is not None
    return event.revision == before.revision and not is_about_progress


def a_change_has_its_id(run: Run) -> Iterator[tuple[str, str]]:
    """A server-sent event has the revision for its id, and none only if nothing but the progress is news."""
    sse = {(each.client, each.task_id) for each in run.history.connections if each.way == SSE}
    for (client, task_id), events in _told(run).items():
        last = None
        for event in events if (client, task_id) in sse else ():
            if event.id != event.revision and (event.id is not None or event.revision != last):
                yield task_id, f"{client} was told {_said(event)} under the id {event.id}"
            last = event.revision


def events_tell_what_was_stored(run: Run) -> Iterator[tuple[str, str]]:
    """What an event says is the version of that revision."""
    for (client, task_id), events in _told(run).items():
        stored = {(each.revision, each.status, each.attempt) for each in run.versions.get(task_id, ())}
        for event in events:
            if (event.revision, event.status, event.attempt) not in stored:
                yield task_id, f"{client} was told {_said(event)}, attempt {event.attempt}, which was never stored"


def progress_goes_forward(run: Run) -> Iterator[tuple[str, str]]:
    """On one stream the progress of one worker never goes back; another worker begins anew."""
    for (client, task_id), events in _told_of_one_life(run):
        tokens = {version.revision: version.token for version in run.versions.get(task_id, ())}
        furthest: dict[tuple[int, str | None], float] = {}
        for event in events:
            place = event.connection, tokens.get(event.revision)
            progress = event.progress or 0.0
            if progress < furthest.get(place, 0.0):
                yield task_id, f"{client} was told that {progress:.3f} is done after {furthest[place]:.3f}"
            furthest[place] = progress


def the_end_is_told(run: Run) -> Iterator[tuple[str, str]]:
    """Whoever watches until the task has ended is told how."""
    told = _told(run)
    for (client, task_id), connections in _streams(run).items():
        versions, events = run.versions.get(task_id, ()), told.get((client, task_id), [])
        last = connections[-1]
        if outcome(versions) is None or (events and events[-1].status in FINAL) or last.code in MISSING:
            continue
        end = next(version for version in lives(versions)[-1] if version.status in FINAL)
        watched_for = run.history.date(last.ended) - end.written_at
        if last.code in NOTHING_FOLLOWS:
            yield task_id, f"{client} was told that nothing follows, and never that it is {end.status}"
        elif watched_for > AT_THE_LAST_MINUTE:
            yield task_id, f"{client} watched for {watched_for} more, and was never told that it is {end.status}"


def what_exists_is_watched(run: Run) -> Iterator[tuple[str, str]]:
    """Once a task was accepted, or anybody has heard of it, it can be watched until somebody deletes it."""
    heard: dict[str, float] = {}
    for event in run.history.heard:
        heard[event.task_id] = min(event.at, heard.get(event.task_id, NEVER))
    for (client, task_id), connections in _streams(run).items():
        answers = [submitted.ended for submitted in run.accepted.get(task_id, ())]
        answers += [seen.ended for seen in run.read.get(task_id, ()) if seen.code == OK]
        known_from = min(*answers, heard.get(task_id, NEVER), NEVER)
        deleted_from = run.from_when(task_id, "delete")
        for each in connections:
            if each.code in MISSING and each.began >= known_from and each.ended <= deleted_from:
                yield task_id, f"{client} did not find it {each.began - known_from:.3f} s after it was known"


def nothing_heard_is_taken_back(run: Run) -> Iterator[tuple[str, str]]:
    """Whoever was told of a revision reads no older one afterwards, through whatever instance."""
    for (client, task_id), events in _told_of_one_life(run):
        reads = [each for each in run.read.get(task_id, ()) if each.client == client and each.revision is not None]
        for seen in reads:
            before = [event for event in events if event.at <= seen.began]
            if before and seen.revision is not None and seen.revision < before[-1].revision:
                yield task_id, f"{client} was told {_said(before[-1])}, then read {seen.status} ({seen.revision})"


RULES: Final[Mapping[str, Rule]] = {
    "events go forward": events_go_forward,
    "a change has its id": a_change_has_its_id,
    "events tell what was stored": events_tell_what_was_stored,
    "progress goes forward": progress_goes_forward,
    "the end is told": the_end_is_told,
    "what exists is watched": what_exists_is_watched,
    "nothing heard is taken back": nothing_heard_is_taken_back,
}


def _told(run: Run) -> Mapping[Watched, list[Heard]]:
    """What each watcher was told, in order."""
    found: dict[Watched, list[Heard]] = {}
    for event in sorted(run.history.heard, key=lambda event: event.at):
        found.setdefault((event.client, event.task_id), []).append(event)
    return found


def _told_of_one_life(run: Run) -> Iterator[tuple[Watched, list[Heard]]]:
    """The same, but for tasks that were deleted and made anew, whose revisions begin again."""
    for (client, task_id), events in _told(run).items():
        if len(list(births(run.versions.get(task_id, ())))) <= 1:
            yield (client, task_id), events


def _streams(run: Run) -> Mapping[Watched, list[Connection]]:
    """The streams of each watcher, in order."""
    found: dict[Watched, list[Connection]] = {}
    for each in sorted(run.history.connections, key=lambda each: each.number):
        found.setdefault((each.client, each.task_id), []).append(each)
    return found


def _said(event: Heard) -> str:
    return f"{event.status} (revision {event.revision})"
