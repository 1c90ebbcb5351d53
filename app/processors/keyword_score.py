"""
How likely a phrase is one that tells what a text is about, at first sight.

Signs are added up like evidence: each raises or lowers the odds, whatever the
language. The weights are a logistic regression over documents with chosen key
phrases, rounded; it was steady when each language in turn was left out.
"""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from app.processors import word_shapes as shapes
from app.processors.gazetteers import vocabulary
from app.processors.phrases import Key, Phrase
from app.processors.weak_words import is_general

_OFTEN, _SPREAD, _EARLY = 0.3, 1.6, 0.75
_TWO_WORDS, _MORE_WORDS, _FREQUENT_PARTS, _GENERAL_END = 1.4, 0.7, 0.8, -0.4
_NOUN, _VERB, _BASE_FORM = 0.4, -0.8, -0.4
_LONG_WORD, _UNCOMMON, _MODIFIER, _GENERAL = 0.9, 0.65, -1.1, -1.9
_KINDS: Mapping[str, float] = {"ORGANIZATION": 1.0, "MISC": 0.5, "LOCATION": -0.2, "PERSON": -0.4}
_HEAD_FIRST = frozenset({"es", "fr", "pt"})


@dataclass(frozen=True, slots=True)
class Scale:
    """What phrases are weighed by: all others of the text, and what kinds of names it bears."""

    phrases: Mapping[Key, Phrase]
    modifiers: Counter[str]
    """How often a stem stands beside the noun that it goes with: behind it, in English before it."""
    heads: Counter[str]
    """How often it is the noun that another word goes with."""
    kinds: Mapping[str, str]
    most: Counter[str]
    """How often the commonest name of each kind is written; of what is no name, under `""`."""
    total: int

    @classmethod
    def of(cls, phrases: Mapping[Key, Phrase], kinds: Mapping[str, str], total: int) -> "Scale":
        """Weigh *phrases* of *total* sentences; *kinds* maps names in lower case to their types."""
        modifiers: Counter[str] = Counter()
        heads: Counter[str] = Counter()
        most: Counter[str] = Counter()
        for key, phrase in phrases.items():
            if len(key) == len(phrase.lower) == 2:  # noqa: PLR2004 - a noun and one word beside it
                is_head_first = phrase.language in _HEAD_FIRST
                modifiers[key[is_head_first]] += phrase.count
                heads[key[not is_head_first]] += phrase.count
            kind = kinds.get(" ".join(phrase.lower), "")
            most[kind] = max(most[kind], phrase.count - phrase.inside)
        return cls(phrases, modifiers, heads, kinds, most, total)

    def kind(self, phrase: Phrase) -> str:
        """Return what *phrase* is the name of; empty if of nothing."""
        return self.kinds.get(" ".join(phrase.lower), "")

    def parts(self, key: Key, phrase: Phrase) -> list[int]:
        """Count how often each word is written anywhere."""
        return [self.phrases[(stem,)].count if (stem,) in self.phrases else phrase.count for stem in key]

    def score(self, key: Key) -> float:
        """The logarithm of the odds, but for a constant."""
        phrase = self.phrases[key]
        return (
            _OFTEN * math.log(phrase.count - phrase.inside)
            + _SPREAD * math.log(phrase.sentences)
            + _EARLY * math.exp(-4 * phrase.first / max(8, self.total))
            + _KINDS.get(self.kind(phrase), 0.0)
            + self._of_use(key, phrase)
            + (self._of_word(key[0], phrase) if len(key) == 1 else self._of_phrase(key, phrase))
        )

    def _of_use(self, key: Key, phrase: Phrase) -> float:
        """Nouns stand behind articles; what only stands where verbs do is none."""
        ends = (phrase.lower[0], phrase.lower[-1])
        use = _NOUN if phrase.nouns else _VERB if phrase.verbs else 0.0
        base = any(shapes.is_base_verb(word, phrase.language) for word in ends)
        return use + _BASE_FORM * base + _UNCOMMON * uncommon(key, phrase.language)

    def _of_word(self, stem: str, phrase: Phrase) -> float:
        is_name = any(form != form.lower() for form in phrase.surfaces)
        modifies = 0.0 if is_name else min(1.0, self.modifiers[stem] / phrase.count)
        return _LONG_WORD * len(phrase.lower[0]) / 10 + _MODIFIER * modifies + _GENERAL * is_general(phrase.lower[0])

    def _of_phrase(self, key: Key, phrase: Phrase) -> float:
        parts = self.parts(key, phrase)
        length = {2: _TWO_WORDS, 3: _MORE_WORDS}.get(len(key), 0.0)
        general = any(map(is_general, (phrase.lower[0], phrase.lower[-1])))
        return length + _FREQUENT_PARTS * sum(map(math.log, parts)) / len(parts) + _GENERAL_END * general


def uncommon(key: Key, language: str) -> float:
    """Return the share of the words that are in no list of ordinary words; 0 where there is no list."""
    known = vocabulary(language)
    return sum(stem not in known for stem in key) / len(key) if known else 0.0
