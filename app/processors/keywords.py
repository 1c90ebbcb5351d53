"""
The phrases that a text is about.

Candidates are runs of one to three words between function words and
punctuation; they are scored by how often their stems occur, how far they
spread, how they are written and where they first appear.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.processors import word_shapes as shapes
from app.processors.entity_patterns import without_addresses
from app.processors.language import LONGEST_WORD, WORD, Lexicon, bare, first_word_at
from app.processors.reading import Reading, Tick, no_tick
from app.processors.sentences import Sentence
from app.processors.weak_words import is_weak

DEFAULT_COUNT = 10

_LONGEST_PHRASE = 3
_LINKS = frozenset({"de", "del", "do", "da", "dos", "das", "du", "des", "d", "of"})
_MOST_PHRASES = 40_000
_MOST_SURFACES = 6
_BUCKETS = 10
_SHORTLIST = 20
_GAP = re.compile(r"[ \t\n\u00a0]{1,3}")
_LENGTH_BONUS = {1: 1.0, 2: 1.45, 3: 1.5}
_CONTAINED = 0.6


@dataclass(frozen=True, slots=True)
class _Word:
    surface: str
    lower: str
    stem: str
    is_content: bool
    is_placed: bool
    """Whether its capital only comes from its place: first in a sentence, or in a heading."""


@dataclass(slots=True)
class _Phrase:
    first: int
    count: int = 0
    buckets: int = 0
    sentence: int = -1
    sentences: int = 0
    surfaces: dict[str, int] = field(default_factory=dict)
    placed: dict[str, int] = field(default_factory=dict)
    lower: tuple[str, ...] = ()


type _Key = tuple[str, ...]


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
    sentences, lexicon = reading.sentences, reading.lexicon
    phrases = _collect(reading, tick)
    weights = {key[0]: phrase.count for key, phrase in phrases.items() if len(key) == 1}
    order = sorted(
        ((_score(key, phrase, weights, lexicon.language, len(sentences)), key) for key, phrase in phrases.items()),
        key=lambda entry: (-entry[0], phrases[entry[1]].first, entry[1]),
    )
    shortlist = [key for score, key in order if score > 0][: max(_SHORTLIST, 6 * count)]
    readable: dict[str, str] = {}
    for key in _distinct(shortlist, phrases):
        phrase = _readable(phrases[key], lexicon.language, names or {})
        readable.setdefault(phrase.casefold(), phrase)
        if len(readable) == count:
            break
    return list(readable.values())


def _collect(reading: Reading, tick: Tick) -> dict[_Key, _Phrase]:
    text, sentences, lexicon = without_addresses(reading.text), reading.sentences, reading.lexicon
    phrases: dict[_Key, _Phrase] = {}
    for place, sentence in enumerate(sentences):
        bucket = 1 << (place * _BUCKETS // len(sentences))
        for run in _runs(text, sentence, lexicon):
            _count_run(run, place, bucket, phrases)
        if len(phrases) > _MOST_PHRASES:
            phrases = _pruned(phrases)
        if place % 500 == 0:
            tick(place / len(sentences))
    return phrases


def _runs(text: str, sentence: Sentence, lexicon: Lexicon) -> Iterator[list[_Word]]:
    """Yield the words between two breaks: punctuation, numbers, adverbs, conjugated verbs."""
    matches = list(WORD.finditer(text, sentence.start, sentence.end))
    surfaces = [bare(match.group()) for match in matches]
    lowers = [surface.lower() for surface in surfaces]
    stems = lexicon.stems(lowers)
    opening = first_word_at(text, sentence.start, sentence.end)
    run: list[_Word] = []
    end = sentence.start
    for match, surface, lower, stem in zip(matches, surfaces, lowers, stems, strict=True):
        if run and _GAP.fullmatch(text, end, match.start()) is None:
            yield run
            run = []
        end = match.end()
        is_placed = match.start() == opening or not sentence.is_prose
        run.append(_Word(surface, lower, stem, _is_telling(surface, lower, lexicon), is_placed))
    if run:
        yield run


def _is_telling(surface: str, lower: str, lexicon: Lexicon) -> bool:
    if len(lower) > LONGEST_WORD or lower in lexicon.stopwords or is_weak(lower) or lower[0].isdigit():
        return False
    if shapes.is_finite_verb(lower, lexicon.language) or shapes.is_adverb(lower, lexicon.language):
        return False
    return len(lower) > 2 or shapes.is_acronym(surface) or not surface.isascii()  # noqa: PLR2004 - two letters say little


def _count_run(run: list[_Word], place: int, bucket: int, phrases: dict[_Key, _Phrase]) -> None:
    for start, word in enumerate(run):
        if not word.is_content:
            continue
        for length in range(1, _LONGEST_PHRASE + 1):
            window = run[start : start + length]
            if len(window) == length and window[-1].is_content and _holds_together(window):
                _record(window, place, bucket, phrases)


def _holds_together(window: list[_Word]) -> bool:
    """Let a preposition stand inside (`ley de aguas`), no other function word, and nothing twice."""
    inside = window[1:-1]
    if not all(word.is_content or word.lower in _LINKS for word in inside):
        return False
    return len({word.stem for word in window}) == len(window)


def _record(window: list[_Word], place: int, bucket: int, phrases: dict[_Key, _Phrase]) -> None:
    key = tuple(word.stem for word in window if word.is_content)
    phrase = phrases.get(key)
    if phrase is None:
        phrase = phrases[key] = _Phrase(first=place, lower=tuple(word.lower for word in window))
    phrase.count += 1
    phrase.buckets |= bucket
    if phrase.sentence != place:
        phrase.sentence = place
        phrase.sentences += 1
    surface = " ".join(word.surface for word in window)
    forms = phrase.placed if window[0].is_placed else phrase.surfaces
    if surface in forms or len(forms) < _MOST_SURFACES:
        forms[surface] = forms.get(surface, 0) + 1


def _pruned(phrases: dict[_Key, _Phrase]) -> dict[_Key, _Phrase]:
    """Forget the rarest phrases until half the room is free, so that memory does not grow with the text."""
    least = 1
    while len(phrases) > _MOST_PHRASES // 2:
        phrases = {key: phrase for key, phrase in phrases.items() if phrase.count > least}
        least *= 2
    return phrases


def _score(key: _Key, phrase: _Phrase, weights: dict[str, int], language: str, total: int) -> float:
    parts = [weights.get(stem, phrase.count) for stem in key]
    weight = sum(math.log(1.5 + part) for part in parts) / len(parts)
    cohesion: float = math.pow(phrase.count / max(parts), 0.4)
    spread = 1 + 0.12 * phrase.buckets.bit_count() if total > _BUCKETS else 1 + 0.08 * phrase.sentences
    early = 1 + 0.35 * math.exp(-4 * phrase.first / max(8, total))
    score = weight * _LENGTH_BONUS.get(len(key), 1.0) * (1 + math.log(phrase.count)) * cohesion * spread * early
    if len(key) > 1 and phrase.count == 1:
        score *= 0.9 if total <= _BUCKETS else 0.75 if min(parts) > 1 else 0.5
    return score * _form_factor(phrase, language)


def _form_factor(phrase: _Phrase, language: str) -> float:
    factor = 1.0
    ends = (phrase.lower[0], phrase.lower[-1])
    if any(shapes.is_base_verb(word, language) for word in ends):
        factor *= 0.3 if len(phrase.lower) > 1 else 0.15
    if any(any(letter.isupper() for letter in surface) for surface in phrase.surfaces):
        factor *= 1.25
    if len(phrase.lower) == 1 and len(phrase.lower[0]) <= 4:  # noqa: PLR2004 - short words are seldom telling
        factor *= 0.8
    return factor


def _distinct(shortlist: list[_Key], phrases: dict[_Key, _Phrase]) -> list[_Key]:
    """Drop what repeats a better phrase; a word that seldom stands alone makes room for its phrase."""
    chosen: list[_Key] = []
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


def _completes(key: _Key, part: _Key, phrases: dict[_Key, _Phrase]) -> bool:
    return phrases[key].count > 1 and phrases[key].count >= _CONTAINED * phrases[part].count


def _is_related(key: _Key, other: _Key) -> bool:
    return _is_part(key, other) or _is_part(other, key) or _overlaps(key, other)


def _is_part(one: _Key, other: _Key) -> bool:
    return len(one) < len(other) and any(other[at : at + len(one)] == one for at in range(len(other) - len(one) + 1))


def _overlaps(one: _Key, other: _Key) -> bool:
    return len(one) > 1 and len(other) > 1 and len(set(one) & set(other)) >= min(len(one), len(other)) - 1 > 0


def _repeats(key: _Key, chosen: _Key, phrases: dict[_Key, _Phrase]) -> bool:
    if _is_part(key, chosen):
        return phrases[chosen].count >= _CONTAINED * phrases[key].count or phrases[key].count < len(chosen)
    if _is_part(chosen, key):
        return phrases[key].count == 1
    return set(key) == set(chosen) or min(phrases[key].count, phrases[chosen].count) == 1


def _readable(phrase: _Phrase, language: str, names: Mapping[str, str]) -> str:
    forms = phrase.surfaces or phrase.placed
    surface = max(forms, key=lambda form: (forms[form], form))
    lowered = [form for form in (*phrase.surfaces, *phrase.placed) if form == form.lower()]
    if lowered:
        return max(lowered, key=lambda form: (phrase.surfaces.get(form, 0) + phrase.placed.get(form, 0), form))
    if surface.lower() in names:
        return names[surface.lower()]
    words = surface.split(" ")
    is_plain = not phrase.surfaces or any(shapes.is_ordinary(word.lower(), language) for word in words)
    return " ".join(_cased(word, names, is_plain=is_plain) for word in words)


def _cased(word: str, names: Mapping[str, str], *, is_plain: bool) -> str:
    is_name = shapes.is_coined(word) or shapes.is_acronym(word) or word.lower() in names
    return word.lower() if is_plain and not is_name else word
