"""
From the lines of pages to paragraphs and headings, by where the lines stand.

A PDF says where to print which letter, and nothing else: what belongs together
is what a reader would take to belong together.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from app.processors.extraction_draft import LONGEST_HEADING, LOWEST_LEVEL, Block
from app.processors.extraction_pdf_line import Line
from app.processors.extraction_pdf_margins import without_running_lines

HYPHEN: Final = "\ufffe"
"""What PDFium writes instead of a hyphen and a line end."""

_BULLET = re.compile(r"[•‣▪◦●○■□∙\uf0b7\uf0a7\uf0d8\u2013-]\s+(?=\S)")
_ITEM = re.compile(r"(?:[•‣▪◦●○■□∙\uf0b7\uf0a7\uf0d8\u2013-]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+\S")
_LINE_END_HYPHEN = re.compile(r"(?<=\w)[-\u00ad\u2010]$")
_WORD_BEFORE = re.compile(r"[\w-]*+\Z")
_WORD_BEHIND = re.compile(r"\w*")
_LONGEST_PART: Final = 40
_COMPOUND = re.compile(r"\b\w++-\w+")
_LIGATURES: Final = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_NUMBERING = re.compile(r"^[\s\dIVX.)§-]+(?=\w)")
_TERMINAL: Final = (".", "!", "?", ":", ";", "…", "”", '"', "»")

_OF_ONE_SIZE: Final = 0.12
_LARGE: Final = 1.15
_EXTRA_GAP: Final = 0.2
_INDENT: Final = 0.8
_JUMP: Final = -1.0
_ENOUGH_LINES: Final = 4


class Bookmark(NamedTuple):
    """An entry of the outline; *page* counts from 0, and None is an entry that leads nowhere."""

    title: str
    level: int
    page: int | None


class _Typical(NamedTuple):
    """What most of the text is like: the height of its letters, and the gap between lines as a share of it."""

    height: float
    gap: float


def blocks(pages: Sequence[Sequence[Line]], bookmarks: Sequence[Bookmark]) -> Iterator[Block]:
    """Yield what a reader would take for paragraphs, items and headings."""
    pages = without_running_lines(pages)
    typical = _typical(pages)
    compounds = {word.lower() for page in pages for line in page for word in _COMPOUND.findall(line.text)}
    rights = {number: max(line.right for line in page) for number, page in enumerate(pages) if page}
    found = [(group, _joined(group, rights, compounds)) for group in _groups(pages, typical)]
    levels = _levels_by_outline(found, bookmarks) or _levels_by_size(found, typical)
    for number, (_, text) in enumerate(found):
        bullet = _BULLET.match(text)
        if level := levels.get(number):
            yield Block(" ".join(text.split()), level=level)
        elif bullet or _ITEM.match(text):
            yield Block(f"- {text[bullet.end() :]}" if bullet else text, group="list")
        else:
            yield Block(text)


def _typical(pages: Sequence[Sequence[Line]]) -> _Typical:
    heights: Counter[float] = Counter()
    gaps: Counter[float] = Counter()
    for page in pages:
        for line in page:
            heights[round(line.height, 1)] += len(line.text)
        for line, following in pairwise(page):
            if line.height > 0 and _is_of_one_size(line, following) and following.top < line.top:
                gaps[round((line.bottom - following.top) / line.height, 1)] += 1
    return _Typical(max(heights, key=heights.__getitem__, default=0.0), max(gaps, key=gaps.__getitem__, default=0.0))


def _groups(pages: Sequence[Sequence[Line]], typical: _Typical) -> Iterator[list[Line]]:
    """Yield the lines of each paragraph."""
    group: list[Line] = []
    for page in pages:
        for line in page:
            if group and not _goes_on(group[-1], line, typical):
                yield group
                group = []
            group.append(line)
    if group:
        yield group


def _goes_on(line: Line, following: Line, typical: _Typical) -> bool:
    """Tell whether *following* belongs to the paragraph of *line*."""
    if not _is_of_one_size(line, following) or _ITEM.match(following.text):
        return False
    gap = (line.bottom - following.top) / max(line.height, 0.1)
    if line.page != following.page or gap < _JUMP:
        # The next page, or the next column.
        return _is_broken(line.text) or (following.text[:1].islower() and not line.text.endswith(_TERMINAL))
    is_indented = following.left - line.left > _INDENT * line.height and line.text.endswith(_TERMINAL)
    return gap <= typical.gap + _EXTRA_GAP and not is_indented


def _is_of_one_size(line: Line, following: Line) -> bool:
    return abs(line.height - following.height) <= _OF_ONE_SIZE * max(line.height, following.height)


def _joined(group: Sequence[Line], rights: Mapping[int, float], compounds: set[str]) -> str:
    """Undo the wrapping and the hyphenation of a paragraph; lines that end early end on purpose."""
    pieces = []
    right = max(line.right for line in group) if len(group) >= _ENOUGH_LINES else None
    for line, following in pairwise(group):
        if _is_broken(line.text):
            pieces += [line.text.rstrip("-\u00ad\u2010" + HYPHEN), HYPHEN]
        else:
            edge = rights[line.page] if right is None else right
            pieces += [line.text, " " if _is_wrapped(line, following, edge) else "\n"]
    return _mended("".join([*pieces, group[-1].text]), compounds).translate(_LIGATURES)


def _is_broken(text: str) -> bool:
    return text.endswith(HYPHEN) or _LINE_END_HYPHEN.search(text) is not None


def _is_wrapped(line: Line, following: Line, right: float) -> bool:
    """Tell a line that was full from one that ends early, by whether the next word would have fitted."""
    if following.text[:1].islower():
        return True
    word = following.text.split(maxsplit=1)[0]
    width = (following.right - following.left) / len(following.text)
    return line.right + (len(word) + 1) * width > right


def _mended(text: str, compounds: set[str]) -> str:
    """Put broken words together again."""
    first, *others = text.split(HYPHEN)
    pieces = [first]
    for other in others:
        begin = _WORD_BEFORE.search(pieces[-1][-_LONGEST_PART:])
        end = _WORD_BEHIND.match(other[:_LONGEST_PART])
        pieces += ["-" if begin and end and _keeps_hyphen(begin[0], end[0], compounds) else "", other]
    return "".join(pieces)


def _keeps_hyphen(begin: str, end: str, compounds: set[str]) -> bool:
    """Tell a compound, which has its hyphen elsewhere, or a second one, or a capital or a digit beside it."""
    if "-" in begin or not begin[-1:].isalpha() or not end[:1].islower():
        return True
    return f"{begin}-{end}".lower() in compounds


def _levels_by_outline(found: Sequence[tuple[list[Line], str]], bookmarks: Sequence[Bookmark]) -> dict[int, int]:
    places: dict[str, list[int]] = {}
    for number, (_, text) in enumerate(found):
        if len(text) <= LONGEST_HEADING:
            places.setdefault(_key(text), []).append(number)
    levels: dict[int, int] = {}
    for bookmark in bookmarks:
        for number in places.get(_key(bookmark.title), ()):
            if number not in levels and bookmark.page in {None, found[number][0][0].page}:
                levels[number] = min(bookmark.level, LOWEST_LEVEL)
                break
    return levels


def _levels_by_size(found: Sequence[tuple[list[Line], str]], typical: _Typical) -> dict[int, int]:
    large = {
        number: round(group[0].height)
        for number, (group, text) in enumerate(found)
        if group[0].height >= _LARGE * typical.height and len(text) <= LONGEST_HEADING and any(map(str.isalpha, text))
    }
    sizes = sorted(set(large.values()), reverse=True)
    return {number: min(sizes.index(size) + 1, LOWEST_LEVEL) for number, size in large.items()}


def _key(title: str) -> str:
    return "".join(filter(str.isalnum, _NUMBERING.sub("", title).casefold()))
