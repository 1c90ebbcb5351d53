"""What is known when a capitalised span is judged: the lists, the words of the language, the document's own words."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from app.processors import word_shapes as shapes
from app.processors.gazetteers import Gazetteers, gazetteers, vocabulary
from app.processors.language import Lexicon

PERSON, ORGANIZATION, LOCATION, MISC = "PERSON", "ORGANIZATION", "LOCATION", "MISC"
UNKNOWN = "UNKNOWN"
_PARTICLE_LIST = "de del la las los do da dos das du des d' of the von van der den y e di bin ibn el al ter ten zu"
PARTICLES = frozenset(_PARTICLE_LIST.split())


class Judgement(NamedTuple):
    """A type and how sure it is; *skip* counts the words in front that are no part of the name."""

    type: str
    score: float
    skip: int = 0


class Judged(NamedTuple):
    """A candidate that may be a name, where it stands in the whole text, and what is thought of it."""

    start: int
    end: int
    name: str
    judgement: Judgement
    opens: bool
    in_heading: bool
    acronym: str
    """What is written in brackets behind it, if that may be one."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the judge knows of the whole document."""

    lexicon: Lexicon
    lower_words: frozenset[str]
    lists: Gazetteers
    vocabulary: frozenset[str]
    _stems: dict[str, bool] = field(default_factory=dict)
    persons: dict[tuple[str, ...], bool] = field(default_factory=dict)
    """Whether these words could be somebody's name, of those that were asked for."""

    @classmethod
    def of(cls, lexicon: Lexicon, lower_words: frozenset[str]) -> "Surroundings":
        """Bring the lists along."""
        return cls(lexicon, lower_words, gazetteers(), vocabulary(lexicon.language))

    def is_word(self, lower: str) -> bool:
        """Tell whether the language, or this document, has *lower* as an ordinary word."""
        if lower in self.lower_words or lower in self.lexicon.stopwords or lower in self.lists.common:
            return True
        known = self._stems.get(lower)
        if known is None:
            known = self._stems[lower] = any(stem in self.vocabulary for stem in self.lexicon.stems([lower]))
        return known

    def is_plain(self, word: str) -> bool:
        """Tell whether *word* may be written small: a word of the language, or one that ends like them."""
        lower = word.lower()
        if lower in PARTICLES or self.is_word(lower):
            return True
        return "-" not in lower and shapes.is_ordinary(lower, self.lexicon.language) and not self.is_name(lower)

    def is_name(self, lower: str) -> bool:
        """Tell whether *lower* is known as a given or family name."""
        return lower in self.lists.first_names or lower in self.lists.surnames


@lru_cache(maxsize=8)
def names_in(words: tuple[str, ...]) -> tuple[str, ...]:
    """Leave out the particles, and write the rest small; one rule after the other asks this of the same words."""
    return tuple([lower for lower in map(str.lower, words) if lower not in PARTICLES])
