"""
What one capitalised span is the name of, judged by itself and its neighbours.

Evidence is tried from the surest to the weakest; the first that fits decides.
Scores are shares of right answers that such evidence gives, roughly.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from app.processors import word_shapes as shapes
from app.processors.entity_names import Span
from app.processors.gazetteers import Gazetteers, gazetteers
from app.processors.language import Lexicon

PERSON, ORGANIZATION, LOCATION, MISC = "PERSON", "ORGANIZATION", "LOCATION", "MISC"
UNKNOWN = "UNKNOWN"

_LOCATIVES = {
    "es": {"en", "desde", "hacia", "hasta"},
    "en": {"in", "near", "from", "at", "across"},
    "fr": {"à", "vers", "près"},
    "pt": {"em"},
}
_PARTNER_PREPOSITIONS = frozenset(["by", "with", "of", "por", "con", "com", "par", "avec", "de"])
_PARTICLE_LIST = "de del la las los do da dos das du des d' of the von van der y e"
_PARTICLES = frozenset(_PARTICLE_LIST.split())
_WORD_AFTER = re.compile(r"^,?\s(\w{2,20})")
_APPOSITION = re.compile(
    r"^,\s(?:(?:el|la|l'|le|o|a|the|un|una|une|um|uma|an|su|nuestra|nuestro|notre|our|der|die)\s?)?(\w{3,20})"
)
_PLACE_AFTER = re.compile(r"^(?:,\s|\s\()([^\W\d_][\w' -]{2,30})")
_LEAST_PERSON_WORDS, _MOST_PERSON_WORDS = 2, 4


@dataclass(frozen=True, slots=True)
class Judgement:
    """A type and how sure it is; *skip* counts the words in front that are no part of the name."""

    type: str
    score: float
    skip: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the judge knows of the whole document."""

    lexicon: Lexicon
    lower_words: frozenset[str]
    lists: Gazetteers

    @classmethod
    def of(cls, lexicon: Lexicon, lower_words: frozenset[str]) -> "Surroundings":
        """Bring the lists along."""
        return cls(lexicon, lower_words, gazetteers())


def judge(span: Span, around: Surroundings) -> Judgement | None:
    """Say what *span* names; None if it is no name, `UNKNOWN` if only the whole document can tell."""
    if _is_no_name(span, around):
        return None
    for rule in _RULES:
        judgement = rule(span, around)
        if judgement is not None:
            return judgement
    return None


def _is_no_name(span: Span, around: Surroundings) -> bool:
    word = span.words[0].lower()
    if span.key in around.lists.technologies and shapes.is_coined(span.words[0]):
        return False
    if span.key in around.lists.common:
        return True
    if len(span.words) > 1:
        return False
    is_function_word = word in around.lexicon.stopwords and not shapes.is_acronym(span.words[0])
    return len(word) == 1 or word.isdigit() or (is_function_word and span.key not in around.lists.places)


def _known(span: Span, around: Surroundings) -> Judgement | None:
    lists, key = around.lists, span.key
    is_plain = len(span.words) == 1 and (key in around.lower_words or (span.opens and key in _AMBIGUOUS))
    if is_plain and not shapes.is_coined(span.words[0]) and not shapes.is_acronym(span.words[0]):
        return _known_but_plain(span, around)
    if key in lists.organizations and not (len(key) < 4 and not shapes.is_acronym(span.words[0])):  # noqa: PLR2004 - UE, not Ue
        return Judgement(ORGANIZATION, 0.93)
    if key in lists.places and not (len(key) < 4 and not shapes.is_acronym(span.words[0])):  # noqa: PLR2004 - US, not Us
        return None if key in lists.first_names and _is_person_like(span, around) else Judgement(LOCATION, 0.93)
    return Judgement(MISC, 0.92) if key in lists.technologies else None


_AMBIGUOUS_LIST = """
nice natal orange total visa seat podemos sumar vale word excel signal teams notion slack vault express node
swift go rust spark apple meta target shell ford costco arm fed who natura pt us un it me ue sec cali faro
praia cork reading bath tours angers lugo cap chad jordan georgia guinea perú puma público expresso mundial
indra rest react bootstrap cap puebla cuenca florence carolina la paz ilustración renacimiento envoy consul
helm flask celery galaxy pixel claude watson
"""
_AMBIGUOUS = frozenset(_AMBIGUOUS_LIST.split())


