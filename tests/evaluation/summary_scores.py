"""How good a summary is: what it shares with one that a person wrote, what it tells, and whether it quotes honestly."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.evaluation.gold import GoldDocument

_HEADING_WORDS: Final = 12
_ENDS: Final = tuple(".!?…:;|")
_CLOSING: Final = "\"'”\u2019»)]*_"
_BULLET: Final = re.compile(r"[-*>|+#=~\u2022\u2013\u2014\u25aa\u00b7]+")
_NUMBER: Final = re.compile(r"^\s*(?:\d{1,3}(?:\.\d{1,3}){0,3}[.)]|[a-zA-Z]\))\s")


@dataclass(frozen=True, kw_only=True)
class SummaryScore:
    """What came of one document; *covered* says it of each fact in turn."""

    rouge: float
    covered: tuple[bool, ...]
    words: int
    violations: tuple[str, ...]

    @property
    def facts(self) -> float:
        """The share of the facts that the summary tells."""
        return sum(self.covered) / max(1, len(self.covered))


def score_summary(summary: str, document: GoldDocument, *, check: bool = True) -> SummaryScore:
    """Compare *summary* with what was wanted; *check* it for honest quoting, too."""
    return SummaryScore(
        rouge=rouge_1(summary, document.summary),
        covered=tuple(tells(summary, fact) for fact in document.facts),
        words=len(summary.split()),
        violations=tuple(violations(summary, document.text)) if check else (),
    )


def rouge_1(summary: str, gold: str) -> float:
    """ROUGE-1 F: the words that both use, as often as both use them; in lower case, with accents, not stemmed."""
    own, wanted = (Counter(re.findall(r"\w+", text.lower())) for text in (summary, gold))
    return 2 * (own & wanted).total() / max(1, own.total() + wanted.total())


def tells(summary: str, fact: Sequence[Sequence[str]]) -> bool:
    """Whether *summary* says each part of *fact* in one of its ways, as whole words in any case."""
    said = _flat(summary)
    return all(any(re.search(rf"(?<!\w){re.escape(_flat(way))}(?!\w)", said) for way in part) for part in fact)


def violations(summary: str, text: str) -> Iterator[str]:
    """
    Yield what in *summary* is not a whole sentence of *text*, in its order, or is a heading.

    It is read from left to right as the longest runs of words that stand in the text.
    """
    source, quoted = list(_source(text)), [word for word in summary.split() if not _BULLET.fullmatch(word)]
    places: dict[str, list[int]] = {}
    for at, word in enumerate(source):
        places.setdefault(word.text, []).append(at)
    position = reached = 0
    while position < len(quoted):
        start, length = _longest_run(quoted, position, source, places)
        piece = " ".join(quoted[position : position + max(1, length)])
        if not length:
            yield f"not in the text: {piece}"
        elif not (source[start].begins and source[start + length - 1].ends):
            yield f"no whole sentence: {piece}"
        elif all(word.is_heading for word in source[start : start + length]):
            yield f"a heading: {piece}"
        if length and start < reached:
            yield f"out of order: {piece}"
        position, reached = position + max(1, length), start + length


@dataclass(frozen=True)
class _Word:
    text: str
    begins: bool
    ends: bool
    is_heading: bool


def _source(text: str) -> Iterator[_Word]:
    """Yield the words of *text*, each with whether a sentence may begin or end with it."""
    lines = text.splitlines()
    begins = True
    for number, line in enumerate(lines):
        words = [word for word in _NUMBER.sub("", line, count=1).split() if not _BULLET.fullmatch(word)]
        heading = _is_heading(line, alone=not any(_around(lines, number)))
        for at, word in enumerate(words):
            begins = begins or at == 0
            closes = word.rstrip(_CLOSING).endswith(_ENDS)
            yield _Word(word, begins, closes or at == len(words) - 1, heading)
            begins = closes


def _around(lines: Sequence[str], number: int) -> Iterator[str]:
    yield from (line.strip() for line in (*lines[max(0, number - 1) : number], *lines[number + 1 : number + 2]))


def _is_heading(line: str, *, alone: bool) -> bool:
    bare = line.strip()
    if bare.startswith("#") or (bare.isupper() and len(bare.split()) <= _HEADING_WORDS):
        return True
    return alone and len(bare.split()) <= _HEADING_WORDS and not bare.rstrip(_CLOSING).endswith(_ENDS)


def _longest_run(
    quoted: Sequence[str], position: int, source: Sequence[_Word], places: dict[str, list[int]]
) -> tuple[int, int]:
    best = (0, 0)
    for start in places.get(quoted[position], ()):
        length = 0
        while (
            position + length < len(quoted)
            and start + length < len(source)
            and quoted[position + length] == source[start + length].text
        ):
            length += 1
        best = max(best, (start, _up_to_an_end(source, start, length)), key=lambda run: run[1])
    return best


def _up_to_an_end(source: Sequence[_Word], start: int, length: int) -> int:
    """Give back what was read too far because two sentences happen to open with the same words."""
    ends = [size for size in range(1, length + 1) if source[start + size - 1].ends]
    return ends[-1] if ends else length


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())
