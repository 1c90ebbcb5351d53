"""The page about the life of a task says what the code does."""

import re
from pathlib import Path

from app.domain.task import Status
from app.domain.transitions import LEGAL, Event

PAGE = (Path(__file__).parents[2] / "docs" / "state-machine.md").read_text(encoding="utf-8")
ARROW = re.compile(r"^ +(\S+) --> ([^\s:]+)(?:: (\w+))?$", re.MULTILINE)
ROW = re.compile(r"^\| (\w+) \| (\w+) \| (\w+) \| ([^|]+) \|$", re.MULTILINE)

LEGAL_WAYS = sorted(
    (event.value, origin.value, goal.value) for event, ways in LEGAL.items() for origin in ways for goal in ways[origin]
)


def arrows() -> list[tuple[str, str, str]]:
    """Return the arrows of the picture as event, origin and goal."""
    (picture,) = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
    found = [(event, origin, goal) for origin, goal, event in ARROW.findall(picture)]
    assert len(found) == picture.count("-->")
    return found


def test_the_picture_shows_every_legal_way_and_no_other() -> None:
    """People look at the picture first, and believe it."""
    between_statuses = [arrow for arrow in arrows() if "[*]" not in arrow]

    assert sorted(between_statuses) == LEGAL_WAYS


def test_the_picture_begins_and_ends_where_tasks_do() -> None:
    """A status that nothing leads out of is an end; a task is born in the two that `submit` makes."""
    births = {(event, goal) for event, origin, goal in arrows() if origin == "[*]"}
    ends = {origin for _, origin, goal in arrows() if goal == "[*]"}

    left = {origin.value for ways in LEGAL.values() for origin in ways}
    assert births == {("submit", Status.PENDING.value), ("submit", Status.PROCESSING.value)}
    assert ends == {status.value for status in Status} - left


def test_the_table_explains_every_legal_way_and_no_other() -> None:
    """What is allowed and not explained is found out the hard way."""
    rows = [(event, origin, goal) for event, origin, goal, _ in ROW.findall(PAGE) if event in set(Event)]

    assert sorted(rows) == LEGAL_WAYS


def test_every_row_of_the_table_is_one_sentence() -> None:
    """An empty explanation explains nothing."""
    sentences = [sentence for event, _, _, sentence in ROW.findall(PAGE) if event in set(Event)]

    assert len(sentences) == len(set(sentences))
    assert all(re.fullmatch(r"[A-Z][^.]+\.", sentence) for sentence in sentences)
