"""When a capitalised span is somebody's name."""

import re
from collections.abc import Sequence

from app.processors import word_shapes as shapes
from app.processors.entity_evidence import PARTICLES, PERSON, UNKNOWN, Judgement, Surroundings, names_in
from app.processors.entity_names import Span
from app.processors.gazetteers import Gazetteers

_PAIR, _MOST_WORDS = 2, 5
_MOST_OF_A_PERSON = 4
_WORD_AFTER = re.compile(r"^,?\s(\w{2,20})")
_APPOSITION = re.compile(
    r"^,\s(?:(?:el|la|l'|le|o|a|the|un|una|une|um|uma|an|su|nuestra|nuestro|notre|our|der|die)\s?)?(\w{3,20})"
)
_ROLE_AFTER = re.compile(
    r"^(?:,\s|\s\(|\s[\u2013\u2014|-]\s)(?:(?:el|la|le|the|o|a|der)\s)?((?:[^\W\d_][\w-]{2,20}\s){0,2}?)(\w{3,20})(?![\w'])"
)
"""`Ana Peake (Chair)`, `Tom Rusk, Managing Director`, `| Fermín Soto | Tesorero |`"""
_MAIL_AFTER = re.compile(r"^[\"']?\s?[<(\[][\w.+-]{1,64}@")
_NOT_TITLES_BEFORE = frozenset({"me", "m", "d", "ing", "king", "queen", "general", "don", "san", "sor"})
_RANK = re.compile(r"^(?:vice|sub|sous|ex|co|archi|arqui|deputy|former)-?")
_GIVEN_IN_SHORT = frozenset({"m.ª", "mª", "fco", "j.m", "j.a", "j.l"})
_FRENCH_TITLES = frozenset({"m", "mm", "me"})
_GREETING_LIST = (
    "hola hi hello hey dear querido querida estimado estimada caro cara prezado prezada olá oi bonjour salut cher "
    "chère gracias thanks merci obrigado obrigada abrazo saludos"
)
_GREETINGS = frozenset(_GREETING_LIST.split())


def titled(span: Span, around: Surroundings) -> Judgement | None:
    """`Dra. Ruiz`, `ministra Ana Ruiz`: the title is not part of the name."""
    lists = around.lists
    skip = _announcing_words(span, around)
    rest = span.words[skip:]
    is_announced = skip > 0 or _is_announced(span, lists)
    if not is_announced or not could_be_person(rest, around):
        return None
    if (skip and span.words[skip].lower() in PARTICLES) or not any(
        _may_be_name(name, around) for name in names_in(rest)
    ):
        return None
    return Judgement(PERSON, 0.93, skip)


def listed(span: Span, around: Surroundings) -> Judgement | None:
    """Given and family names that are known."""
    names = names_in(span.words)
    if not names or not could_be_person(span.words, around):
        return None
    if len(names) == 1:
        return _single(span, names[0], around)
    if _is_given(names[0], around.lists) and len(names) <= _MOST_OF_A_PERSON and _is_entered(span, around):
        return Judgement(PERSON, 0.85)
    score = _score(names, span, around)
    return Judgement(PERSON, score) if score else None


def _score(names: Sequence[str], span: Span, around: Surroundings) -> float:
    """Say how sure the best of several reasons makes it; 0 if there is none."""
    lists, first, last = around.lists, names[0], names[-1]
    has_first, has_last = _is_given(first, lists), any(part in lists.surnames for part in (last, *last.split("-")))
    opens_plainly, ends_plainly = around.is_word(first), around.is_word(last)
    is_inside = not span.opens and not span.in_heading
    reasons = {
        0.95: has_first and has_last and not (opens_plainly and ends_plainly),
        0.88: has_first and not opens_plainly and not around.is_plain(last),
        0.85: has_first and len(names) > _PAIR and any(map(around.is_name, names[1:])),
        0.80: has_last and len(first.rstrip(".")) == 1,
        0.75: (has_first and has_last and is_inside) or (has_last and not ends_plainly and not around.is_plain(first)),
        0.72: has_first and is_inside and not around.is_plain(last),
        0.70: has_first and not opens_plainly and last not in around.lower_words and not span.in_heading,
    }
    return max((score for score, holds in reasons.items() if holds), default=0.0)


def entered(span: Span, around: Surroundings) -> Judgement | None:
    """`Patient: Zoltan Brakova`, `Zoltan Brakova | Treasurer`: forms and lists of those present say who is who."""
    names = names_in(span.words)
    if not _PAIR <= len(names) <= _MOST_OF_A_PERSON or not could_be_person(span.words, around):
        return None
    if all(map(around.is_plain, names)) or any(map(shapes.is_acronym, span.words)):
        return None
    is_labelled = span.label in around.lists.person_labels
    return Judgement(PERSON, 0.75) if is_labelled or _has_role_after(span, around.lists) else None


def _is_entered(span: Span, around: Surroundings) -> bool:
    lists = around.lists
    return span.label in lists.person_labels or _is_role(span.label, lists) or _has_role_after(span, lists)


def _has_role_after(span: Span, lists: Gazetteers) -> bool:
    """Tell whether an office follows, behind capitalised words at most: `Managing Director`, not `its director`."""
    match = _ROLE_AFTER.match(span.after)
    if match is None or not _is_role(match[2].lower(), lists):
        return False
    return all(word[0].isupper() for word in match[1].split())


