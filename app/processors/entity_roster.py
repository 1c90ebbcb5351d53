"""
Who is who in one document.

Single mentions are judged where they stand; here they are judged together: a
surname belongs to the full name, an acronym to what it abbreviates, and a name
that nobody knows counts if the text keeps using it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from sys import intern

from app.processors.entity_bearers import MINOR, full_names_of
from app.processors.entity_evidence import (
    LOCATION,
    MISC,
    ORGANIZATION,
    PERSON,
    UNKNOWN,
    Judged,
    Judgement,
    Surroundings,
)
from app.processors.entity_listings import listed_together
from app.processors.entity_names import Span, name_of, spans
from app.processors.entity_types import judge
from app.processors.extractive import LANGUAGES
from app.processors.gazetteers import Gazetteers, gazetteers
from app.processors.mentions import Mention
from app.processors.reading import Reading
from app.processors.statistical import opinions, weighed
from app.processors.ticks import Tick, no_tick

MOST_SPANS = 200_000
"""Candidates looked at in one document; each section has its share of them, and what follows there is left out."""

_LEAST_SCORE = 0.45
_SURE = 0.7
_GUESS = 0.5
_FEWEST_INITIALS = 3
_PLAIN = 0.2
_WEAK_VOTE = 0.01
_LEAST_SCORE_ELSEWHERE = 0.8
_LEAST_SCORE_IN_HEADING = 0.8
_LOWER = re.compile(r"(?<!\w)[a-zß-öø-ÿ][\w'\u2019-]{1,40}")
_BRACKETED = re.compile(r"^\s?\(([A-Z][A-Za-z.-]{1,9})\)")


def names(reading: Reading, tick: Tick = no_tick) -> list[list[Mention]]:
    """
    Find persons, organisations, places and other names, a list for each section, with places counted from its start.

    In a language whose capitals we cannot read (German nouns) only names that
    are known or say themselves what they are count.
    """
    judged = _judged(reading, lambda share: tick(0.7 * share))
    everywhere = list(chain.from_iterable(judged))
    types = _types(everywhere) | _acronyms(everywhere)
    long_forms = _long_forms(everywhere)
    types |= {long.lower(): types[short] for short, long in long_forms.items()}
    long_forms |= {short: long for short, long in _by_initials(everywhere, types).items() if short not in long_forms}
    types |= _own_names(types)
    types |= listed_together(reading.text, judged, types)
    tick(0.8)
    full_names = full_names_of({one.name for one in everywhere if types[one.name.lower()].type == PERSON})
    tick(0.85)
    whole = _whole_organizations(everywhere, types, gazetteers()) | long_forms
    del everywhere
    found: list[list[Mention]] = []
    for section in reading.sections:
        is_supported = section.lexicon.language in LANGUAGES
        least = _LEAST_SCORE if is_supported else _LEAST_SCORE_ELSEWHERE
        of_section = []
        for one in judged[len(found)]:
            mention = _mention(one, section.start, types, full_names, whole)
            is_lone_heading = one.in_heading and one.name.lower() not in types
            floor = max(least, _LEAST_SCORE_IN_HEADING) if is_lone_heading else least
            if mention.type != UNKNOWN and mention.score >= floor:
                of_section.append(mention)
        found.append(of_section)
        tick(0.9 + 0.1 * section.end / len(reading.text))
    return found


def lower_words(reading: Reading) -> frozenset[str]:
    """Collect the words that the text writes in lower case at least once."""
    found: set[str] = set()
    for section in reading.sections:
        found.update(_LOWER.findall(reading.text, section.start, section.end))
    return frozenset(found)


def _judged(reading: Reading, tick: Tick) -> list[list[Judged]]:
    """Judge the candidates of each section."""
    text, lower = reading.text, lower_words(reading)
    found = []
    for section in reading.sections:
        around = Surroundings.of(section.lexicon, lower)
        share = MOST_SPANS * (section.end - section.start) // len(text) + 1
        sentences = (sentence for _, sentence in reading.sentences_of(section))
        candidates = islice(spans(text, sentences, section.lexicon), share)
        asked = opinions(text, section.start, section.end, section.lexicon.language)
        judgements = ((span, weighed(judge(span, around), span, asked, around)) for span in candidates)
        found.append(
            [
                _as_judged(text, span, judgement)
                for span, judgement in judgements
                if judgement is not None and len(span.key) > 1
            ]
        )
        tick(section.end / len(text))
    return found


def _as_judged(text: str, span: Span, judgement: Judgement) -> Judged:
    """Keep of *span* what the whole document is judged by; there may be very many."""
    start = _after_words(text, span, judgement.skip)
    acronym = _BRACKETED.match(span.after)
    return Judged(
        start,
        span.end,
        intern(name_of(text, start, span.end)),
        judgement,
        opens=span.opens,
        in_heading=span.in_heading,
        acronym=acronym[1] if acronym else "",
    )


def _after_words(text: str, span: Span, skip: int) -> int:
    start = span.start
    for _ in range(skip):
        gap = re.compile(r"\S+\s+").match(text, start, span.end)
        start = gap.end() if gap else start
    return start


def _acronyms(judged: Iterable[Judged]) -> dict[str, Judgement]:
    """Give `OMS` the type of `Organización Mundial de la Salud (OMS)`."""
    found = {}
    for one in judged:
        if one.acronym and _abbreviates(one.acronym, one.name):
            kind = ORGANIZATION if one.judgement.type in {UNKNOWN, MISC} else one.judgement.type
            found[one.acronym.lower()] = Judgement(kind, max(0.85, one.judgement.score))
    return found


def _long_forms(judged: Iterable[Judged]) -> dict[str, str]:
    """Map `oms` to `Organización Mundial de la Salud`."""
    return {one.acronym.lower(): one.name for one in judged if one.acronym and _abbreviates(one.acronym, one.name)}


def _by_initials(judged: Iterable[Judged], types: dict[str, Judgement]) -> dict[str, str]:
    """Map `iwb` to the only `International Water Bank` of this document, where no brackets say so."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in {one.name for one in judged if types[one.name.lower()].type == ORGANIZATION}:
        initials = "".join(word[0] for word in name.lower().split() if word not in MINOR)
        if len(initials) >= _FEWEST_INITIALS:
            found[initials].add(name)
    return {short: min(long) for short, long in found.items() if len(long) == 1 and short in types}


