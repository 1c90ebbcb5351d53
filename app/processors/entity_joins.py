"""Which capitalised words belong to one name, by what stands between them."""

import re
from collections.abc import Sequence

from app.processors.entity_parts import Part, is_head, is_known, is_organization_head
from app.processors.entity_series import goes_on_after_and, is_in_charge_of
from app.processors.gazetteers import Gazetteers, gazetteers

_NARROWEST = 45
"""Characters of a line that may have been wrapped."""

_MOST_OF_A_PATRON = 2
"""Words in front of the school: `St Oswald's`."""

_LONGEST_GAP = 10
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
_MATTER_WORD = r"(?:la |l['\u2019])?[a-zà-ÿ-]{3,16}(?: [a-zà-ÿ]{4,14}[aeéelx]s?)?"
_MATTER = re.compile(
    rf" (?:[a-zà-ÿ-]{{5,14}} )?(?:de |d['\u2019]|del |des ){_MATTER_WORD}"
    rf"(?: et (?:de |d['\u2019]|des |du )?{_MATTER_WORD})?"
    r" (?:de la |de |del |de l['\u2019]|d['\u2019]|du |da |do |en )"
)
"""`Chambre d'agriculture de …`, `Chambre de commerce et d'industrie de …`"""
_OWNER = re.compile(r"['\u2019]s ")
_OWNED = frozenset({"school", "college", "hospital", "church", "cathedral", "academy", "chapel", "hall"})
_ELIDED = re.compile(r" [LD]['\u2019]")
_OF_A_PERSON = frozenset({"de", "del", "de la", "de los", "da", "do", "das", "dos", "van", "von", "van der", "di"})
_PREPOSITION_LIST = (
    "de|de lo|del|de la|de las|de los|de l|d|do|da|dos|das|du|des|of|of the|von|van|van der|van den|der|den|di|bin|al"
    "|el|la|le|sobre|sur|on|para|pour|for|for the|against|contra|in|in the"
)
_PREPOSITIONS = frozenset(_PREPOSITION_LIST.split("|"))
_ARTICLES = frozenset({"el", "la", "le"})
_LOOSE = frozenset({"sobre", "sur", "on", "para", "pour", "for", "for the", "against", "contra", "in", "in the"})
_WITHIN = frozenset({"in", "in the"})
_OF_MANY = frozenset({"union", "association", "society", "federation", "foundation", "alliance", "campaign", "church"})
"""Institutions that say of whom, and where: `Union of Bakers in Wales`."""
_PAIRED = frozenset({"y de", "e de", "et de", "et du", "et des", "y del", "y de la", "e da", "e do", "and the"})
_CONJUNCTIONS = frozenset(["y", "e", "et", "and", "&"])
_AFTER_COMMA = frozenset({"inc", "ltd", "llc", "llp", "plc", "gmbh", "ltda", "lda", "sl", "sa", "slu", "sarl", "corp"})


def belongs(text: str, run: Sequence[Part], following: Sequence[Part]) -> bool:
    """Tell whether the name that is *run* so far goes on with the first of *following*."""
    part, lists = following[0], gazetteers()
    gap = text[run[-1].end : part.start]
    if not gap.strip() or ("\n" in gap and not _is_wrapped(text, run[-1].end)):
        return gap in {" ", "\u00a0"} or ("\n" in gap and _is_wrapped(text, run[-1].end))
    last = run[-1].word
    is_adjective = _ADJECTIVE.fullmatch(gap) or _ELIDED.fullmatch(gap)
    if is_adjective or _is_of_an_institution(gap, run, following, lists):
        return not is_adjective or is_head(run[0].word.lower(), lists) or is_head(last.lower(), lists)
    if gap[0] == ",":
        return _is_suffix_after_comma(gap, part, lists) or is_in_charge_of(text, run, following, lists)
    if gap.strip() == ".":
        return len(gap) > 1 and (len(last) == 1 or last.lower() in lists.titles or last.lower() in lists.place_heads)
    if len(gap) > _LONGEST_GAP or gap[0] not in " \n":
        return False
    joiner = " ".join(gap.lower().replace("'", " ").replace("\u2019", " ").split())
    return _joins(joiner, run, following, lists)


def _is_of_an_institution(gap: str, run: Sequence[Part], following: Sequence[Part], lists: Gazetteers) -> bool:
    if _OWNER.fullmatch(gap):
        return len(run) <= _MOST_OF_A_PATRON and following[-1].word.lower() in _OWNED
    is_headed = any(one.word.lower() in lists.organization_heads for one in run[:2])
    return is_headed and bool(_NUMBERED.fullmatch(gap) or _MATTER.fullmatch(gap))


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
    is_headed = is_headed or f"{last} {joiner.partition(' ')[0]}" in lists.organization_heads
    if joiner in _CONJUNCTIONS or joiner in _PAIRED:
        return joiner == "&" or goes_on_after_and(run, following, lists, is_headed=is_headed)
    if joiner not in _PREPOSITIONS or _begins_anew(run, following, lists, joiner):
        return False
    return _is_headed_by(run, following, lists, joiner) if is_headed else _is_unknown(run, first, lists, joiner)


def _is_headed_by(run: Sequence[Part], following: Sequence[Part], lists: Gazetteers, joiner: str) -> bool:
    """`Trust for the Moors` and `Union of Bakers in Wales`, but not `the Committee on Tuesday`."""
    if joiner in _WITHIN:
        return len(run) > 1 and any(one.word.lower() in _OF_MANY for one in run[:2])
    return joiner not in _LOOSE or len(following) > 1 or following[0].word.lower() not in lists.common


def _is_unknown(run: Sequence[Part], following: str, lists: Gazetteers, joiner: str) -> bool:
    """`Ezekiel Trask of Mill Lane` is somebody from somewhere."""
    if joiner in _LOOSE or (joiner == "of" and len(run) > 1):
        return False
    whole = " ".join(one.word for one in run).lower()
    return not (is_known(following, lists) or is_known(whole, lists))


def _is_more_of_a_name(run: Sequence[Part], following: str, lists: Gazetteers) -> bool:
    """`Maria da Graça`, `Joana de Souza`, but not `Ana de Lisboa`, nor `Ana y Luis`."""
    is_family = following in lists.surnames or (following in lists.first_names and len(run) < 3)  # noqa: PLR2004 - one given name, perhaps behind a verb
    return is_family and following not in lists.places and not is_head(following, lists)


def _begins_anew(run: Sequence[Part], following: Sequence[Part], lists: Gazetteers, joiner: str) -> bool:
    """A person's name does not run on into the institution: `Laura Whitcombe of the University of Leeds`."""
    if joiner in _ARTICLES and is_head(following[0].word.lower(), lists):
        return True
    last = following[-1].word.lower() if len(following) > 1 else ""
    is_institution = is_organization_head(following[0].word.lower(), lists) or (
        last in lists.organization_tails or last in lists.weak_organization_tails
    )
    return is_institution and any(one.word.lower() in lists.first_names for one in run)
