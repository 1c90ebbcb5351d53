"""What has been understood of a document before anything is looked for in it."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.processors.entity_patterns import without_addresses
from app.processors.language import WORD, Lexicon, lexicon
from app.processors.parts import Part, main_language, parts_of
from app.processors.sentences import Sentence, Sentences, sentences_in
from app.processors.ticks import Tick, no_tick

_LABEL = 2


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the text, with the words of its language and the places of its sentences among all."""

    start: int
    end: int
    lexicon: Lexicon
    places: range


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in its sections, and the places of its sentences."""

    text: str
    words_only: str
    """The text with its addresses blanked out, letter for letter."""
    language: str
    """What most of it is written in."""
    sections: Sequence[Section]
    sentences: Sentences
    words: int

    @classmethod
    def of(cls, text: str, language: str | None = None) -> "Reading":
        """Read *text* as *language*, or each paragraph as its own."""
        return cls.in_parts(text, parts_of(text, language))

    @classmethod
    def in_parts(cls, text: str, parts: Sequence[Part], tick: Tick = no_tick) -> "Reading":
        """Read each of the *parts* of *text* as the language it is in."""
        sections, sentences, pieces, words = [], Sentences(), [], 0
        for part in parts:
            first = len(sentences)
            for sentence in sentences_in(text, part.start, part.end, part.language):
                sentences.add(sentence)
            sections.append(Section(part.start, part.end, lexicon(part.language), range(first, len(sentences))))
            words += sum(1 for _ in WORD.finditer(text, part.start, part.end))
            pieces.append(without_addresses(text[part.start : part.end]))
            tick(part.end / len(text))
        return cls(text, "".join(pieces), main_language(parts), sections, sentences, words)

    def sentences_of(self, section: Section) -> Iterator[tuple[int, Sentence]]:
        """Yield the sentences of *section* with their places, but not those of one or two letters."""
        sentences = self.sentences
        return ((place, sentences[place]) for place in section.places if sentences.length(place) > _LABEL)

    def lexicon_at(self, position: int) -> Lexicon:
        """Return the words of the language that stands at *position*."""
        return self.sections[bisect_right(self.sections, position, key=lambda section: section.start) - 1].lexicon