def addressed(span: Span, around: Surroundings) -> Judgement | None:
    """Whoever is greeted, or has an e-mail address beside the name."""
    names = names_in(span.words)
    if not names or not could_be_person(span.words, around) or all(map(around.is_word, names)):
        return None
    if _MAIL_AFTER.match(span.after) and len(names) <= _MOST_WORDS:
        return Judgement(PERSON, 0.85 if len(names) > 1 else 0.6)
    is_greeted = span.before[-1] in _GREETINGS and len(names) <= _PAIR
    return Judgement(PERSON, 0.75) if is_greeted and _is_given(names[0], around.lists) else None


def unheard(span: Span, around: Surroundings) -> Judgement | None:
    """Two or three words that no list and no vocabulary has are most often somebody's name."""
    names = names_in(span.words)
    if not _PAIR <= len(names) <= _PAIR + 1 or not could_be_person(span.words, around):
        return None
    if any(map(shapes.is_acronym, span.words)) or any(
        around.is_plain(name) or not name.replace("-", "").replace("'", "").isalpha() for name in names
    ):
        return None
    if any(name in around.lists.places or name in around.lists.organizations for name in names):
        return None
    return Judgement(PERSON, 0.5)


def acting(span: Span, around: Surroundings) -> Judgement | None:
    """Somebody speaks, or has a role."""
    lists = around.lists
    if span.in_heading or shapes.is_coined(span.words[0]) or shapes.is_acronym(span.words[0]):
        return None
    followed, apposed = _WORD_AFTER.match(span.after), _APPOSITION.match(span.after)
    speaks = followed is not None and followed[1] in lists.verbs
    has_role = apposed is not None and _is_role(apposed[1], lists)
    names = names_in(span.words)
    is_unseen = any(not around.is_word(name) for name in names)
    if is_unseen and len(names) <= _PAIR and (speaks or has_role) and could_be_person(span.words, around):
        is_bare = len(span.words) == 1
        return Judgement(PERSON, 0.55 if is_bare and span.opens else 0.65 if is_bare else 0.8)
    return None


def could_be_person(words: tuple[str, ...], around: Surroundings) -> bool:
    """Tell whether nothing speaks against it: number, form, or the lists."""
    known = around.persons.get(words)
    if known is None:
        known = around.persons[words] = _could_be_person(words, around.lists)
    return known


def _could_be_person(words: tuple[str, ...], lists: Gazetteers) -> bool:
    names = [word for word in words if word.lower() not in PARTICLES]
    if not 0 < len(names) <= _MOST_WORDS or any(shapes.is_coined(word) for word in names):
        return False
    last = words[-1].lower()
    is_tail = last in lists.weak_organization_tails and last.endswith("s")
    if (is_tail or is_institution(last, lists)) and len(words) > 1 and last not in lists.surnames:
        return False
    key = " ".join(words).lower()
    if key in lists.places or key in lists.organizations or key in lists.common:
        return False
    is_loud = len(names) > 1 and all(word.isupper() for word in names)
    return is_loud or all(
        any(letter.islower() for letter in word) or len(word.rstrip(".")) <= _PAIR - 1 or len(words) > 1
        for word in names
    )


def is_institution(head: str, lists: Gazetteers) -> bool:
    """Tell whether *head* begins the name of an institution, a place or a work."""
    return head in lists.organization_heads or head in lists.place_heads or head in lists.work_heads


def _single(span: Span, name: str, around: Surroundings) -> Judgement | None:
    if around.is_word(name):
        return Judgement(UNKNOWN, 0.2) if around.is_name(name) else None
    if _is_given(name, around.lists):
        return Judgement(PERSON, 0.5 if span.opens else 0.65)
    if name in around.lists.surnames and not span.opens and not span.in_heading:
        return Judgement(UNKNOWN, 0.45)
    return None


def _may_be_name(name: str, around: Surroundings) -> bool:
    return not around.is_word(name) or around.is_name(name)


def _is_given(name: str, lists: Gazetteers) -> bool:
    return name in lists.first_names or name in _GIVEN_IN_SHORT or name.split("-", maxsplit=1)[0] in lists.first_names


def _announcing_words(span: Span, around: Surroundings) -> int:
    """Count the words up to the last title or role in front: `Transport Secretary Fiona Grantham`."""
    lists = around.lists
    words = [word.lower().rstrip(".ªº°") for word in span.words[:-1]]
    skip = 0
    while skip < len(words) and (_is_title(words[skip], around) or _is_role(words[skip], lists)):
        skip += 1
    has_office = not skip and len(words) > 1 and _is_role(words[1], lists) and words[0] not in lists.first_names
    return _PAIR if has_office and not is_institution(words[0], lists) else skip


def _is_role(word: str, lists: Gazetteers) -> bool:
    return word in lists.roles or _RANK.sub("", word) in lists.roles


def _is_title(word: str, around: Surroundings) -> bool:
    return word in around.lists.titles and (word not in _FRENCH_TITLES or around.lexicon.language == "fr")


def _is_announced(span: Span, lists: Gazetteers) -> bool:
    last = span.before[-1]
    if span.label and _is_role(span.label, lists):
        return True
    return (last in lists.titles and last not in _NOT_TITLES_BEFORE) or (_is_role(last, lists) and not span.opens)
