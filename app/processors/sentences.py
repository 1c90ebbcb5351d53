"""
Where the sentences of a text begin and end.

Offsets always refer to the text that was handed in. Nothing is changed on the
way: a sentence is a place in the text, not a copy of it.
"""

import re
from array import array
from collections.abc import Iterator
from itertools import compress, pairwise
from typing import NamedTuple

import sentencex

from app.processors.keyword_context import NOUN, signs

LONGEST = 2000
"""Characters. The splitter is quadratic on hostile quotes, so it never sees more at once."""

_LINE = re.compile(r"[^\n]*\n?")
_BULLET = re.compile(r"\s{0,20}(?:[-*>|+\u2022\u2013\u2014\u25aa\u00b7]|#{1,6}|\d{1,3}[.)]|[a-zA-Z][.)])\s")
_HEADING_MARK = re.compile(r"\s{0,20}(?:#{1,6}\s|[=~*_-]{3,}\s*$)")
# Also the full-width, Arabic, Urdu and Devanagari marks, and whatever closes behind them.
_TERMINAL = re.compile(r"[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964]['\"»”\u2019)\]*_]{0,4}\s*$")
# After these comes a name: `Ms. Doyle`. Written small, several of them are words (`me`, `min`).
_TITLES = (
    "Mr Mrs Ms Mx Messrs M MM Mme Mmes Mlle Mlles Me Pr Mgr Sr Sra Sres Sras Srta D Dª Dña Dr Dra Drs Prof Profa Lic "
    "Licda Ing Eng Arq Abg Exmo Exma Excmo Excma Ilmo Ilma Lda Ldo Pe Fr Rev Hon Sen Rep Gov Gen Col Cel Capt Lt Sgt "
    "Supt Min Des Gral Pte Pdte St Ste Sto Sta Bd Av Avda Mt"
)
_ALSO_SMALL = "sr sra srta dr dra prof ing eng vs cf aprox [Aa]pprox p\\.\\s?ej p\\.\\s?ex e\\.g i\\.e [A-Za-z]"
_INTRODUCES = re.compile(
    rf"(?:\b(?:{'|'.join([*_TITLES.split(), *_ALSO_SMALL.split()])})|^\W{{0,6}}\d{{1,3}}|^\W{{0,6}}[IVX]{{1,5}})\.\s*$"
)
# After these comes a number. Before anything else they may be words: `modern art.`, `She said no.`
_COUNTS = re.compile(
    r"\b(?:sect|secs?|arts?|figs?|núm|num|nº|n°|no|nos|nr|págs?|pags?|pp?|caps?|chap|ch|vols?|éd|eds?|al|inc|fls?|par|apdo"
    r"|t[eé]l|tfno|ref|réf|env)\.\s*$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[\d+(§]|[IVXLC]{1,6}\b|n[.º°]")