def _known_but_plain(span: Span, around: Surroundings) -> Judgement | None:
    """A listed name that the text also uses as a word, or may: trusted only inside a sentence."""
    if span.opens or span.in_heading or span.key in around.lower_words:
        return None
    if span.key in around.lists.organizations:
        return Judgement(ORGANIZATION, 0.6)
    return Judgement(LOCATION, 0.6) if span.key in around.lists.places else Judgement(MISC, 0.6)


def _titled(span: Span, around: Surroundings) -> Judgement | None:
    """`Dra. Ruiz`, `ministra Ana Ruiz`: the title is not part of the name."""
    lists = around.lists
    skip = _announcing_words(span, lists)
    rest = span.words[skip:]
    is_announced = skip > 0 or _is_announced(span, lists)
    if not is_announced or not _could_be_person(rest, around):
        return None
    if skip and span.words[skip].lower() in _PARTICLES:
        return None
    return Judgement(PERSON, 0.93, skip)


def _announcing_words(span: Span, lists: Gazetteers) -> int:
    """Count the words up to the last title or role in front: `Transport Secretary Fiona Grantham`."""
    words = [word.lower().rstrip(".") for word in span.words[:-1]]
    skip = 0
    while skip < len(words) and (words[skip] in lists.titles or words[skip] in lists.roles):
        skip += 1
    has_office = not skip and len(words) > 1 and words[1] in lists.roles and words[0] not in lists.first_names
    return 2 if has_office and not _is_institution(words[0], lists) else skip


def _is_institution(head: str, lists: Gazetteers) -> bool:
    return head in lists.organization_heads or head in lists.place_heads or head in lists.work_heads


def _is_announced(span: Span, lists: Gazetteers) -> bool:
    last = span.before[-1]
    return last in lists.titles - {"me", "m", "d", "ing"} or (last in lists.roles and not span.opens)


def _could_be_person(words: tuple[str, ...], around: Surroundings) -> bool:
    names = [word for word in words if word.lower() not in _PARTICLES]
    if not 0 < len(names) <= _MOST_PERSON_WORDS or any(shapes.is_coined(word) for word in names):
        return False
    key = " ".join(words).lower()
    if key in around.lists.places or key in around.lists.organizations or key in around.lists.common:
        return False
    return all(any(letter.islower() for letter in word) or len(word.rstrip(".")) == 1 for word in names)


def _organization(span: Span, around: Surroundings) -> Judgement | None:
    """Its head, its tail or its legal form says so."""
    lists, words = around.lists, [word.lower().rstrip(".") for word in span.words]
    if len(words) < 2:  # noqa: PLR2004 - a head alone is a common noun
        return None
    if any(word in lists.organization_suffixes and ("." in word or span.words[at + 1].isupper() or len(word) > 1)
           for at, word in enumerate(words[1:])) and words[-1] in lists.organization_suffixes:  # fmt: skip
        return Judgement(ORGANIZATION, 0.96)
    if words[0] in lists.organization_heads or " ".join(words[:2]) in lists.organization_heads:
        return Judgement(ORGANIZATION, 0.9)
    if words[-1] in lists.organization_tails and words[0] not in lists.first_names:
        return Judgement(ORGANIZATION, 0.85)
    if any(word in lists.organization_tails and after == "of" for word, after in pairwise(words)):
        return Judgement(ORGANIZATION, 0.85)
    return Judgement(ORGANIZATION, 0.8) if "&" in words or "&" in span.key else None


def _introduced(span: Span, around: Surroundings) -> Judgement | None:
    """`the contractor, Brightwater Construction plc`: a common noun before it says what it is."""
    is_company = span.after.startswith((" plc", " gmbh", " inc"))
    has_noun = not span.opens and span.before[-1] in around.lists.before_organizations
    first = span.words[0].lower()
    is_other = first in around.lists.place_heads or first in around.lists.first_names
    if is_company or (has_noun and not is_other and not shapes.is_coined(span.words[0])):
        return Judgement(ORGANIZATION, 0.85)
    return None


def _place(span: Span, around: Surroundings) -> Judgement | None:
    lists, words = around.lists, [word.lower().rstrip(".") for word in span.words]
    is_headed = words[0] in lists.place_heads or " ".join(words[:2]) in lists.place_heads
    if len(words) > 1 and (is_headed or words[-1] in lists.place_tails):
        return Judgement(LOCATION, 0.85)
    before = span.before
    if not span.opens and (
        before[-1] in lists.before_places
        or (before[-1] in {"de", "del", "of", "da", "do", "du"} and before[0] in lists.before_places)
    ):
        return Judgement(LOCATION, 0.8)
    return None


