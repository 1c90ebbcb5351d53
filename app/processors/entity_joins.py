"""Which capitalised words belong to one name, by what stands between them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from app.processors.gazetteers import Gazetteers, gazetteers

_NARROWEST = 45
"""Characters of a line that may have been wrapped."""

_MOST_OF_A_PATRON = 2
"""Words in front of the school: `St Oswald's`."""

_LONGEST_GAP = 8
"""The longest preposition with its blanks."""

_ADJECTIVE = re.compile(
    r" (?:nacional|internacional|municipal|regional|provincial|general|central|federal|estatal|europeo|europea|superior"
    r"|autónoma|autónomo|público|pública|nationale?|internationale?|municipale?|régionale?|générale?|centrale?|fédérale?"
    r"|européenne?|supérieure?|mondiale?|royale?|publique?|estadual|geral|mundial|judiciaire|administratif|mixte"
    r"|départementale?|universitaire|hospitalier|français|française|ivoirienne?s?|sénégalaise?|belge|suisse|agricole)"
    r"(?: (?:de la|de l['\u2019]|del|de|d['\u2019]|du|des|da|do|das|dos|pour la|pour l['\u2019]|pour le))? ?"
)
_NUMBERED = re.compile(r" (?:número|numéro|n[.º°]{1,2}|núm\.) ?\d{1,3} (?:de la |de los |del |de |do |da |d['\u2019])")
"""`Juzgado de lo Social número 4 de …`"""
_MATTER = re.compile(
    r" (?:de |d['\u2019]|del )(?:la |l['\u2019])?[a-zà-ÿ]{4,14} (?:de la |de |del |d['\u2019]|du |da |do )"
)
"""`Chambre d'agriculture de …`"""
_OWNER = re.compile(r"['\u2019]s ")
_OWNED = frozenset({"school", "college", "hospital", "church", "cathedral", "academy", "chapel", "hall"})
_ELIDED = re.compile(r" [LD]['\u2019]")
_OF_A_PERSON = frozenset({"de", "del", "de la", "de los", "da", "do", "das", "dos", "van", "von", "van der", "di"})
_PREPOSITION_LIST = (
    "de|de lo|del|de la|de las|de los|de l|d|do|da|dos|das|du|des|of|of the|von|van|van der|van den|der|den|di|bin|al"
    "|el|la|le|sobre|sur|on|para|pour|for|against|contra|y de|e de|et de|et du|et des|y del|y de la|e da|e do|and the"
)
_PREPOSITIONS = frozenset(_PREPOSITION_LIST.split("|"))
_ARTICLES = frozenset({"el", "la", "le"})
_LOOSE = frozenset({"sobre", "sur", "on", "para", "pour", "for", "against", "contra"})
_PAIRED = frozenset({"y de", "e de", "et de", "et du", "et des", "y del", "y de la", "e da", "e do", "and the"})
_CONJUNCTIONS = frozenset(["y", "e", "et", "and", "&"])
_AFTER_COMMA = frozenset({"inc", "ltd", "llc", "llp", "plc", "gmbh", "ltda", "lda", "sl", "sa", "slu", "sarl", "corp"})


class Part(NamedTuple):
    """One capitalised word of the text, and where it stands."""

    start: int
    end: int
    word: str


def belongs(text: str, run: Sequence[Part], following: Sequence[Part]) -> bool:
    """Tell whether the name that is *run* so far goes on with the first of *following*."""
    part, lists = following[0], gazetteers()
    gap = text[run[-1].end : part.start]
    if "\n" in gap and not _is_wrapped(text, run[-1].end):
        return False
    if not gap.strip():
        return gap in {" ", "\u00a0"} or "\n" in gap
    last = run[-1].word
    is_adjective = _ADJECTIVE.fullmatch(gap) or _ELIDED.fullmatch(gap)
    if is_adjective or _is_of_an_institution(gap, run, following, lists):
        return not is_adjective or is_head(run[0].word.lower(), lists) or is_head(last.lower(), lists)
    if gap.strip() == ".":
        return len(gap) > 1 and (len(last) == 1 or last.lower() in lists.titles or last.lower() in lists.place_heads)
    if len(gap) > _LONGEST_GAP or gap[0] not in " \n":
        return _is_suffix_after_comma(gap, part, lists)
    joiner = " ".join(gap.lower().replace("'", " ").replace("\u2019", " ").split())
    return _joins(joiner, run, following, lists)


def _is_of_an_institution(gap: str, run: Sequence[Part], following: Sequence[Part], lists: Gazetteers) -> bool:
    if _OWNER.fullmatch(gap):
        return len(run) <= _MOST_OF_A_PATRON and following[-1].word.lower() in _OWNED
    is_headed = any(one.word.lower() in lists.organization_heads for one in run[:2])
    return is_headed and bool(_NUMBERED.fullmatch(gap) or _MATTER.fullmatch(gap))


def is_head(word: str, lists: Gazetteers) -> bool:
    """Tell whether *word* says what follows it is: an institution, a place, a work."""
    return is_organization_head(word, lists) or word in lists.place_heads or word in lists.work_heads


def is_organization_head(word: str, lists: Gazetteers) -> bool:
    """Tell whether *word* stands at one end of the names of institutions."""
    return word in lists.organization_heads or word in lists.organization_tails


def is_known(name: str, lists: Gazetteers) -> bool:
    """Tell whether *name* is listed under any type."""
    return (
        name in lists.places or name in lists.organizations or name in lists.technologies or name in lists.first_names
    )


def _is_wrapped(text: str, place: int) -> bool:
    """Tell a line that was full from the line of a signature, an address or a table."""
    return place >= _NARROWEST and text.rfind("\n", place - _NARROWEST, place) < 0


def _is_suffix_after_comma(gap: str, part: Part, lists: Gazetteers) -> bool:
    word = part.word.lower()
    return gap == ", " and word in lists.organization_suffixes and ("." in word or word in _AFTER_COMMA)


def _joins(joiner: str, run: Sequence[Part], following: Sequence[Part], lists: Gazetteers) -> bool:
    last, first = run[-1].word.lower(), following[0].word.lower()
    if (
        any(one.word.lower() in lists.first_names for one in run[:2])
        and joiner in _OF_A_PERSON
        and _is_more_of_a_name(run, first, lists)
    ):
        return True
    if len(run) == 1 and last in lists.roles and not is_head(last, lists):
        return False
    pair = f"{last} {joiner} {first}"
    if pair in lists.places or pair in lists.organizations:
        return True
    # The second word is the head where an article opens the sentence: `La Biblioteca Municipal de Soria`.
    is_headed = any(is_head(one.word.lower(), lists) for one in (*run[:2], run[-1]))
    if joiner in _CONJUNCTIONS or joiner in _PAIRED:
        return joiner == "&" or _goes_on_after_and(run, following, lists, is_headed=is_headed)
    if joiner not in _PREPOSITIONS or _begins_anew(run, following, lists, joiner):
        return False
    whole = " ".join(one.word for one in run).lower()
    return is_headed or (joiner not in _LOOSE and not (is_known(first, lists) or is_known(whole, lists)))


def _is_more_of_a_name(run: Sequence[Part], following: str, lists: Gazetteers) -> bool:
    """`Maria da Graça`, `Joana de Souza`, but not `Ana de Lisboa`, nor `Ana y Luis`."""
    is_family = following in lists.surnames or (following in lists.first_names and len(run) < 3)  # noqa: PLR2004 - one given name, perhaps behind a verb
    return is_family and following not in lists.places and not is_head(following, lists)


def _goes_on_after_and(run: Sequence[Part], following: Sequence[Part], lists: Gazetteers, *, is_headed: bool) -> bool:
    """`Secretaría de Agricultura y Ganadería` is one name, and so is `Food and Drug Administration`."""
    first, last = following[0].word.lower(), following[-1].word.lower()
    if is_known(first, lists) or (is_head(first, lists) and len(following) == 1):
        return False
    is_tailed = last in lists.organization_tails and len(following) > 1 and not is_known(run[-1].word.lower(), lists)
    return is_tailed or (is_headed and len(run) > 1 and not is_head(first, lists))


def _begins_anew(run: Sequence[Part], following: Sequence[Part], lists: Gazetteers, joiner: str) -> bool:
    """A person's name does not run on into the institution: `Laura Whitcombe of the University of Leeds`."""
    if joiner in _ARTICLES and is_head(following[0].word.lower(), lists):
        return True
    last = following[-1].word.lower() if len(following) > 1 else ""
    is_institution = is_organization_head(following[0].word.lower(), lists) or (
        last in lists.organization_tails or last in lists.weak_organization_tails
    )
    return is_institution and any(one.word.lower() in lists.first_names for one in run)
