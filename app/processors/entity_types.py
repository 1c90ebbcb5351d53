"""
What one capitalised span is the name of, judged by itself and its neighbours.

Evidence is tried from the surest to the weakest; the first that fits decides.
Scores are shares of right answers that such evidence gives, roughly.
"""

import re
from collections.abc import Callable
from itertools import pairwise

from app.processors import entity_firms as firms
from app.processors import entity_persons as persons
from app.processors import word_shapes as shapes
from app.processors.entity_evidence import (
    LOCATION,
    MISC,
    ORGANIZATION,
    UNKNOWN,
    Judgement,
    Surroundings,
)
from app.processors.entity_names import Span
from app.processors.gazetteers import Gazetteers

_LOCATIVES = {
    "es": {"en", "desde", "hacia", "hasta"},
    "en": {"in", "near", "from", "at", "across"},
    "fr": {"à", "vers", "près"},
    "pt": {"em"},
}
_WHERE_FIRMS_ARE_TOO = frozenset({"at", "from"})
_ARTICLES = frozenset({"la", "el", "los", "las", "le", "les", "the", "a", "o", "as", "os"})
_WITH_ARTICLES = frozenset({"l", "del", "al", "du", "au", "by", "do", "da", "no", "na", "pela", "pelo", "ao", "à"})
_HOUSE = re.compile(
    r"^ \d{1,4}[A-Za-z]?,? (?:(?P<code>\d{4,6}(?:-\d{3})? )|(?=[A-ZÀ-Þ]))(?P<town>[^\W\d_][\w' -]{2,30})"
)
"""`Vesterbrogade 61, 1620 København`"""
_BASED = re.compile(r"-(?:based|born)(?!\w)")
_OF = frozenset({"de", "del", "of", "da", "do", "du"})
_OF_WHAT = frozenset({"of", "for", "on"})
_PLACE_AFTER = re.compile(r"^(?:,\s|\s\()([^\W\d_][\w' -]{2,30})")
_PAIR = 2
_SHORT = 4
"""Of fewer letters a known name counts only in capitals: `UE`, not `Ue`."""


def judge(span: Span, around: Surroundings) -> Judgement | None:
    """Say what *span* names; None if it is no name, `UNKNOWN` if only the whole document can tell."""
    if _is_no_name(span, around):
        return None
    for rule in _RULES_FOR_CAPITALS if span.is_shouted else _RULES:
        judgement = rule(span, around)
        if judgement is not None:
            return judgement
    return None


def _is_no_name(span: Span, around: Surroundings) -> bool:
    word = span.words[0].lower()
    if span.is_numbered:
        return False
    if span.key in around.lists.technologies and shapes.is_coined(span.words[0]):
        return False
    if span.key in around.lists.common:
        return True
    if len(span.words) > 1:
        return False
    is_function_word = word in around.lexicon.stopwords and not shapes.is_acronym(span.words[0])
    return len(word) == 1 or word.isdigit() or (is_function_word and span.key not in around.lists.places)


def _numbered(span: Span, _around: Surroundings) -> Judgement | None:
    """A law or a standard with its number is sure to be one."""
    return Judgement(MISC, 0.85) if span.is_numbered else None


def _known(span: Span, around: Surroundings) -> Judgement | None:
    lists, key = around.lists, span.key
    is_plain = len(span.words) == 1 and (around.is_word(key) or (span.opens and key in lists.ambiguous))
    is_country = key in lists.countries and key not in lists.ambiguous and key not in around.lower_words
    if is_plain and not is_country and not shapes.is_coined(span.words[0]) and not shapes.is_acronym(span.words[0]):
        return _known_but_plain(span, around)
    if len(key) < _SHORT and not shapes.is_acronym(span.words[0]):
        return Judgement(MISC, 0.92) if key in lists.technologies else None
    if key in lists.organizations:
        return Judgement(ORGANIZATION, 0.93)
    if key in lists.places and not (_SHORT <= len(key) <= _SHORT + 1 and key not in lists.countries and _is_loud(span)):
        is_given = key in lists.first_names and persons.listed(span, around) is not None
        return None if is_given else Judgement(LOCATION, 0.93)
    return Judgement(MISC, 0.92) if key in lists.technologies else None


def _is_loud(span: Span) -> bool:
    """Tell an acronym that happens to be a town's name too."""
    return len(span.words) == 1 and span.words[0].isupper() and not span.in_heading


