"""
The phrases of a text, counted: runs of one to three words between function words and punctuation.

Also the names that the text bears, however long. A piece of a name is counted
as a piece, so that it does not pass for a phrase of its own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.processors import word_shapes as shapes
from app.processors.keyword_context import NOUN, OPEN, VERB, NameIndex, signs
from app.processors.language import LONGEST_WORD, WORD, Lexicon, bare, first_word_at
from app.processors.reading import Reading
from app.processors.sentences import Sentence
from app.processors.ticks import Tick
from app.processors.weak_words import is_weak

LONGEST_PHRASE = 3
"""Words, a preposition inside included; a name may be longer."""

_LINKS = frozenset({"de", "del", "do", "da", "dos", "das", "du", "des", "d", "of"})
_MOST_PHRASES = 40_000
_MOST_SURFACES = 6
_MOST_FORMS = 20_000
_GAP = re.compile(r"[ \t\n\u00a0]{1,3}")


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


@dataclass(slots=True)  # not frozen: that would triple the cost of making one, and each word of the text is one
class _Word:
    form: _Form
    is_placed: bool
    """Whether its capital only comes from its place: first in a sentence, or in a heading."""
    sign: int


class _Vocabulary:
    """The words of a text, each looked at once; it forgets all of them before it grows too large."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._forms: dict[str, _Form] = {}

    def form(self, written: str) -> _Form:
        """Return what is known of *written*."""
        form = self._forms.get(written)
        if form is None:
            if len(self._forms) == _MOST_FORMS:
                self._forms.clear()
            form = self._forms[written] = _form(written, self._lexicon)
        return form


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
    nouns: int = 0
    verbs: int = 0
    sentence: int = -1
    sentences: int = 0
    surfaces: dict[str, int] = field(default_factory=dict)
    placed: dict[str, int] = field(default_factory=dict)
    lower: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    sentence: int
    language: str


type Key = tuple[str, ...]
"""The stems of a phrase's telling words."""


def collect(reading: Reading, index: NameIndex, tick: Tick) -> dict[Key, Phrase]:
    """Count the phrases of *reading*; *index* knows its names."""
    phrases: dict[Key, Phrase] = {}
    vocabularies = {section.lexicon.language: _Vocabulary(section.lexicon) for section in reading.sections}
    for section in reading.sections:
        vocabulary = vocabularies[section.lexicon.language]
        for place, sentence in reading.sentences_of(section):
            where = _Place(place, section.lexicon.language)
            for run in _runs(reading.words_only, sentence, vocabulary):
                _count_run(run, index.places([word.form.lower for word in run]), where, phrases)
            if len(phrases) > _MOST_PHRASES:
                phrases = _pruned(phrases)
        tick(section.end / len(reading.text))
    return phrases


def _runs(text: str, sentence: Sentence, vocabulary: _Vocabulary) -> Iterator[list[_Word]]:
    """Yield the words between two breaks, that is, whatever is more than a gap."""
    opening = first_word_at(text, sentence.start, sentence.end)
    run: list[_Word] = []
    end = sentence.start
    for match in WORD.finditer(text, sentence.start, sentence.end):
        start = match.start()
        if run and text[end:start] != " " and _GAP.fullmatch(text, end, start) is None:
            yield run
            run = []
        end = match.end()
        form = vocabulary.form(match.group())
        sign = NOUN if form.is_elided else run[-1].form.promises if run else OPEN
        run.append(_Word(form, start == opening or not sentence.is_prose, sign))
    if run:
        yield run


def _is_telling(surface: str, lower: str, lexicon: Lexicon) -> bool:
    if len(lower) > LONGEST_WORD or lower in lexicon.stopwords or is_weak(lower) or not lower[0].isalpha():
        return False
    if shapes.is_finite_verb(lower, lexicon.language) or shapes.is_adverb(lower, lexicon.language):
        return False
    return len(lower) > 2 or shapes.is_acronym(surface) or (len(lower) > 1 and not lower.isascii())  # noqa: PLR2004 - two letters say little


def _count_run(run: list[_Word], names: list[_Range], place: _Place, phrases: dict[Key, Phrase]) -> None:
    owners = {at: name for name in names for at in range(*name)}
    for start, end in names:
        if end - start > LONGEST_PHRASE and run[start].form.is_content and run[end - 1].form.is_content:
            _record(run[start:end], place, phrases).is_name = True
    for start, word in enumerate(run):
        if not word.form.is_content:
            continue
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(run)) + 1):
            if not run[end - 1].form.is_content or (owners and _cuts(start, end, owners)):
                continue
            if _holds_together(run[start:end]):
                phrase = _record(run[start:end], place, phrases)
                owner = owners.get(start)
                phrase.is_name |= owner == (start, end)
                phrase.inside += owner is not None and owner != (start, end) and end <= owner[1]


def _cuts(start: int, end: int, owners: Mapping[int, _Range]) -> bool:
    """Tell a fragment that takes a piece of a name and leaves the rest: `Zaragoza cerró`."""
    first, last = owners.get(start), owners.get(end - 1)
    cuts_left = first is not None and first[0] < start and first[1] < end
    return cuts_left or (last is not None and last[0] > start and last[1] > end)


def _holds_together(window: list[_Word]) -> bool:
    """Let a preposition stand inside (`ley de aguas`), no other function word, and nothing twice."""
    inside = window[1:-1]
    if not all(word.form.is_content or word.form.lower in _LINKS for word in inside):
        return False
    return len({word.form.stem for word in window}) == len(window)


def _record(window: list[_Word], place: _Place, phrases: dict[Key, Phrase]) -> Phrase:
    key = tuple(word.form.stem for word in window if word.form.is_content)
    phrase = phrases.get(key)
    if phrase is None:
        phrase = phrases[key] = Phrase(place.sentence, place.language, lower=tuple(word.form.lower for word in window))
    phrase.count += 1
    phrase.nouns += window[0].sign == NOUN
    phrase.verbs += window[0].sign == VERB
    if phrase.sentence != place.sentence:
        phrase.sentence = place.sentence
        phrase.sentences += 1
    surface = " ".join(word.form.surface for word in window)
    forms = phrase.placed if window[0].is_placed else phrase.surfaces
    if surface in forms or len(forms) < _MOST_SURFACES:
        # Of the forms of one stem the noun is shown: `la consommation`, not `consomme`.
        forms[surface] = forms.get(surface, 0) + (2 if window[0].sign == NOUN else 1)
    return phrase


def _pruned(phrases: dict[Key, Phrase]) -> dict[Key, Phrase]:
    """Forget the rarest phrases until half the room is free, so that memory does not grow with the text."""
    least = 1
    while len(phrases) > _MOST_PHRASES // 2:
        phrases = {key: phrase for key, phrase in phrases.items() if phrase.count > least}
        least *= 2
    return phrases