_LEGAL_FORM = re.compile(
    r"\b(?:inc|ltd|ltda|lda|corp|co|cía|cia|bros|plc|llc|jr|srl|sarl"
    r"|s\.\s?a(?:\.\s?[su])?|s\.\s?l(?:\.\s?u)?|s\.\s?r\.\s?l|n\.\s?v|b\.\s?v)\.\s*$",
    re.IGNORECASE,
)
# Before a small letter, any short word with a full stop is one.
_SHORTENED = re.compile(r"(?<![^\W\d_])[^\W\d_]{1,5}\.\s*$")
_INITIALS = re.compile(r"(?:\b[A-Z]\.){2}\s*$")
_ORDINAL_MARKS = frozenset("ºª°")
"""After the full stop of `artigo 146.º`."""
_LONGEST_ABBREVIATION = 12
_LONGEST_TITLE_LINE = 150
# What the splitter may split at; most headings and cells have none of it.
_BOUNDARY = re.compile(r"[^\w\s,;:()/'\"-]")
# Columns of a table, and the lines above a message: no sentences, even if they end in a full stop.
_COLUMNS = re.compile(r"\S(?: {3,}|\t+ *)\S")
_MESSAGE_HEADER = re.compile(
    r"(?:>\s{0,3})*\**(?:from|sent|to|b?cc|cco|date|subject|reply-to|de|para|enviad[oa](?: el| em)?|fecha|asunto|data"
    r"|assunto|envoy\u00e9(?: le)?|\u00e0|objet)\**\s?:",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_SHORT_LINE = 60
_NARROWEST = 45
_TITLE_AND_TEXT = 2
_TELEGRAM = 2
_SHORTEST_PROSE = 6  # three words of a letter, two blanks and a full stop


class Sentence(NamedTuple):
    """A stretch of the text; *is_prose* is false for headings, list labels, greetings and table cells."""

    start: int
    end: int
    is_prose: bool


class _Line(NamedTuple):
    start: int
    end: int
    text: str


class Sentences:
    """The places of all sentences of a text, in a tenth of the memory that as many objects take."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._starts, self._ends, self._prose = array("I"), array("I"), bytearray()

    def add(self, sentence: Sentence) -> None:
        """Hold one more, which is written behind the others."""
        self._starts.append(sentence.start)
        self._ends.append(sentence.end)
        self._prose.append(sentence.is_prose)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._starts)

    def length(self, place: int) -> int:
        """How many characters the sentence at *place* has."""
        return self._ends[place] - self._starts[place]

    def __getitem__(self, place: int) -> Sentence:
        """The sentence at *place*."""
        return Sentence(self._starts[place], self._ends[place], is_prose=bool(self._prose[place]))

    def prose(self) -> Iterator[int]:
        """The places of those that are prose."""
        return compress(range(len(self)), self._prose)

    @property
    def prose_count(self) -> int:
        """How many are prose."""
        return self._prose.count(1)


def split(text: str, language: str) -> list[Sentence]:
    """Find the sentences of *text*, none longer than `LONGEST`, in the order they are written."""
    return list(sentences_in(text, 0, len(text), language))


def sentences_in(text: str, start: int, end: int, language: str) -> Iterator[Sentence]:
    """Yield the sentences of `text[start:end]`."""
    title_end = 0 if start else _title_end(text)
    if title_end:
        title = _trimmed(text, 0, title_end)
        if title:
            yield Sentence(title.start, title.end, is_prose=False)
    for first, last in _blocks(text, max(start, title_end), end):
        for begin, stop in _pieces(text[first:last].replace("\n", " "), language):
            sentence = _trimmed(text, first + begin, first + stop)
            if sentence is not None:
                yield sentence


def _title_end(text: str) -> int:
    """Find the end of a title that only looks like a sentence, for it ends in `Ltd.`; 0 if there is none."""
    start = len(text) - len(text.lstrip())
    end = text.find("\n", start, start + _LONGEST_TITLE_LINE)
    line = text[start : max(start, end)]
    if _LEGAL_FORM.search(line) is None and _INITIALS.search(line) is None:
        return 0
    following = _LINE.match(text, end + 1)
    stands_alone = following is not None and not following.group().strip() and bool(text[end:].strip())
    return end if stands_alone else 0


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of `text[start:end]` in which line breaks are only wrapping."""
    paragraph: list[_Line] = []
    for match in _LINE.finditer(text, start, end):
        if not match.group().strip():
            yield from _unwrapped(paragraph)
            paragraph = []
        else:
            paragraph.append(_Line(match.start(), match.end(), match.group()))
    yield from _unwrapped(paragraph)


def _unwrapped(lines: list[_Line]) -> Iterator[tuple[int, int]]:
    if len(lines) < _TITLE_AND_TEXT:
        yield from ((line.start, line.end) for line in lines)
        return
    width = max(len(line.text.rstrip()) for line in lines)
    start = lines[0].start
    for line, following in pairwise(lines):
        if _breaks(line.text, following.text, width, len(lines)):
            yield start, line.end
            start = following.start
    yield start, lines[-1].end


def _breaks(line: str, following: str, width: int, count: int) -> bool:
    """Tell a line that ends on purpose from one that was wrapped because the next word did not fit."""
    if _QUOTED.match(line) and _QUOTED.match(following):
        width -= len(line) - len(line := _QUOTED.sub("", line, count=1))
        following = _QUOTED.sub("", following, count=1)
        if not line.strip() or not following.strip():
            return True
    if _HEADING_MARK.match(line) or _BULLET.match(following) or line.rstrip().endswith(":"):
        return True
    if _COLUMNS.search(line) or _COLUMNS.search(following):
        return True
    opening, ending = following.lstrip()[:1], line.rsplit(maxsplit=1)[-1]
    if opening.islower() or ending.endswith(("-", "(")) or signs().get(ending.lower()) == NOUN:
        return False
    is_full = len(line.rstrip()) + 1 + len(following.split(maxsplit=1)[0]) > width
    return not is_full or width < _NARROWEST or (count == _TITLE_AND_TEXT and len(line) < _SHORT_LINE)


def _pieces(block: str, language: str) -> Iterator[tuple[int, int]]:
    """Split one block, `LONGEST` characters at a time; what a cut leaves open is read again with what follows."""
    position = 0
    while position < len(block):
        chunk = _encodable(block[position : position + LONGEST])
        ends = _joined(chunk, language)
        if position + len(chunk) < len(block):
            ends = ends[:-1] or [_last_gap(chunk)]
        start = 0
        for end in ends:
            yield position + start, position + end
            start = end
        position += start


def _joined(chunk: str, language: str) -> list[int]:
    """Return where sentences end, without the breaks after abbreviations and numbering."""
    if _BOUNDARY.search(chunk, 0, len(chunk.rstrip()) - 1) is None:
        return [len(chunk)]
    boundaries = sentencex.get_sentence_boundaries(language, chunk)
    ends = [int(boundary["end_index"]) for boundary in boundaries]
    kept, start = [], 0
    for end in ends[:-1]:
        if not _goes_on(chunk, start, end) and chunk[start:end].strip():
            kept.append(end)
            start = end
    return [*kept, len(chunk)]


def _goes_on(chunk: str, start: int, end: int) -> bool:
    """Tell whether what ends at *end* is only an abbreviation or a list number."""
    tail = chunk[max(start, end - _LONGEST_ABBREVIATION) : end]
    if chunk[end : end + 1] in _ORDINAL_MARKS or _INTRODUCES.search(tail):
        return True
    if _COUNTS.search(tail) and _NUMBER.match(chunk, end):
        return True
    return chunk[end : end + 1].islower() and _SHORTENED.search(tail) is not None


def _last_gap(chunk: str) -> int:
    gap = chunk.rfind(" ", LONGEST // 2)
    return gap + 1 if gap > 0 else len(chunk)


def _trimmed(text: str, start: int, end: int) -> Sentence | None:
    piece = text[start:end]
    stripped = piece.strip()
    if not stripped:
        return None
    first = start + len(piece) - len(piece.lstrip())
    return Sentence(first, first + len(stripped), is_prose=_is_prose(stripped))


def _is_prose(sentence: str) -> bool:
    if len(sentence) < _SHORTEST_PROSE or _HEADING_MARK.match(sentence) or sentence.endswith((":", ",", "|")):
        return False
    if _MESSAGE_HEADER.match(sentence) or _COLUMNS.search(sentence):
        return False
    if not _TERMINAL.search(sentence[-8:]):
        return False
    has_words = len(sentence.split(maxsplit=2)) > _TELEGRAM and any(map(str.isalpha, sentence[:200]))
    return has_words and not sentence[:200].isupper()


def _encodable(chunk: str) -> str:
    """Replace lone surrogates, one for one, so that offsets stay."""
    return chunk.encode("utf-16-le", "replace").decode("utf-16-le", "replace") if not chunk.isascii() else chunk
