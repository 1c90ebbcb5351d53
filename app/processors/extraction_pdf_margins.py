"""Running headers, footers and page numbers: what stands at the same place of many pages and says the same there."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from app.processors.extraction_pdf_line import Line

_AT_AN_EDGE: Final = 2
_LONGEST: Final = 150
_LEAST_SHARE_OF_PAGES: Final = 0.3
_FEWEST_PAGES: Final = 2
_FEWEST_LINES: Final = 2
_TOLERANCE: Final = 4.0
_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"\W*[ivxlcdm]{1,7}\W*", re.IGNORECASE)

type _Place = tuple[str, int, str]


def without_running_lines(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """
    Return *pages* without the lines at their edges that many of them share, but for the numbers in them.

    Pages that are alike altogether count once: what they share is no margin.
    """
    counts: Counter[_Place] = Counter()
    seen: set[int] = set()
    for page in pages:
        whole = hash(tuple(_masked(line.text) for line in page))
        if len(page) >= _FEWEST_LINES and whole not in seen:
            counts.update({place for _, place in _edges(page)})
        seen.add(whole)
    fewest = max(_FEWEST_PAGES, _LEAST_SHARE_OF_PAGES * len(pages))
    shared = {place for place, count in counts.items() if count >= fewest}
    return [_without(page, shared) for page in pages]


def _without(page: Sequence[Line], shared: set[_Place]) -> list[Line]:
    dropped = {number for number, place in _edges(page) if place in shared}
    return [line for number, line in enumerate(page) if number not in dropped]


def _edges(page: Sequence[Line]) -> Iterator[tuple[int, _Place]]:
    """Yield the numbers of the highest and lowest lines, each with what tells it from others."""
    by_height = sorted(range(len(page)), key=lambda number: -page[number].top)
    for edge, numbers in (("top", by_height[:_AT_AN_EDGE]), ("bottom", by_height[-_AT_AN_EDGE:])):
        for number in numbers:
            line = page[number]
            if len(line.text) <= _LONGEST:
                yield number, (edge, round(line.top / _TOLERANCE), _masked(line.text))


def _masked(text: str) -> str:
    return "#" if _ROMAN.fullmatch(text) else _DIGITS.sub("#", text.casefold())
