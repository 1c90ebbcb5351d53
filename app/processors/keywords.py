"""
The phrases that a text is about.

Candidates are runs of one to three words between function words and
punctuation; they are scored by how often their stems occur, how far they
spread, how they are written and where they first appear.
"""

import math
from collections.abc import Mapping

from app.processors import word_shapes as shapes
from app.processors.keyword_context import NameIndex
from app.processors.phrases import BUCKETS, LONGEST_PHRASE, Key, Phrase, collect
from app.processors.reading import Reading
from app.processors.ticks import Tick, no_tick

DEFAULT_COUNT = 10

_SHORTLIST = 20
_LENGTH_BONUS = {1: 1.0, 2: 1.45, 3: 1.5}
_CLEARLY_MORE = 2
_VERB_FACTOR = 0.35
_BARE_FACTOR = 0.8
_HEADLESS_FACTOR = 0.7
_HEAD_FIRST = frozenset({"es", "fr", "pt"})


def keywords(
    reading: Reading,
    *,
    count: int = DEFAULT_COUNT,
    names: Mapping[str, str] | None = None,
    tick: Tick = no_tick,
) -> list[str]:
    """
    List at most *count* phrases, the most telling first.

    *names* maps what the text's entities are called, or a part of it, to how
    they are written in full. Those, and whatever is never seen in lower case,
    keep their capitals.
    """
    phrases = collect(reading, NameIndex.of(set((names or {}).values())), lambda share: tick(0.9 * share))
    weights = {key[0]: phrase.count for key, phrase in phrases.items() if len(key) == 1}
    order = sorted(
        (
            (
                _score(key, phrase, weights, len(reading.sentences)) * _use_factor(key, phrases),
                key,
            )
            for key, phrase in phrases.items()
            if phrase.count > phrase.inside
        ),
        key=lambda entry: (-entry[0], phrases[entry[1]].first, entry[1]),
    )
    shortlist = [key for score, key in order if score > 0][: max(_SHORTLIST, 6 * count)]
    readable: dict[str, str] = {}
    for key in _distinct(shortlist, phrases):
        phrase = _readable(phrases[key], names or {})
        readable.setdefault(phrase.casefold(), phrase)
        if len(readable) == count:
            break
    return list(readable.values())


def _score(key: Key, phrase: Phrase, weights: dict[str, int], total: int) -> float:
    parts = [weights.get(stem, phrase.count) for stem in key]
    weight = sum(math.log(1.5 + part) for part in parts) / len(parts)
    count = phrase.count - phrase.inside
    cohesion: float = math.pow(phrase.count / max(parts), 0.4)
    spread = 1 + 0.12 * phrase.buckets.bit_count() if total > BUCKETS else 1 + 0.08 * phrase.sentences
    early = 1 + 0.35 * math.exp(-4 * phrase.first / max(8, total))
    score = (
        weight
        * _LENGTH_BONUS.get(len(key), _LENGTH_BONUS[LONGEST_PHRASE])
        * (1 + math.log(count))
        * cohesion
        * spread
        * early
    )
    if len(key) > 1 and phrase.count == 1:
        score *= 0.9 if total <= BUCKETS else 0.75 if min(parts) > 1 else 0.5
    return score * _form_factor(phrase)


def _use_factor(key: Key, phrases: Mapping[Key, Phrase]) -> float:
    """Rank low what is never used as a noun (`se propone`), or lacks its head (`municipal de Soria`)."""
    if any(form[:1].isupper() for form in phrases[key].surfaces):
        return 1.0
    is_headless = len(key) > 1 and phrases[key].language in _HEAD_FIRST and not phrases[key].nouns
    factor = _HEADLESS_FACTOR if is_headless else 1.0
    for word in filter(None, (phrases.get((stem,)) for stem in dict.fromkeys((key[0], key[-1])))):
        if not word.nouns:
            factor *= _VERB_FACTOR if word.verbs else 1.0 if len(key) > 1 else _BARE_FACTOR
    return factor


def _form_factor(phrase: Phrase) -> float:
    factor = 1.0
    ends = (phrase.lower[0], phrase.lower[-1])
    if any(shapes.is_base_verb(word, phrase.language) for word in ends):
        factor *= 0.3 if len(phrase.lower) > 1 else 0.15
    if any(any(letter.isupper() for letter in surface) for surface in phrase.surfaces):
        factor *= 1.25
    if len(phrase.lower) == 1 and len(phrase.lower[0]) <= 4:  # noqa: PLR2004 - short words are seldom telling
        factor *= 0.8
    return factor


def _distinct(shortlist: list[Key], phrases: dict[Key, Phrase]) -> list[Key]:
    """Drop what repeats a better phrase; a word that seldom stands alone makes room for its phrase."""
    chosen: list[Key] = []
    for key in shortlist:
        parts = [other for other in chosen if _is_part(other, key) and _completes(key, other, phrases)]
        rivals = [other for other in chosen if other not in parts and _is_related(key, other)]
        if any(_repeats(key, other, phrases) for other in rivals):
            continue
        if parts:
            chosen[chosen.index(parts[0])] = key
            chosen = [other for other in chosen if other not in parts[1:]]
        else:
            chosen.append(key)
    return chosen


def _completes(key: Key, part: Key, phrases: dict[Key, Phrase]) -> bool:
    return (phrases[key].count > 1 or phrases[key].is_name) and not _stands_alone(part, key, phrases)


def _stands_alone(part: Key, whole: Key, phrases: dict[Key, Phrase]) -> bool:
    """Tell whether *part* is used clearly more often without the rest of *whole* than with it."""
    of_names = max(phrases[part].inside, phrases[whole].count)
    return phrases[part].count - of_names >= _CLEARLY_MORE * phrases[whole].count


def _is_related(key: Key, other: Key) -> bool:
    return _is_part(key, other) or _is_part(other, key) or _overlaps(key, other)


def _is_part(one: Key, other: Key) -> bool:
    return len(one) < len(other) and any(other[at : at + len(one)] == one for at in range(len(other) - len(one) + 1))


def _overlaps(one: Key, other: Key) -> bool:
    return len(one) > 1 and len(other) > 1 and len(set(one) & set(other)) >= min(len(one), len(other)) - 1 > 0


def _repeats(key: Key, chosen: Key, phrases: dict[Key, Phrase]) -> bool:
    if _is_part(key, chosen):
        return not _stands_alone(key, chosen, phrases)
    if _is_part(chosen, key):
        return phrases[key].count == 1 and not phrases[key].is_name
    is_chained = key[0] == chosen[-1] or chosen[0] == key[-1]
    return is_chained or set(key) == set(chosen) or min(phrases[key].count, phrases[chosen].count) == 1


def _readable(phrase: Phrase, names: Mapping[str, str]) -> str:
    forms = phrase.surfaces or phrase.placed
    surface = max(forms, key=lambda form: (forms[form], form))
    lowered = [form for form in (*phrase.surfaces, *phrase.placed) if form == form.lower()]
    if lowered:
        return max(lowered, key=lambda form: (phrase.surfaces.get(form, 0) + phrase.placed.get(form, 0), form))
    if surface.lower() in names:
        return names[surface.lower()]
    words = surface.split(" ")
    is_plain = not phrase.surfaces or any(shapes.is_ordinary(word.lower(), phrase.language) for word in words)
    return " ".join(_cased(word, names, is_plain=is_plain) for word in words)


def _cased(word: str, names: Mapping[str, str], *, is_plain: bool) -> str:
    is_name = shapes.is_coined(word) or shapes.is_acronym(word) or word.lower() in names
    return word.lower() if is_plain and not is_name else word