def _work(span: Span, around: Surroundings) -> Judgement | None:
    lists, words = around.lists, [word.lower() for word in span.words]
    if len(words) > 1 and (words[0] in lists.work_heads or words[-1] in lists.work_tails):
        return Judgement(MISC, 0.75)
    return None


def _person(span: Span, around: Surroundings) -> Judgement | None:
    if not _is_person_like(span, around):
        return None
    lists, names = around.lists, [word.lower() for word in span.words if word.lower() not in _PARTICLES]
    has_first, has_last = names[0] in lists.first_names, names[-1] in lists.surnames
    if len(names) >= _LEAST_PERSON_WORDS:
        return Judgement(PERSON, 0.95 if has_first and has_last else 0.88 if has_first else 0.7)
    if has_first and names[0] not in around.lower_words:
        return Judgement(PERSON, 0.5 if span.opens else 0.65)
    return Judgement(PERSON, 0.5) if not span.opens and not span.in_heading else None


def _is_person_like(span: Span, around: Surroundings) -> bool:
    lists, names = around.lists, [word.lower() for word in span.words if word.lower() not in _PARTICLES]
    if not names or not _could_be_person(span.words, around):
        return False
    has_first = names[0] in lists.first_names or "-".join(names[0].split("-")[:1]) in lists.first_names
    if len(names) == 1:
        return has_first or (names[0] in lists.surnames and names[0] not in around.lower_words)
    is_plain_last = shapes.is_ordinary(names[-1], around.lexicon.language) or names[-1] in lists.common
    return (
        (has_first and not is_plain_last) or names[-1] in lists.surnames or (has_first and names[-1] in lists.surnames)
    )


def _by_company(span: Span, around: Surroundings) -> Judgement | None:
    """What is said of it: somebody speaks, has a role, or it lies in a known place."""
    lists = around.lists
    if span.in_heading or shapes.is_coined(span.words[0]) or shapes.is_acronym(span.words[0]):
        return None
    is_unseen = any(word.lower() not in around.lower_words for word in span.words)
    followed, apposed = _WORD_AFTER.match(span.after), _APPOSITION.match(span.after)
    speaks = followed is not None and followed[1] in lists.verbs
    has_role = apposed is not None and apposed[1] in lists.roles
    is_short = len([word for word in span.words if word.lower() not in _PARTICLES]) <= _LEAST_PERSON_WORDS
    if is_unseen and is_short and (speaks or has_role) and _could_be_person(span.words, around):
        is_bare = len(span.words) == 1
        return Judgement(PERSON, 0.55 if is_bare and span.opens else 0.65 if is_bare else 0.8)
    nearby = _PLACE_AFTER.match(span.after)
    if is_unseen and nearby is not None and _begins_with_place(nearby[1], lists) and _is_located(span, around):
        return Judgement(LOCATION, 0.8)
    if is_unseen and _is_located(span, around) and len(span.words) == 1:
        return Judgement(LOCATION, 0.5)
    return None


def _partner(span: Span, around: Surroundings) -> Judgement | None:
    """`built by Harland Marine`, `contrato con Metal Norte`: whoever is no known person is a firm."""
    names = [word for word in span.words if word.lower() not in _PARTICLES]
    if span.opens or span.in_heading or len(names) < _LEAST_PERSON_WORDS or any(map(shapes.is_coined, names)):
        return None
    deals = span.before[0] in around.lists.dealings and span.before[1] in _PARTNER_PREPOSITIONS
    is_unseen = any(word.lower() not in around.lower_words for word in names)
    return Judgement(ORGANIZATION, 0.7) if deals and is_unseen else None


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
        return None if span.in_heading else Judgement(MISC, 0.5)
    if span.in_heading or all(_is_plain(word, around) for word in span.words):
        return None
    return Judgement(UNKNOWN, 0.3 if span.opens else 0.45)


def _is_plain(word: str, around: Surroundings) -> bool:
    lower = word.lower()
    is_word = lower in around.lower_words or lower in around.lexicon.stopwords or lower in around.lists.common
    return is_word or lower in _PARTICLES or shapes.is_ordinary(lower, around.lexicon.language)


type _Rule = Callable[[Span, Surroundings], Judgement | None]
_RULES: tuple[_Rule, ...] = (
    _known, _titled, _organization, _introduced, _work, _place, _person, _by_company, _partner, _shaped,
)  # fmt: skip
