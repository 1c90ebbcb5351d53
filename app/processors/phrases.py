"""
The phrases of a text, counted: runs of one to three words between function words and punctuation.

Also the names that the text bears, however long. A piece of a name is counted
as a piece, so that it does not pass for a phrase of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from app.processors import word_shapes as shapes
from app.processors.keyword_context import NOUN, OPEN, VERB, NameIndex, signs
from app.processors.language import LONGEST_WORD, WORD, Lexicon, Remembered, bare, first_word_at, lexicon
from app.processors.reading import Reading
from app.processors.sentences import Sentence
from app.processors.ticks import Tick
from app.processors.weak_words import is_weak

LONGEST_PHRASE = 3
"""Words, a preposition inside included; a name may be longer."""

_LINKS = frozenset({"de", "del", "do", "da", "dos", "das", "du", "des", "d", "of"})
_MOST_PHRASES = 40_000
_MOST_SURFACES = 6
_RUN = re.compile(rf"(?>{WORD.pattern})(?:[ \t\n\u00a0]{{1,3}}(?>{WORD.pattern}))*+")


@dataclass(frozen=True, slots=True)
class _Form:
    """What is known of one written word wherever it stands."""

    surface: str
    lower: str
    stem: str
    is_content: bool
    is_elided: bool
    """Whether it was written with its article: `l'énergie`."""
    promises: int
    """What it says of the word behind it: `NOUN`, `VERB` or `OPEN`."""


@cache
def _vocabulary(language: str) -> Remembered[_Form]:
    return Remembered(partial(_form, lexicon=lexicon(language)))


def _form(written: str, lexicon: Lexicon) -> _Form:
    surface = bare(written)
    lower = surface.lower()
    return _Form(
        surface,
        lower,
        lexicon.stems([lower])[0],
        is_content=_is_telling(surface, lower, lexicon),
        is_elided=not written.startswith(surface),
        promises=signs().get(lower, OPEN),
    )


type _Range = tuple[int, int]


@dataclass(slots=True)
class Phrase:
    """How often, where and in which forms one phrase is written."""

    first: int
    language: str
    """What it stands in at first."""
    count: int = 0
    inside: int = 0
    """How many of them are only a part of a longer name."""
    is_name: bool = False
    """Whether it is the whole of a name of several words."""
    listed: int = 0
    """How many of them stand in headings, lists and tables."""
    nouns: int = 0
    verbs: int = 0
    sentence: int = -1
    sentences: int = 0
    surfaces: dict[str, int] = field(default_factory=dict)
    placed: dict[str, int] = field(default_factory=dict)
    lower: tuple[str, ...] = ()


@dataclass(slots=True)  # not frozen: that would triple the cost of making one, and there are very many
class _Run:
    """Words with nothing but gaps between them."""

    forms: list[_Form]
    sentence: int
    is_prose: bool
    language: str
    placed: int
    """How many of them, counted from the first, have a capital only because of their place."""


type Key = tuple[str, ...]
"""The stems of a phrase's telling words."""


def collect(reading: Reading, index: NameIndex, tick: Tick) -> dict[Key, Phrase]:
    """Count the phrases of *reading*; *index* knows its names."""
    phrases: dict[Key, Phrase] = {}
    for section in reading.sections:
        for place, sentence in reading.sentences_of(section):
            for run in _runs(reading.words_only, place, sentence, section.lexicon.language):
                _count_run(run, index.places([form.lower for form in run.forms]), phrases)
            if len(phrases) > _MOST_PHRASES:
                phrases = _pruned(phrases)
        tick(section.end / len(reading.text))
    return phrases


def _runs(text: str, place: int, sentence: Sentence, language: str) -> Iterator[_Run]:
    """Yield the words between two breaks, that is, whatever is more than a gap."""
    known = _vocabulary(language)
    opening = first_word_at(text, sentence.start, sentence.end)
    for match in _RUN.finditer(text, sentence.start, sentence.end):
        forms = [known[word] for word in match.group().split()]
        placed = int(match.start() == opening) if sentence.is_prose else len(forms)
        yield _Run(forms, place, sentence.is_prose, language, placed)


