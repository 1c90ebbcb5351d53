"""What follows the capitals of a name and is part of it: `Agence nationale de l'eau`, `Ley 1563 de 2012`."""

import re
from collections.abc import Sequence

from app.processors.gazetteers import gazetteers

_ADJECTIVE = (
    r" (?!quel|tel|seul|ancien|actuel|prochain|tout)[a-zà-ÿ-]{2,16}(?:ique|al|ale|aux|ien|ienne|aire|el|elle|if|ive"
    r"|eux|euse|ais|aise|ois|oise|icain|icaine|ier|ière|cole|public|national|royal|belge|suisse|russe|libre"
    r"|pendant|pendante)s?(?![\w'-])"
)
_DETERMINERS = "la|le|les|un|une|ce|cet|cette|ces|son|sa|ses|leur|leurs|notre|nos|plus|tous|toutes|plusieurs|chaque"
_ARTICLE = r"(?:la |le |les |l['\u2019])?"
_WORD = rf"(?!(?:{_DETERMINERS})(?!\w))[a-zà-ÿ-]{{3,20}}(?![\w'\u2019-])(?:{_ADJECTIVE})?"
_OF = r"(?:des |du |de |d['\u2019]|pour |sur )"
_NOUN = rf" {_OF}{_ARTICLE}{_WORD}"
_TAIL = re.compile(rf"(?P<kind>{_ADJECTIVE})?(?:{_NOUN}(?:,? et {_OF}?{_ARTICLE}{_WORD}|{_NOUN}){{0,3}})?")
_ACRONYM = re.compile(r" \([A-Z][\w.-]{1,9}\)")
_TWO = 2
_NUMBER = re.compile(
    r" (?:[Nn]\.?[º°o]\.? ?|[Nn]o\. ?)?(?:\d{1,3}(?:\.\d{3})+|\d{1,5}(?:[/.:-]\d{1,5}){0,2})"
    r"(?: (?:de|of|du) (?:19|20)\d\d)?(?![\w%€$£]|[.,]\d)"
)
_LAW_LIST = (
    "act bill regulation directive ley leyes decreto reglamento directiva resolución norma orden acuerdo loi décret "
    "règlement directive lei portaria resolução regulamento decreto-lei decreto-ley"
)
_LAWS = frozenset(_LAW_LIST.split())
_STANDARD_LIST = (
    "iso iec en din une astm ansi ieee nf bs ntc nbr nom dtu rfc jis csa iram ohsas fips cte une-en iso/iec en-iso"
)
_STANDARDS = frozenset(_STANDARD_LIST.split())


def end_with_number(text: str, end: int, limit: int, words: Sequence[str]) -> int:
    """Find where the name of a law or a standard that is written in words up to *end* really ends."""
    first, last = words[0].lower(), words[-1].lower()
    if (
        first not in _LAWS
        and last not in _LAWS
        and not (len(words) == 1 and first in _STANDARDS and words[0].isupper())
    ):
        return end
    number = _NUMBER.match(text, end, limit)
    return number.end() if number else end


def end_with_tail(text: str, end: int, limit: int, words: Sequence[str], *, opens: bool) -> int:
    """
    Find where the name of an institution that is written in capitals up to *end* really ends.

    Where a sentence *opens*, the first capital says nothing: an acronym behind it, or an adjective, has to.
    """
    heads = gazetteers().organization_heads
    if words[0][0].islower() or text[end : end + 1] != " ":
        return end
    if not any(word.lower() in heads for word in words[:_TWO]):
        return end
    tail = _TAIL.match(text, end, limit)
    if tail is None or tail.end() == end:
        return end
    is_bare = opens and len(words) == 1 and not tail["kind"]
    return end if is_bare and not _ACRONYM.match(text, tail.end(), limit) else tail.end()
