"""How well found key phrases agree with those that a librarian would choose."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import Stemmer
import stopwordsiso

TOP: Final = 10
"""Phrases that are looked at; whatever is answered beyond them neither helps nor harms."""

_HALF: Final = 0.5
_STEMMERS: Final = {"es": "spanish", "en": "english", "fr": "french", "pt": "portuguese"}

type Stems = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KeywordScore:
    """What came of one document; *hits* are phrases as they were found."""

    hits: tuple[str, ...]
    false: tuple[str, ...]
    missed: tuple[str, ...]
    near: int
    duplicates: tuple[str, ...]
    fragments: tuple[str, ...]

    @property
    def returned(self) -> int:
        """How many phrases were looked at."""
        return len(self.hits) + len(self.false)

    @property
    def precision(self) -> float:
        """The share of the phrases that are right."""
        return len(self.hits) / max(1, self.returned)

    @property
    def recall(self) -> float:
        """The share of the right phrases that was found, where ten are all that can be."""
        return len(self.hits) / max(1, min(TOP, len(self.hits) + len(self.missed)))

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return self._f(len(self.hits))

    @property
    def lenient_f1(self) -> float:
        """The same, where a phrase that shares half of its words with one of the missed is right, too."""
        return self._f(len(self.hits) + self.near)

    def _f(self, right: int) -> float:
        return 2 * right / max(1, self.returned + min(TOP, len(self.hits) + len(self.missed)))


def score_keywords(
    found: Sequence[str], gold: Sequence[str], *, text: str, names: Iterable[str], language: str
) -> KeywordScore:
    """
    Compare the first ten of *found* with *gold*, word by word, by their stems.

    Each of *gold* may have several forms, `form | form`, of which one is to be
    found. *names* are all names of the text, in all their forms: a piece of one
    that never stands alone is a fragment, as a piece of a gold phrase is.
    """
    found = found[:TOP]
    forms = {stems(form, language): phrase for phrase in gold for form in phrase.split(" | ")}
    hits: dict[str, str] = {}
    for phrase in found:
        if (wanted := forms.get(stems(phrase, language))) is not None:
            hits.setdefault(wanted, phrase)
    whole = {*forms, *(stems(name, language) for name in names)}
    words = stems(text, language)
    false = [phrase for phrase in found if phrase not in hits.values()]
    missed = [phrase for phrase in gold if phrase not in hits]
    return KeywordScore(
        hits=tuple(hits.values()),
        false=tuple(false),
        missed=tuple(missed),
        near=_near(
            [stems(phrase, language) for phrase in false],
            [stems(phrase.partition(" | ")[0], language) for phrase in missed],
        ),
        duplicates=tuple(_duplicates(found, language)),
        fragments=tuple(phrase for phrase in found if _is_fragment(phrase, words, whole, language)),
    )


def stems(phrase: str, language: str) -> Stems:
    """Reduce the words of *phrase* to their stems, in lower case; accents stay."""
    return tuple(_stemmer(language).stemWords(_words(phrase)))


def _near(false: Sequence[Stems], missed: Sequence[Stems]) -> int:
    """Count those of *false* that share half of their words with one of *missed*, which serves once."""
    left = list(missed)
    for phrase in false:
        shares = {key: 2 * len({*phrase} & {*key}) / (len({*phrase}) + len({*key})) for key in left}
        best = max(left, key=shares.__getitem__, default=None)
        if best is not None and shares[best] >= _HALF:
            left.remove(best)
    return len(missed) - len(left)


def _words(phrase: str) -> list[str]:
    return re.findall(r"\w+", phrase.lower())


@cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(_STEMMERS.get(language, "porter"))


@cache
def _stopwords(language: str) -> frozenset[str]:
    return frozenset(stopwordsiso.stopwords(language))


def _duplicates(found: Sequence[str], language: str) -> Iterable[str]:
    """Yield the phrases all whose words stand in another one, too; of two equal ones, the later."""
    sets = [frozenset(stems(phrase, language)) for phrase in found]
    for place, (phrase, own) in enumerate(zip(found, sets, strict=True)):
        others = (other for at, other in enumerate(sets) if at < place or (at > place and other != own))
        if any(own <= other for other in others):
            yield phrase


def _is_fragment(phrase: str, words: Stems, whole: set[Stems], language: str) -> bool:
    """Whether *phrase* begins or ends with a function word, or is always a piece of something longer."""
    own, written = stems(phrase, language), _words(phrase)
    if not own or own in whole:
        return False
    if {written[0], written[-1]} & _stopwords(language):
        return True
    places = _places(own, words)
    covered = {
        place + offset for longer in whole for offset in _places(own, longer) for place in _places(longer, words)
    }
    return not set(places) - covered


def _places(piece: Stems, words: Stems) -> list[int]:
    size = len(piece)
    return [place for place in range(len(words) - size + 1) if words[place : place + size] == piece]