def _is_telling(surface: str, lower: str, lexicon: Lexicon) -> bool:
    if len(lower) > LONGEST_WORD or lower in lexicon.stopwords or is_weak(lower) or not lower[0].isalpha():
        return False
    if shapes.is_finite_verb(lower, lexicon.language) or shapes.is_adverb(lower, lexicon.language):
        return False
    return len(lower) > 2 or shapes.is_acronym(surface) or (len(lower) > 1 and not lower.isascii())  # noqa: PLR2004 - two letters say little


def _count_run(run: _Run, names: list[_Range], phrases: dict[Key, Phrase]) -> None:
    owners = {at: name for name in names for at in range(*name)}
    forms = run.forms
    for start, end in names:
        if end - start > LONGEST_PHRASE and forms[start].is_content and forms[end - 1].is_content:
            _record(run, start, end, phrases).is_name = True
    for start, end in _windows(forms):
        if not owners:
            _record(run, start, end, phrases)
        elif not _cuts(start, end, owners):
            phrase = _record(run, start, end, phrases)
            owner = owners.get(start)
            phrase.is_name |= owner == (start, end)
            phrase.inside += owner is not None and owner != (start, end) and end <= owner[1]


def _windows(forms: list[_Form]) -> Iterator[_Range]:
    """Yield what may be a phrase: nothing twice, and no function word but a preposition inside: `ley de aguas`."""
    last = len(forms) - 1
    for at, form in enumerate(forms):
        if not form.is_content:
            continue
        yield at, at + 1
        if at == last:
            break
        second = forms[at + 1]
        is_new = second.stem != form.stem
        if second.is_content and is_new:
            yield at, at + 2
        if at + 2 <= last and is_new and (second.is_content or second.lower in _LINKS):
            third = forms[at + 2]
            if third.is_content and third.stem not in {form.stem, second.stem}:
                yield at, at + 3


def _cuts(start: int, end: int, owners: Mapping[int, _Range]) -> bool:
    """Tell a fragment that takes a piece of a name and leaves the rest: `Zaragoza cerró`."""
    first, last = owners.get(start), owners.get(end - 1)
    cuts_left = first is not None and first[0] < start and first[1] < end
    return cuts_left or (last is not None and last[0] > start and last[1] > end)


def _record(run: _Run, start: int, end: int, phrases: dict[Key, Phrase]) -> Phrase:
    window = run.forms[start:end]
    key = tuple([form.stem for form in window if form.is_content])
    phrase = phrases.get(key)
    if phrase is None:
        phrase = phrases[key] = Phrase(run.sentence, run.language, lower=tuple([form.lower for form in window]))
    sign = NOUN if window[0].is_elided else run.forms[start - 1].promises if start else OPEN
    phrase.count += 1
    if not run.is_prose:
        phrase.listed += 1
    if sign == NOUN:
        phrase.nouns += 1
    elif sign == VERB:
        phrase.verbs += 1
    if phrase.sentence != run.sentence:
        phrase.sentence = run.sentence
        phrase.sentences += 1
    surface = " ".join([form.surface for form in window])
    written = phrase.placed if start < run.placed else phrase.surfaces
    if surface in written or len(written) < _MOST_SURFACES:
        # Of the forms of one stem the noun is shown: `la consommation`, not `consomme`.
        written[surface] = written.get(surface, 0) + (2 if sign == NOUN else 1)
    return phrase


def _pruned(phrases: dict[Key, Phrase]) -> dict[Key, Phrase]:
    """Forget the rarest phrases until half the room is free, so that memory does not grow with the text."""
    least = 1
    while len(phrases) > _MOST_PHRASES // 2:
        phrases = {key: phrase for key, phrase in phrases.items() if phrase.count > least}
        least *= 2
    return phrases