def _abbreviates(acronym: str, name: str) -> bool:
    letters = acronym.replace(".", "").lower()
    initials = "".join(word[0] for word in name.lower().split() if word not in MINOR)
    return len(letters) > 1 and (initials == letters or (initials[:2] == letters[:2] and len(letters) >= len(initials)))


def _types(judged: Sequence[Judged]) -> dict[str, Judgement]:
    """Settle on one type for each name: the one with most evidence behind it."""
    votes: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    best: dict[tuple[str, str], float] = {}
    inside: Counter[str] = Counter()
    for one in judged:
        key, kind, score = one.name.lower(), one.judgement.type, one.judgement.score
        is_weak = kind == UNKNOWN or one.in_heading
        votes[key][kind] += score * (_WEAK_VOTE if is_weak else 1.0)
        best[key, kind] = max(best.get((key, kind), 0.0), score)
        inside[key] += not one.opens and not one.in_heading
    settled = {}
    for key, counted in votes.items():
        kind = max((votes_for, kind) for kind, votes_for in counted.items())[1]
        settled[key] = _settled(kind, best[key, kind], inside[key], len(key.split()))
    return settled | _families(settled)


def _families(settled: dict[str, Judgement]) -> dict[str, Judgement]:
    """Take `Leah Sandoval`, whom nobody knows, for a person if a later `Sandoval` speaks or acts like one."""
    found = {}
    for key, judgement in settled.items():
        last = settled.get(key.rpartition(" ")[2])
        is_open = judgement.type == UNKNOWN or (judgement.type == MISC and judgement.score <= _GUESS)
        if is_open and key.count(" ") == 1 and last is not None and last.type == PERSON:
            found[key] = Judgement(PERSON, 0.75)
    return found


def _own_names(settled: dict[str, Judgement]) -> dict[str, Judgement]:
    """Take `Zubelka` for a firm where the text also has the `Grupo Zubelka`, unless it is surely something else."""
    heads, found = gazetteers().before_organizations, {}
    for key, judgement in settled.items():
        head, _, own = key.partition(" ")
        other = settled.get(own)
        if judgement.type == ORGANIZATION and head in heads and other is not None and _PLAIN < other.score < _SURE:
            found[own] = Judgement(ORGANIZATION, _SURE)
    return found


def _settled(kind: str, score: float, inside: int, length: int) -> Judgement:
    if kind != UNKNOWN:
        return Judgement(kind, score)
    if score <= _PLAIN:
        return Judgement(UNKNOWN, score)
    if length > 1 and inside:
        return Judgement(MISC, 0.5 if inside > 1 else 0.45)
    return Judgement(ORGANIZATION, _GUESS) if inside > 1 else Judgement(UNKNOWN, score)


def _whole_organizations(judged: Sequence[Judged], types: dict[str, Judgement], lists: Gazetteers) -> dict[str, str]:
    """Map `Biblioteca Municipal` to the `Biblioteca Municipal de Zaragoza` of this document, if there is only one."""
    bearers: dict[str, set[str]] = defaultdict(set)
    for name in {one.name for one in judged if types[one.name.lower()].type == ORGANIZATION}:
        words = name.split()
        for size in range(1, len(words)):
            short = " ".join(words[:size]).lower().rstrip(",")
            if short in types and _is_short_for(short, words[size:], types[short], lists):
                bearers[short].add(name)
    longest = {short: max(names, key=lambda name: (len(name), name)) for short, names in bearers.items()}
    return {
        short: longest[short]
        for short, names in bearers.items()
        if all(longest[short].lower().startswith(name.lower()) for name in names)
    }


def _is_short_for(short: str, rest: Sequence[str], settled: Judgement, lists: Gazetteers) -> bool:
    """Tell whether leaving out *rest* leaves the same firm: always for `Ltd.`, else if *short* is no name elsewhere."""
    if all(word.lower().strip(".,") in lists.organization_suffixes for word in rest):
        return settled.type in {ORGANIZATION, UNKNOWN, MISC}
    if " " not in short:
        is_guess = settled.score <= (_SURE if settled.type == ORGANIZATION else _GUESS)
        is_open = settled.type == UNKNOWN or (is_guess and settled.type != LOCATION)
        return is_open and settled.score > _PLAIN and short not in lists.organization_heads
    return settled.type == ORGANIZATION and short not in lists.organizations


def _mention(
    one: Judged, offset: int, types: dict[str, Judgement], full_names: dict[str, str], whole: dict[str, str]
) -> Mention:
    start, end, key = one.start - offset, one.end - offset, one.name.lower()
    settled = types[key]
    if key in whole:
        name = whole[key]
        return Mention(start, end, types[name.lower()].type, types[name.lower()].score, name=name)
    full = full_names.get(key)
    is_surname = full is not None and full.lower().endswith(f" {key}") and key not in gazetteers().countries
    is_doubtful = settled.type in {PERSON, UNKNOWN, MISC} or settled.score < _SURE or is_surname
    if full is not None and is_doubtful:
        return Mention(start, end, PERSON, 0.85, name=full)
    return Mention(start, end, settled.type, settled.score, name=one.name)
