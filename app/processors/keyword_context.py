"""
What stands around a word: the name that it belongs to, and signs that it is a noun or a verb.

Only neighbours are looked at, so what is said here is evidence, no verdict.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from app.processors.gazetteers import gazetteers
from app.processors.language import words

LONGEST_NAME = 9
"""Words; a longer name is read as its parts."""

NOUN, VERB, OPEN = 1, -1, 0

_BEFORE_NOUNS = """
el la los las un una unos unas del al de con sin por para en sobre entre hacia su sus mi nuestro nuestra este esta
estos estas ese esa cada otro otra otros otras ningún alguna algunas algunos mucho mucha muchos muchas the a an of in
for with by from on at into its their his her our my your these those each every some any no other more most many few
le les l' un une des du de d' avec sans pour par dans sur entre chaque son sa ses leur leurs notre nos votre cet cette
ces aux au autre autres quelques plusieurs o os as um uma uns umas do da dos das no na nos nas ao à às pelo pela pelos
pelas com sem seu sua seus suas nosso nossa cada outro outra outros outras
"""
_BEFORE_VERBS = """
se que no te lo ya también ha han había quien quienes they he she it we you i who which to not will would can could
should must may has have had was were been is are qui ne n' se s' il elle ils elles on nous vous a ont est sont était
não tem têm foi foram será já também quem
"""


@dataclass(frozen=True, slots=True)
class NameIndex:
    """The names of several words that a text bears, to be found again in a row of words."""

    names: frozenset[tuple[str, ...]]
    sizes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, written: Iterable[str]) -> "NameIndex":
        """Index names as they are written; a legal form at the end (`Ltd.`) is no part of what people say."""
        known = {name for name in map(_spoken, written) if 1 < len(name) <= LONGEST_NAME}
        sizes: dict[str, set[int]] = defaultdict(set)
        for name in known:
            sizes[name[0]].add(len(name))
        return cls(frozenset(known), {first: tuple(sorted(found, reverse=True)) for first, found in sizes.items()})

    def places(self, lowers: Sequence[str]) -> list[tuple[int, int]]:
        """Find where names begin and end in lower-case words, the longest first, none overlapping."""
        if self.sizes.keys().isdisjoint(lowers):
            return []
        found = []
        at = 0
        while at < len(lowers):
            size = self._size_at(lowers, at)
            if size:
                found.append((at, at + size))
            at += size or 1
        return found

    def _size_at(self, lowers: Sequence[str], at: int) -> int:
        for size in self.sizes.get(lowers[at], ()):
            if at + size <= len(lowers) and tuple(lowers[at : at + size]) in self.names:
                return size
        return 0


@cache
def signs() -> dict[str, int]:
    """Map a lower-case word to what it says of the next one: likely a `NOUN`, or a `VERB`; the others are `OPEN`."""
    return dict.fromkeys(_BEFORE_VERBS.split(), VERB) | dict.fromkeys(_BEFORE_NOUNS.split(), NOUN)


def _spoken(name: str) -> tuple[str, ...]:
    pieces = name.split()
    suffixes = gazetteers().organization_suffixes
    while len(pieces) > 1 and pieces[-1].lower().strip(".,") in suffixes:
        pieces.pop()
    return tuple(words(" ".join(pieces)))