def _known_but_plain(span: Span, around: Surroundings) -> Judgement | None:
    """A listed name that the text also uses as a word, or may: trusted only inside a sentence."""
    if span.opens or span.in_heading or span.key in around.lower_words or span.key in around.lists.common:
        return None
    if span.key in around.lists.organizations:
        return Judgement(ORGANIZATION, 0.6)
    if span.key in around.lists.places:
        return Judgement(LOCATION, 0.6)
    return Judgement(MISC, 0.6) if span.key in around.lists.technologies else None


def _organization(span: Span, around: Surroundings) -> Judgement | None:
    """Its head, its tail or its legal form says so."""
    lists, words = around.lists, [word.lower().rstrip(".,") for word in span.words]
    if len(words) < _PAIR:
        return None
    if words[-1] in lists.organization_suffixes and (len(words[-1]) > 1 or "." in span.words[-1]):
        return Judgement(ORGANIZATION, 0.96)
    head = " ".join(words[:2])
    is_headed = any(" ".join(words[:size]) in lists.organization_heads for size in (1, 2, 3))
    has_own_name = _has_own_name(span, around)
    is_loud = "".join(span.words).isupper()
    if (is_loud and not has_own_name) or (span.is_shouted and not is_loud):
        return None
    is_english_word = (
        around.lexicon.language == "en" and around.is_word(words[0]) and head not in lists.organization_heads
    )
    if (is_headed or words[0] in lists.lower_organization_heads) and (has_own_name or not is_english_word):
        return Judgement(ORGANIZATION, 0.9 if has_own_name else 0.7)
    return _by_its_tail(span, words, around)


def _by_its_tail(span: Span, words: list[str], around: Surroundings) -> Judgement | None:
    """`Northmoor Catering`, `National Parks Service`: the last word is what it is, or the one before `of`."""
    lists = around.lists
    is_person = len(words) == _PAIR and words[0] in lists.first_names and words[-1] in lists.surnames
    pair = " ".join(words[-2:])
    if (words[-1] in lists.organization_tails or pair in lists.organization_tails) and not is_person:
        if _has_own_name(span, around):
            return Judgement(ORGANIZATION, 0.85)
        is_term = all(word in around.lower_words for word in words)
        return None if is_term or span.in_heading else Judgement(ORGANIZATION, 0.6)
    if words[-1] in lists.weak_organization_tails and not is_person and _has_own_name(span, around):
        return Judgement(ORGANIZATION, 0.75)
    if any(word in lists.organization_tails and after in _OF_WHAT for word, after in pairwise(words)):
        return Judgement(ORGANIZATION, 0.85)
    return Judgement(ORGANIZATION, 0.8) if "&" in words or "&" in span.key else None


def _has_own_name(span: Span, around: Surroundings) -> bool:
    """Tell whether one of the words is none of the language: `Brightwell Catering`, unlike `Service Level`."""
    return any(not around.is_plain(word) for word in span.words)


def _place(span: Span, around: Surroundings) -> Judgement | None:
    lists, words = around.lists, [word.lower().rstrip(".") for word in span.words]
    is_headed = words[0] in lists.place_heads or " ".join(words[:2]) in lists.place_heads
    if len(words) > 1 and (is_headed or words[0] in lists.lower_place_heads or words[-1] in lists.place_tails):
        return Judgement(LOCATION, 0.85)
    if _BASED.match(span.after) or _is_address(span, around):
        return Judgement(LOCATION, 0.85)
    before = span.before[:-1] if span.before[-1] in _ARTICLES and span.before[-2] in _OF else span.before
    is_announced = before[-1] in lists.before_places or (before[-1] in _OF and before[-2] in lists.before_places)
    return Judgement(LOCATION, 0.8) if is_announced and not span.opens else None


def _is_address(span: Span, around: Surroundings) -> bool:
    """Tell a street by its house number and the town behind it."""
    house = _HOUSE.match(span.after)
    if house is not None:
        return bool(house["code"]) or _begins_with_place(house["town"], around.lists)
    has_number = span.before[-1].isdecimal() and len(span.before[-1]) < _SHORT and span.in_heading
    return has_number and len(span.words) > 1 and _PLACE_AFTER.match(span.after) is not None


