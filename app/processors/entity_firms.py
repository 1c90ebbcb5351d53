"""When a capitalised span is a firm or an institution, by the company that its name keeps."""

import re

from app.processors import entity_persons as persons
from app.processors import word_shapes as shapes
from app.processors.entity_evidence import ORGANIZATION, PARTICLES, Judgement, Surroundings, names_in
from app.processors.entity_names import Span

_PARTNER_PREPOSITIONS = frozenset(["by", "with", "of", "por", "con", "com", "par", "avec", "de"])
_NOUN_AFTER = re.compile(r"^,\s(?:(?:el|la|l'|le|o|a|the|un|una|une|um|uma|an)\s?)?(?:\w{3,20}\s){0,1}?(\w{3,20})")
_VERB_AFTER = re.compile(r"^(?:,? (?:has|had|have|will|ha|había|a|avait|tem|se|que|which))? ([\w-]{4,20})")
_SEATED_AFTER = re.compile(
    r"^,? (?:con sede|con domicilio social|con oficinas|headquartered|with headquarters|dont le siège|avec siège"
    r"|com sede)(?!\w)"
)
_PAIR, _MOST_WORDS = 2, 4
_SHORTEST_ADJECTIVE = 4
_SHORTEST_TRADE = 5
_ROMANCE = frozenset({"es", "fr", "pt"})


def introduced(span: Span, around: Surroundings) -> Judgement | None:
    """`the contractor, Brightwater Construction plc`: a common noun before it says what it is."""
    has_noun = not span.opens and _is_called_a_firm(span, around)
    first = span.words[0].lower()
    following = _NOUN_AFTER.match(span.after)
    is_apposed = following is not None and following[1] in around.lists.before_organizations
    is_given = first in around.lists.first_names and (len(span.words) == 1 or around.is_name(span.words[-1].lower()))
    is_other = first in around.lists.place_heads or is_given
    if (has_noun or is_apposed) and not is_other and not shapes.is_coined(span.words[0]):
        return Judgement(ORGANIZATION, 0.85)
    return None


def trading(span: Span, around: Surroundings) -> Judgement | None:
    """`Quorvex employs 300 people`, `shares of Quorvex`, `Quorvex, headquartered in …`: what only firms do and have."""
    lists, names = around.lists, names_in(span.words)
    if span.in_heading or not 0 < len(names) <= _PAIR or not persons.could_be_person(span.words, around):
        return None
    if any(around.is_plain(name) or name in lists.first_names for name in names):
        return None
    verb = _VERB_AFTER.match(span.after)
    trades = verb is not None and verb[1] in lists.trading
    is_owned = not span.opens and span.before[-1] in _PARTNER_PREPOSITIONS and span.before[-2] in lists.owning
    if trades or is_owned or _SEATED_AFTER.match(span.after):
        return Judgement(ORGANIZATION, 0.7)
    return None


def _is_called_a_firm(span: Span, around: Surroundings) -> bool:
    """`la empresa Zubrelka`, `la empresa municipal Zubrelka`: Romance adjectives stand behind the noun."""
    lists, (_, noun, adjective) = around.lists, span.before
    if adjective in lists.before_organizations:
        return True
    language = around.lexicon.language
    if language not in _ROMANCE or noun not in lists.before_organizations or len(adjective) < _SHORTEST_ADJECTIVE:
        return False
    is_verb = adjective in lists.trading or adjective in lists.verbs or shapes.is_finite_verb(adjective, language)
    return not is_verb and adjective not in around.lexicon.stopwords


def of_a_country(span: Span, around: Surroundings) -> Judgement | None:
    """`Brenavis Portugal`, `Sport England`: where it is active, without a comma."""
    lists, words = around.lists, [word.lower() for word in span.words]
    if not _PAIR <= len(words) <= _MOST_WORDS or span.opens or span.in_heading or words[-1] not in lists.homes:
        return None
    first = words[0]
    is_other = first in lists.places or first in lists.place_heads or first in lists.work_heads
    is_other = is_other or span.key in lists.places or first in lists.first_names or first in lists.common
    return None if is_other or any(word in PARTICLES for word in words) else Judgement(ORGANIZATION, 0.75)


def called_by_trade(span: Span, around: Surroundings) -> Judgement | None:
    """`Zapatos Zubrelka`, `Zubrelka Marine Engines`: what it makes, in the plural, and whose firm it is."""
    words = [word.lower() for word in span.words]
    if not _PAIR <= len(words) <= _MOST_WORDS or any(word in PARTICLES for word in words) or span.is_shouted:
        return None
    lists = around.lists
    is_romance = around.lexicon.language in _ROMANCE
    trade, own = (words[0], words[-1]) if is_romance else (words[-1], words[0])
    is_plural = trade.endswith("s") and not trade.endswith("is") and len(trade) >= _SHORTEST_TRADE
    if not is_plural or not around.is_plain(trade) or trade in lists.common:
        return None
    if around.is_plain(own) or own in lists.places or own in lists.first_names:
        return None
    is_other = trade in lists.place_heads or trade in lists.place_tails or trade in lists.work_heads | lists.work_tails
    return None if is_other or around.is_name(trade) else Judgement(ORGANIZATION, 0.5 if span.opens else 0.55)


def partner(span: Span, around: Surroundings) -> Judgement | None:
    """`built by Harland Marine`, `contrato con Metal Norte`: whoever is no known person is a firm."""
    names = [word for word in span.words if word.lower() not in PARTICLES]
    if span.opens or span.in_heading or len(names) < _PAIR or any(map(shapes.is_coined, names)):
        return None
    deals = span.before[-2] in around.lists.dealings and span.before[-1] in _PARTNER_PREPOSITIONS
    is_unseen = any(word.lower() not in around.lower_words for word in names)
    return Judgement(ORGANIZATION, 0.7) if deals and is_unseen else None
