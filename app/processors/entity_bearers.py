"""Who is meant by a part of a name: the one person of the document who bears it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

_MINOR_WORDS = "de del la las los do da dos das du des of the y e et and for"
MINOR = frozenset(_MINOR_WORDS.split())
_FEWEST_TO_SHORTEN = 3


def full_names_of(persons: Iterable[str]) -> dict[str, str]:
    """Map a surname, a given name or a shortened name, in lower case, to the one of *persons* who bears it."""
    parts = {name: [part for part in name.split() if part.lower() not in MINOR] for name in persons}
    full = {name: own for name, own in parts.items() if len(own) > 1}
    shortened = _only(((short, name) for name, own in full.items() for short in _shortened(own)))
    found = {name.lower(): shortened[_bare(own)] for name, own in full.items() if _bare(own) in shortened}
    longest = ((name, own) for name, own in full.items() if name.lower() not in found)
    return _only((part, name) for name, own in longest for part in _parts(own)) | found


def _only(bearers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Keep the parts that one person bears, however the name is written."""
    found: dict[str, set[str]] = defaultdict(set)
    for part, name in bearers:
        found[part].add(name)
    return {part: min(full) for part, full in found.items() if len({name.lower() for name in full}) == 1}


def _parts(own: Sequence[str]) -> Iterator[str]:
    yield from (part.lower() for part in own)
    yield " ".join(own[1:]).lower()


def _shortened(own: Sequence[str]) -> Iterator[str]:
    """Leave out a middle name, or write one as its initial: `Ana Soto`, `Ana B. Soto`, `A. Bruna Soto`."""
    first, *middle, last = own
    yield from (_bare(short) for short in ([first[0], *middle, last], [first[0], last]) if len(first) > len("A."))
    if len(own) >= _FEWEST_TO_SHORTEN:
        yield _bare([first, last])
        yield _bare(own[:2])
        if any(len(name) > len("A.") for name in middle):
            yield _bare([first, *(name[0] for name in middle), last])


def _bare(own: Sequence[str]) -> str:
    return " ".join(part.rstrip(".") for part in own).lower()