def _doubtful_place(span: Span, around: Surroundings) -> Judgement | None:
    """A city that is called like a person or a thing: the words around it have to say that it is meant."""
    if span.key not in around.lists.doubtful_places or span.key in around.lower_words:
        return None
    nearby = _PLACE_AFTER.match(span.after)
    is_beside = nearby is not None and _begins_with_place(nearby[1], around.lists)
    if is_beside or _is_located(span, around):
        return Judgement(LOCATION, 0.85)
    has_other_sense = around.is_word(span.key) or around.is_name(span.key) or len(span.words) > 1
    return None if has_other_sense or span.opens else Judgement(LOCATION, 0.6)


def _work(span: Span, around: Surroundings) -> Judgement | None:
    lists, words = around.lists, [word.lower() for word in span.words]
    is_institution = " ".join(words[:2]) in lists.organization_heads
    if len(words) > 1 and not is_institution and (words[0] in lists.work_heads or words[-1] in lists.work_tails):
        return Judgement(MISC, 0.75)
    return None


def _called(span: Span, around: Surroundings) -> Judgement | None:
    """`la aplicación Zubrel`, `le festival Zubrel`: the noun before it says that it is a work or an event."""
    is_called = not span.opens and span.before[-1] in around.lists.before_works
    is_word = len(span.words) == 1 and around.is_word(span.key)
    return Judgement(MISC, 0.75) if is_called and not is_word else None


def _located(span: Span, around: Surroundings) -> Judgement | None:
    """It lies in a known place, or something is in it."""
    if span.in_heading or shapes.is_coined(span.words[0]) or shapes.is_acronym(span.words[0]):
        return None
    if all(around.is_word(word.lower()) for word in span.words) or not _is_located(span, around):
        return None
    nearby = _PLACE_AFTER.match(span.after)
    if nearby is not None and _begins_with_place(nearby[1], around.lists):
        return Judgement(LOCATION, 0.8)
    is_in = span.before[-1] not in _WHERE_FIRMS_ARE_TOO
    return Judgement(LOCATION, 0.5) if len(span.words) == 1 and is_in else None


def _begins_with_place(following: str, lists: Gazetteers) -> bool:
    words = following.lower().split()
    return any(" ".join(words[:size]) in lists.places for size in (1, 2, 3))


def _is_located(span: Span, around: Surroundings) -> bool:
    return not span.opens and span.before[-1] in _LOCATIVES.get(around.lexicon.language, set())


def _shaped(span: Span, around: Surroundings) -> Judgement | None:
    """A coined word or an acronym; otherwise the document has to tell."""
    first = span.words[0]
    if any(shapes.is_coined(word) for word in span.words):
        return Judgement(MISC, 0.7)
    if len(span.words) == 1 and shapes.is_acronym(first):
        return None if span.in_heading else _acronym(span, around)
    if span.in_heading or all(map(around.is_plain, span.words)):
        return None
    is_name = around.is_name(span.words[0].lower()) or around.is_name(span.words[-1].lower())
    if not is_name and shapes.is_place_like(span.key, around.lexicon.language):
        return Judgement(LOCATION, 0.45 if span.opens else 0.5)
    return Judgement(UNKNOWN, 0.3 if span.opens else 0.45)


def _acronym(span: Span, around: Surroundings) -> Judgement:
    """`el CENZA`: with an article most are institutions; without, the short ones are measures, labels and shouts."""
    word = span.words[0].lower()
    letters = len(word.replace(".", ""))
    if letters < _SHORT - 1 or around.is_word(word) or word in around.lists.before_organizations:
        return Judgement(UNKNOWN, 0.2)
    has_article = span.before[-1] in _ARTICLES or span.before[-1] in _WITH_ARTICLES
    if has_article and not span.opens and "." not in word:
        return Judgement(ORGANIZATION, 0.5)
    return Judgement(MISC, 0.5) if letters >= _SHORT else Judgement(UNKNOWN, 0.2)


type _Rule = Callable[[Span, Surroundings], Judgement | None]
_RULES: tuple[_Rule, ...] = (
    _numbered, _known, persons.titled, _work, _organization, _called, firms.of_a_country, firms.introduced, _place,
    persons.addressed, _doubtful_place, persons.listed, persons.entered, firms.trading, persons.acting, _located,
    firms.partner, firms.called_by_trade, persons.unheard, _shaped,
)  # fmt: skip
_RULES_FOR_CAPITALS: tuple[_Rule, ...] = (_known, _organization, persons.listed)
