"""
The phrases that a text is about.

Candidates are runs of one to three words between function words and
punctuation, and names; the likeliest are taken that do not repeat each other.
"""

from collections.abc import Mapping

from app.processors import word_shapes as shapes
from app.processors.keyword_context import NameIndex
from app.processors.keyword_ranking import ranking
from app.processors.keyword_score import Scale
from app.processors.keyword_signs import signs
from app.processors.phrases import Key, Phrase, collect
from app.processors.reading import Reading
from app.processors.ticks import Tick, no_tick

DEFAULT_COUNT = 10

_LOOKED_AT = 100
"""Phrases that are ranked: the likeliest at first sight, and six times as many as are asked for if that is more."""

_FEWEST = 3
_UNLIKELY = -0.3
"""By the ranking's odds. In a text of a few sentences most phrases are less likely than that."""

_CLEARLY_MORE = 2


def keywords(
    reading: Reading,
    *,
    count: int = DEFAULT_COUNT,
    names: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    tick: Tick = no_tick,
) -> list[str]:
    """
    List at most *count* phrases, the most telling first.

    *names* maps what the text's entities are called, or a part of it, to how
    they are written in full. Those, and whatever is never seen in lower case,
    keep their capitals. *kinds* maps them to their types.
    """
    phrases = collect(reading, NameIndex.of(set((names or {}).values())), tick)
    scale = Scale.of(phrases, kinds or {}, len(reading.sentences))
    shortlist = likeliest(scale, max(_LOOKED_AT, 6 * count))
    odds = ranking().odds([signs(scale, key, score) for key, score in shortlist.items()])
    return best(dict(zip(shortlist, odds, strict=True)), phrases, names or {}, count)


def best(
    odds: Mapping[Key, float],
    phrases: Mapping[Key, Phrase],
    names: Mapping[str, str],
    count: int,
    *,
    least: float = _UNLIKELY,
) -> list[str]:
    """
    Write at most *count* of the phrases that *odds* are known of, without those that repeat a likelier one.

    What is less likely than *least* is left out beyond the first few.
    """
    readable: dict[str, str] = {}
    order = _in_order(odds, phrases)
    likely = order[:_FEWEST] + [key for key in order[_FEWEST:] if odds[key] >= least]
    for key in _distinct(likely[: _FEWEST + 6 * count], phrases):
        phrase = readable_form(phrases[key], names)
        readable.setdefault(phrase.casefold(), phrase)
        if len(readable) == count:
            break
    return list(readable.values())


def likeliest(scale: Scale, count: int = _LOOKED_AT) -> dict[Key, float]:
    """Map the *count* phrases that are the likeliest at first sight to their scores."""
    scores = {key: scale.score(key) for key, phrase in scale.phrases.items() if phrase.count > phrase.inside}
    return {key: scores[key] for key in _in_order(scores, scale.phrases)[:count]}


def _in_order(scores: Mapping[Key, float], phrases: Mapping[Key, Phrase]) -> list[Key]:
    return sorted(scores, key=lambda key: (-round(scores[key], 6), phrases[key].first, key))


def _distinct(shortlist: list[Key], phrases: Mapping[Key, Phrase]) -> list[Key]:
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


def _completes(key: Key, part: Key, phrases: Mapping[Key, Phrase]) -> bool:
    return (phrases[key].count > 1 or phrases[key].is_name) and not _stands_alone(part, key, phrases)


def _stands_alone(part: Key, whole: Key, phrases: Mapping[Key, Phrase]) -> bool:
    """Tell whether *part* is used clearly more often without the rest of *whole* than with it."""
    of_names = max(phrases[part].inside, phrases[whole].count)
    return phrases[part].count - of_names >= _CLEARLY_MORE * phrases[whole].count


def _is_related(key: Key, other: Key) -> bool:
    return _is_part(key, other) or _is_part(other, key) or _overlaps(key, other)


def _is_part(one: Key, other: Key) -> bool:
    return len(one) < len(other) and set(one) <= set(other)


def _overlaps(one: Key, other: Key) -> bool:
    return len(one) > 1 and len(other) > 1 and len(set(one) & set(other)) >= min(len(one), len(other)) - 1 > 0


def _repeats(key: Key, chosen: Key, phrases: Mapping[Key, Phrase]) -> bool:
    """Tell whether *key* adds little to *chosen*; a word may stand beside a name that it is a part of."""
    for part, whole in ((key, chosen), (chosen, key)):
        if _is_part(part, whole):
            return not (phrases[whole].is_name and _stands_alone(part, whole, phrases))
    is_chained = key[0] == chosen[-1] or chosen[0] == key[-1]
    return is_chained or set(key) == set(chosen) or min(phrases[key].count, phrases[chosen].count) == 1


def readable_form(phrase: Phrase, names: Mapping[str, str]) -> str:
    """Write *phrase* as the text does, with capitals if it is a name; *names* are as `keywords` takes them."""
    written = " ".join(phrase.lower)
    if phrase.is_name and written in names:
        return names[written]
    forms = phrase.surfaces or phrase.placed
    surface = max(forms, key=lambda form: (forms[form], form))
    lowered = [form for form in (*phrase.surfaces, *phrase.placed) if form == form.lower()]
    if lowered:
        return max(lowered, key=lambda form: (phrase.surfaces.get(form, 0) + phrase.placed.get(form, 0), form))
    if surface.lower() in names:
        return names[surface.lower()]
    words = surface.split(" ")
    if not phrase.surfaces and not phrase.listed and any(word != word.lower() for word in words[1:]):
        return surface
    is_plain = not phrase.surfaces or any(shapes.is_ordinary(word.lower(), phrase.language) for word in words)
    return " ".join(_cased(word, names, is_plain=is_plain) for word in words)


def _cased(word: str, names: Mapping[str, str], *, is_plain: bool) -> str:
    is_name = shapes.is_coined(word) or shapes.is_acronym(word) or word.lower() in names
    return word.lower() if is_plain and not is_name else word
