"""
Where a text writes names: runs of capitalised words and the small words between them.

A span is only a candidate. Whether it is a name, and of what, is decided by
`entity_types` and, over the whole document, by `entity_roster`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from app.processors.entity_heads import start_with_head
from app.processors.entity_joins import belongs
from app.processors.entity_parts import Part, is_head, is_known
from app.processors.entity_tails import end_with_number, end_with_tail
from app.processors.gazetteers import Gazetteers, gazetteers
from app.processors.language import Lexicon, first_word_at
from app.processors.sentences import Sentence

LONGEST_NAME = 100
"""Characters."""

_MOST_WORDS = 9
_MOST_LISTED_WORDS = 4
_LAST_LETTER = 0x250
_RAISED = "\u00b2\u00b3\u00b9\u2070-\u2079"
"""Digits that point to a footnote."""
_OPENING_MARKS = frozenset(':;"“«—\u2013•*|¿¡>\n\u2018')
_ELIDED = re.compile(r"^[LDJNSMTC]['\u2019](?=\w)")
_ABBREVIATION_LIST = "inc ltd corp co jr sr bros mr mrs ms dr dra prof sra srta st ste"
_ABBREVIATED = frozenset(_ABBREVIATION_LIST.split())
_COMPOUND = re.compile(
    r"-(?:based|born|led|style|backed|owned|listed|made|trained|wide|area|run|funded|era|bound|registered)$"
)
_MARKS = frozenset("'\u2019-")
"""Marks without which a word is only that."""
_BEFORE = re.compile(r"\w+")
_LABEL = re.compile(r"(\w+)[\s)*_.]{0,3}:[\s*]{0,4}$")
_AROUND = " \n'\u2019,(«“\"-"
_FORM = re.compile(r" (?:plc|gmbh|inc)(?!\w)")
_NUMBER_LABELS = frozenset({"No", "N", "N.º", "N.°", "Nº", "N°"})
_NUMBER_STARTS = frozenset("0123456789Nn")
_FEWEST_LOUD_LETTERS = 30
"""In fewer capitals a line may well be a name: `FERRER SOLER, S.L.`"""


class Span(NamedTuple):
    """
    Capitalised words that stand together.

    *opens* says that the first capital may only be there because a sentence,
    a quotation or a line begins; *before* and *after* are what stands around it.
    """

    start: int
    end: int
    words: tuple[str, ...]
    opens: bool
    in_heading: bool
    is_numbered: bool
    """It is a law or a standard, with its number."""
    is_shouted: bool
    """It stands in a sentence of capitals, which say nothing there."""
    before: tuple[str, str, str]
    label: str
    """What stands before a colon in front of it, in lower case: `patient`."""
    after: str

    @property
    def key(self) -> str:
        """The name as the lists have it: lower case, single blanks."""
        return _key(self.words)


@lru_cache(maxsize=8)
def _key(words: tuple[str, ...]) -> str:
    """One rule after the other asks it of the same words."""
    return " ".join(words).lower()


def spans(text: str, sentences: Iterable[Sentence], lexicon: Lexicon) -> Iterator[Span]:
    """Yield the candidates of *text* in order; they do not overlap."""
    for sentence in sentences:
        opening = first_word_at(text, sentence.start, sentence.end)
        written = text[sentence.start : sentence.end]
        in_heading, is_shouted = not sentence.is_prose and _is_title_case(written[:200]), _is_shouted(written)
        for parts in _runs(text, sentence, lexicon.language):
            opens = (
                parts[0].start == opening
                or text[max(0, parts[0].start - 3) : parts[0].start].strip(" ")[-1:] in _OPENING_MARKS
            )
            for cut in _cut(parts, text, is_opening=opens, lexicon=lexicon):
                span = _span(cut, text, sentence, lexicon.language, is_opening=cut[0].start == opening)
                yield span._replace(in_heading=in_heading, is_shouted=is_shouted)


def name_of(text: str, start: int, end: int) -> str:
    """Write what stands there on one line."""
    return " ".join(text[start:end].split())


@cache
def _capitalised() -> re.Pattern[str]:
    upper = "".join(chr(code) for code in range(_LAST_LETTER) if chr(code).isupper())
    return re.compile(
        rf"(?<!\w)(?:[{upper}]|[a-z]{{1,2}}(?=[{upper}]))(?:[^\W{_RAISED}]|&|[-'\u2019./](?=[^\W{_RAISED}]))*(?:\+\+|#)?"
    )


def _runs(text: str, sentence: Sentence, language: str) -> Iterator[list[Part]]:
    """Yield neighbours that belong to one name as far as the words between them allow."""
    run: list[Part] = []
    for neighbours in _neighbours(text, sentence, language):
        if run and len(run) + len(neighbours) <= _MOST_WORDS and belongs(text, run, neighbours):
            run += neighbours
            continue
        if run:
            yield run
        run = neighbours
    if run:
        yield run


def _neighbours(text: str, sentence: Sentence, language: str) -> Iterator[list[Part]]:
    """Yield capitalised words with nothing but a blank between them."""
    found: list[Part] = []
    for match in _capitalised().finditer(text, sentence.start, sentence.end):
        part = _part(match, language)
        if len(part.word) > LONGEST_NAME:
            continue
        is_near = found and text[found[-1].end : part.start] in {" ", "\u00a0"}
        if found and (not is_near or len(found) >= _MOST_WORDS):
            yield found
            found = []
        found.append(part)
    if found:
        yield found


def _part(match: re.Match[str], language: str) -> Part:
    start, end, word = match.start(), match.end(), match.group()
    if _MARKS.isdisjoint(word):
        return Part(start, end, word)
    if word.endswith(("'s", "\u2019s")) and word.lower().replace("\u2019", "'") not in gazetteers().organizations:
        end -= 2
    compound = _COMPOUND.search(word)
    if compound:
        end = start + compound.start()
    elided = _ELIDED.match(word) if language == "fr" and word.lower() not in gazetteers().organizations else None
    if elided:
        start += elided.end()
    return Part(start, end, match.string[start:end].replace("\u2019", "'"))


def _cut(parts: list[Part], text: str, *, is_opening: bool, lexicon: Lexicon) -> Iterator[list[Part]]:
    """Drop a capitalised function word in front, and part known names that merely stand side by side."""
    lists = gazetteers()
    while len(parts) > 1 and _is_opener(parts, lexicon, lists, is_opening=is_opening):
        parts = parts[1:]
    while len(parts) > 1 and _is_label(parts, lists):
        parts = parts[:-1]
    whole = name_of(text, parts[0].start, parts[-1].end).lower()
    is_of_a_place = len(parts) > 1 and parts[1].word.lower() in lists.organization_tails
    if is_known(whole, lists) or len(parts) == 1 or is_of_a_place:
        yield parts
        return
    known = _known_pieces(parts, text, lists)
    yield from known or [parts]


def _is_opener(parts: list[Part], lexicon: Lexicon, lists: Gazetteers, *, is_opening: bool) -> bool:
    word = parts[0].word.lower()
    pair = f"{word} {parts[1].word.lower()}"
    if word in lists.titles or word in lists.roles or pair in lists.places or pair in lists.organizations:
        return False
    if is_head(word, lists) and word not in lexicon.stopwords:
        return False
    if is_opening:
        words = [part.word.lower() for part in parts[1:]]
        is_company = words[-1] in lists.organization_suffixes or any(one in lists.organization_tails for one in words)
        is_before_person = (
            parts[1].word.lower() in lists.first_names and not is_company and not _is_of_a_name(word, lists)
        )
        return word in lexicon.stopwords or (word in lists.common and not is_company) or is_before_person
    following = parts[1].word.lower()
    return word in lists.common and (following in lists.roles or following in lists.titles)


def _is_label(parts: list[Part], lists: Gazetteers) -> bool:
    """Tell what only labels the number behind it: `Ferrer Soler NIF 12…`."""
    last = parts[-1].word
    is_shouted = last.isupper() and not all(part.word.isupper() for part in parts) and not set(last) <= set("IVXLC")
    return last in _NUMBER_LABELS or (is_shouted and last.lower() in lists.common)


def _is_of_a_name(word: str, lists: Gazetteers) -> bool:
    return (
        len(word) == 1
        or word in lists.first_names
        or word in lists.surnames
        or word.split("-", maxsplit=1)[0] in lists.first_names
    )


def _known_pieces(parts: list[Part], text: str, lists: Gazetteers) -> list[list[Part]]:
    """Cover the whole run with known places, organisations and technologies, or give up."""
    pieces: list[list[Part]] = []
    at = 0
    while at < len(parts):
        for size in range(min(len(parts) - at, _MOST_LISTED_WORDS), 0, -1):
            name = name_of(text, parts[at].start, parts[at + size - 1].end).lower()
            if name in lists.places or name in lists.organizations or name in lists.technologies:
                pieces.append(parts[at : at + size])
                at += size
                break
        else:
            return []
    return pieces


def _span(parts: list[Part], text: str, sentence: Sentence, language: str, *, is_opening: bool) -> Span:
    start, end = start_with_head(text, sentence.start, parts[0].start), parts[-1].end
    last = parts[-1].word.lower()
    form = _FORM.match(text, end)
    context = text[max(sentence.start, start - 60) : start]
    marks = context.rstrip(" ")[-1:]
    opens = is_opening or bool(marks and marks in _OPENING_MARKS)
    if form:
        end = form.end()
    elif language == "fr":
        end = end_with_tail(text, end, sentence.end, [part.word for part in parts[:2]], opens=opens)
    words = tuple(name_of(text, start, end).split(" "))
    words_end = end
    if text[end + 1 : end + 2] in _NUMBER_STARTS:
        end = end_with_number(text, end, sentence.end, words)
    is_numbered = end > words_end
    if text[end : end + 1] == "." and ("." in last or last in _ABBREVIATED):
        end += 1
    return Span(
        start,
        end,
        words,
        opens=opens,
        in_heading=False,
        is_numbered=is_numbered,
        is_shouted=False,
        before=_words_before(context),
        label=_label_before(context) if marks in {":", "*"} else "",
        after=text[end : min(sentence.end, end + 60)],
    )


def _is_shouted(sentence: str) -> bool:
    """Tell whether most of its letters are capitals, and they are too many for a name."""
    loud = sum(map(str.isupper, sentence)) if len(sentence) >= _FEWEST_LOUD_LETTERS else 0
    return loud >= _FEWEST_LOUD_LETTERS and loud > sum(map(str.islower, sentence))


def _is_title_case(line: str) -> bool:
    """Tell a line in which capitals say little from one that is written like a sentence."""
    words = [word for word in _BEFORE.findall(line)[1:] if len(word) > 3]  # noqa: PLR2004 - articles are small everywhere
    return 2 * sum(word[0].islower() for word in words) < len(words) or not words


def _label_before(context: str) -> str:
    label = _LABEL.search(context)
    return label[1].lower() if label else ""


def _words_before(context: str) -> tuple[str, str, str]:
    """Return the last three words in lower case, empty if a sentence or a bracket ends in between."""
    tail = context.rstrip(_AROUND)
    if "," in context[len(tail) :] and tail.rpartition(" ")[2][:1].isupper():
        return "", "", ""
    if len(context) - len(tail) > 3 or not tail[-1:].isalnum():  # noqa: PLR2004 - a comma, a blank, a quote
        return "", "", ""
    words = ["", "", *(word.lower() for word in _BEFORE.findall(tail[-40:]))]
    return words[-3], words[-2], words[-1]
