"""
The parts of a document: some paragraphs each, in one language.

A part is also the most that is looked at in one go, so that time grows with the
text and no faster, memory hardly at all, and progress is seen to move.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.processors.language import UNDETERMINED, detect, detect_surely
from app.processors.ticks import Tick, no_tick

LONGEST = 32 * 1024
"""Characters of one part."""

_SHORTEST = 80
"""Characters that are asked for their language; a shorter paragraph goes with the one behind it."""

_MOST_ASKED = 2000
"""Paragraphs that are asked; where there are more, several are asked together."""

_BLANK_LINE = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the text in one language."""

    start: int
    end: int
    language: str


def parts_of(text: str, language: str | None = None, tick: Tick = no_tick) -> list[Part]:
    """Divide *text* between paragraphs, by their languages unless *language* is that of all."""
    if language is not None:
        return [Part(*stretch, language) for stretch in _stretches(text, LONGEST // 2)]
    main = detect(text)
    stretches = list(_stretches(text, max(_SHORTEST, len(text) // _MOST_ASKED)))
    if len(stretches) == 1:
        return [Part(0, len(text), main)]
    sure = []
    for start, end in stretches:
        sure.append(detect_surely(text[start:end]))
        tick(end / len(text))
    return list(_merged(stretches, _without_gaps(sure, _most_written(stretches, sure, main))))


def main_language(parts: Sequence[Part]) -> str:
    """Name the language that most of the text is in."""
    written: Counter[str] = Counter()
    for part in parts:
        written[part.language] += part.end - part.start
    return max(written, key=lambda code: (written[code], code), default=UNDETERMINED)


def _stretches(text: str, least: int) -> Iterator[tuple[int, int]]:
    """Cut *text* at the first blank line behind *least* characters, or at the last gap before `LONGEST`."""
    start = 0
    while start < len(text):
        limit = start + LONGEST
        blank = _BLANK_LINE.search(text, start + least, limit)
        end = blank.end() if blank else len(text) if limit >= len(text) else _last_gap(text, start + least, limit)
        yield start, end
        start = end


def _last_gap(text: str, first: int, limit: int) -> int:
    return next((gap + 1 for mark in "\n " if (gap := text.rfind(mark, first, limit)) >= 0), limit)


def _most_written(stretches: Sequence[tuple[int, int]], sure: Sequence[str | None], main: str) -> str:
    return main_language([Part(*stretch, language or main) for stretch, language in zip(stretches, sure, strict=True)])


def _without_gaps(sure: Sequence[str | None], main: str) -> list[str]:
    """Where a paragraph is too short or odd to tell, its neighbours do if they agree, else the whole."""
    following: list[str | None] = []
    for language in reversed(sure):
        following.append(language or (following[-1] if following else None))
    filled, before = [], None
    for language, after in zip(sure, reversed(following), strict=True):
        before = language or before
        filled.append(language or (before if before == after and before else main))
    return filled


def _merged(stretches: Sequence[tuple[int, int]], languages: Sequence[str]) -> Iterator[Part]:
    for language, group in groupby(zip(stretches, languages, strict=True), key=lambda pair: pair[1]):
        start = end = -1
        for (first, last), _ in group:
            if start >= 0 and last - start > LONGEST:
                yield Part(start, end, language)
                start = -1
            start, end = first if start < 0 else start, last
        yield Part(start, end, language)
