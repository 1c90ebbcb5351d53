"""What is known of a phrase in one text, as numbers: what the ranking of key phrases is learnt from, and asked with."""

from typing import Final

from app.processors import word_shapes as shapes
from app.processors.currencies import CODES, NAMES
from app.processors.gazetteers import common_stems
from app.processors.keyword_score import Scale, uncommon
from app.processors.phrases import Key, Phrase

SIGNS: Final = (
    *("score", "count", "sentences", "of_most", "of_its_kind"),
    *("first", "place", "span", "total", "listed"),
    *("person", "organization", "location", "name"),
    *("words", "letters", "forms", "capitals", "small", "nouns", "ordinary", "verb", "money"),
    *("rarest_part", "commonest_part", "of_first", "of_last", "modifies", "heads"),
    *("uncommon", "common_least", "common_mean", "common_first", "common_last"),
)
"""The names of what `signs` returns, in its order."""


def signs(scale: Scale, key: Key, score: float) -> tuple[float, ...]:
    """Describe the phrase *key*, whose first *score* is known."""
    phrase = scale.phrases[key]
    return (
        score,
        *_use(scale, phrase),
        *_place(scale, phrase),
        *_name(scale, phrase),
        *_shape(key, phrase),
        *_parts(scale, key, phrase),
        uncommon(key, phrase.language),
        *_commonness(key, phrase.language),
    )


def _use(scale: Scale, phrase: Phrase) -> tuple[float, ...]:
    own = phrase.count - phrase.inside
    most = max(scale.most.values())
    return own, phrase.sentences, own / max(1, most), own / max(1, scale.most[scale.kind(phrase)])


def _place(scale: Scale, phrase: Phrase) -> tuple[float, ...]:
    total = max(1, scale.total)
    span = (phrase.sentence - phrase.first) / total
    return phrase.first, phrase.first / total, span, scale.total, phrase.listed / phrase.count


def _name(scale: Scale, phrase: Phrase) -> tuple[float, ...]:
    kind = scale.kind(phrase)
    return kind == "PERSON", kind == "ORGANIZATION", kind == "LOCATION", phrase.is_name


def _shape(key: Key, phrase: Phrase) -> tuple[float, ...]:
    written = (*phrase.surfaces, *phrase.placed)
    capitals = sum(count for form, count in phrase.surfaces.items() if form != form.lower())
    return (
        len(key),
        len(" ".join(phrase.lower)),
        len(written),
        capitals / max(1, sum(phrase.surfaces.values())),
        any(form == form.lower() for form in written),
        phrase.nouns / phrase.count,
        shapes.is_ordinary(phrase.lower[-1], phrase.language),
        any(shapes.is_base_verb(word, phrase.language) for word in (phrase.lower[0], phrase.lower[-1])),
        phrase.lower[-1] in NAMES or phrase.lower[-1].upper() in CODES,
    )


def _parts(scale: Scale, key: Key, phrase: Phrase) -> tuple[float, ...]:
    parts = scale.parts(key, phrase)
    is_word = len(key) == 1
    return (
        min(parts),
        max(parts),
        phrase.count / parts[0],
        phrase.count / parts[-1],
        min(1.0, scale.modifiers[key[0]] / phrase.count) if is_word else 0.0,
        min(1.0, scale.heads[key[0]] / phrase.count) if is_word else 0.0,
    )


def _commonness(key: Key, language: str) -> tuple[float, ...]:
    known = common_stems().get(language, {})
    common = [known.get(stem, 0.0) for stem in key]
    return min(common), sum(common) / len(common), common[0], common[-1]
