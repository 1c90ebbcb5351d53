"""What the finders of entities hand to each other."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Mention(NamedTuple):
    """
    One place in the text that names something.

    *score* is how sure we are of the type, from 0 to 1; *value* the normalised
    form, present only where there is no doubt about it; *name* what the entity
    is called if that is not what stands here (a surname for a full name).
    """

    start: int
    end: int
    type: str
    score: float
    value: str | None = None
    name: str | None = None


def neighbourhoods(text: str, anchor: re.Pattern[str], *, before: int, after: int) -> Iterator[tuple[int, int]]:
    """
    Yield the stretches of *text* around every *anchor*, merged where they touch.

    Costly patterns that cannot match without an anchor (a digit, an `@`) look
    only there: in most documents, at a tenth of the text.
    """
    start = end = -1
    last = len(text)
    for match in anchor.finditer(text):
        if match.start() - before > end:
            if end >= 0:
                yield start, end
            start = max(0, match.start() - before)
        end = min(last, match.end() + after)
    if end >= 0:
        yield start, end


def without_overlaps(*ranked: Iterable[Mention]) -> list[Mention]:
    """Merge lists of mentions; where two overlap, the one from the earlier list, then the longer one, stays."""
    taken: list[Mention] = []
    for mentions in ranked:
        taken = _merged(taken, sorted(mentions, key=lambda one: (one.start, one.start - one.end)))
    return taken


def _merged(taken: list[Mention], newcomers: list[Mention]) -> list[Mention]:
    """Walk both lists once, in order, so that a million mentions take a million steps."""
    kept: list[Mention] = []
    place, last_end = 0, 0
    for newcomer in newcomers:
        while place < len(taken) and taken[place].end <= newcomer.start:
            place += 1
        is_free = place == len(taken) or taken[place].start >= newcomer.end
        if is_free and newcomer.start >= last_end:
            kept.append(newcomer)
            last_end = newcomer.end
    return sorted([*taken, *kept], key=lambda one: one.start)
