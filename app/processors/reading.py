"""What has been understood of a document before anything is looked for in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.processors.entity_patterns import without_addresses
from app.processors.language import Lexicon, lexicon
from app.processors.sentences import Sentence, split

type Tick = Callable[[float], None]
"""Is told, from 0 to 1, how much of one step is done."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, the places of its sentences, and the words of its language."""

    text: str
    words_only: str
    """The text with its addresses blanked out, letter for letter."""
    sentences: Sequence[Sentence]
    lexicon: Lexicon

    @classmethod
    def of(cls, text: str, language: str) -> "Reading":
        """Read *text* as *language*."""
        return cls(text, without_addresses(text), split(text, language), lexicon(language))


def no_tick(_share: float) -> None:
    """Care about progress no further."""
