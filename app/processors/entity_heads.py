"""Kinds of places and institutions that are written small before the name, and are part of it: `calle Mayor`."""

import re
from functools import cache

from app.processors.alternatives import either
from app.processors.gazetteers import gazetteers

_LONGEST = 60
_INDEFINITE_LIST = (
    "un una uno une um uma cada otro otra autre outro outra chaque cualquier algún alguna dos deux dois a an"
)
_INDEFINITE = frozenset(_INDEFINITE_LIST.split())
_WORD_BEFORE = re.compile(r"(\w+)\W{1,2}$")


def start_with_head(text: str, begin: int, start: int) -> int:
    """Find where the name that begins at *start* begins with its head, not before *begin*."""
    first = max(begin, start - _LONGEST)
    match = _heads().search(text, first, start)
    if match is None:
        return start
    before = _WORD_BEFORE.search(text, max(begin, match.start() - 20), match.start())
    return start if before is not None and before[1].lower() in _INDEFINITE else match.start()


@cache
def _heads() -> re.Pattern[str]:
    lists = gazetteers()
    heads = sorted(lists.lower_place_heads | lists.lower_organization_heads, key=len, reverse=True)
    of = r"(?:de la |de los |de las |del |de l['\u2019]|de |d['\u2019]|du |des |da |do |das |dos )?"
    return re.compile(rf"(?<![\w-])(?:{either(map(re.escape, heads))}) {of}$")
