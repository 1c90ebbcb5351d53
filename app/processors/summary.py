"""
A summary made of the text's own sentences.

A sentence counts for much if it shares stems with sentences that count for
much (TextRank), and if it holds what readers note down: figures, decisions.
Of those, the ones are taken that add the most to each other in about eighty
words. Only sentences of the text are ever returned, in its order.
"""

import heapq
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from app.processors.language import content, words
from app.processors.quoting import is_item, joined, quote
from app.processors.reading import Reading
from app.processors.sentences import Sentence
from app.processors.telling import FORMULA, IMPERSONAL, telling
from app.processors.ticks import Tick, no_tick

MOST_RANKED = 400
"""Sentences that are compared with each other; above, a linear score chooses which."""
MOST_STEMS = 100_000
"""Stems that are counted; in a text with more, the rarest are forgotten."""

_TICKS = 100
_SHORTEST = 12
"""Characters; where there are many sentences, shorter ones are not looked at."""

_ENOUGH_WORDS = 78
_MOST_WORDS = 95
_DEFAULT_SHARE = 0.5
_FEWEST_WORDS = 120
_LEANS = 0.6
_ALONE = 0.2
"""What a sentence counts for that shares nothing with others, beside the mean of 1."""
_DAMPING = 0.85
_ROUNDS = 40
_GOOD_LENGTH = (12, 45)
_CONTACT = re.compile(
    r"\|{6}|(?:\+|\b00)\d[\d ().-]{6,}\d|\b(?:t[eé]l(?:[eé]fono|[eé]phone|efone)?|phone|fax)\b", re.IGNORECASE
)

# Sentences that open like this lean on the one before and read badly alone.
_LEANING = """
esto eso ello este esta estos estas ese esa dicho dicha su sus ella ellos ellas él ambos allí ahí pero sin_embargo
no_obstante además también así por_ello por_eso por_tanto por_otra en_cambio asimismo entonces luego y o en_segundo
por_último finalmente en_consecuencia de_hecho this that these those it its he she they his her their both there but
however moreover furthermore also thus therefore hence then and or so such meanwhile instead in_addition for_example
for_instance on_the_other as_a_result nevertheless finally cela ceci ce cet cette ces celui celle il elle ils elles
son sa ses leur leurs mais cependant toutefois ainsi donc de_plus en_outre par_ailleurs et ou puis ensuite enfin
en_effet par_conséquent néanmoins d'ailleurs par_exemple isso isto esse essa este esta estes estas aquele aquela seu
sua seus suas ambas ali mas porém contudo todavia no_entanto além também assim portanto e ou ele ela eles elas
por_isso por_fim então entretanto nesse neste
"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    sentence: Sentence
    stems: frozenset[str]
    length: int
    weight: float
    leans: bool
    """Whether it reads badly without the sentence before it."""


def summarise(reading: Reading, *, count: int | None = None, tick: Tick = no_tick) -> str:
    """
    Choose the sentences that say most of the text.

    *count* asks for that many sentences, if there are as many; otherwise it is
    as many as fit in about eighty words, or in half of those there are.
    Headings are used only where there is nothing else.
    """
    pool = _pool(reading)
    candidates = _candidates(reading, pool, tick)
    if not candidates:
        return ""
    ranks = _ranks([candidate.stems for candidate in candidates])
    scores = [(_ALONE + rank) * candidate.weight for rank, candidate in zip(ranks, candidates, strict=True)]
    chosen = _choose(candidates, scores, count)
    return joined([quote(reading.text, one.sentence) for one in sorted(chosen, key=lambda one: one.index)])


def _pool(reading: Reading) -> Sequence[int]:
    """Take what is prose; the items of lists, too, where there is little of it; anything where there is none."""
    prose = array("I", reading.sentences.prose())
    if len(reading.sentences) > 10 * MOST_RANKED or _length(reading, prose) >= _FEWEST_WORDS:
        return prose or range(len(reading.sentences))
    items = [at for at in range(len(reading.sentences)) if is_item(reading.text, reading.sentences[at])]
    return sorted({*prose, *items}) or range(len(reading.sentences))


def _length(reading: Reading, places: Iterable[int]) -> int:
    return sum(len(reading.text[one.start : one.end].split()) for one in map(reading.sentences.__getitem__, places))


def _candidates(reading: Reading, pool: Sequence[int], tick: Tick) -> list[_Candidate]:
    """Keep at most `MOST_RANKED` sentences of *pool*: those that tell most, in the most frequent stems of the text."""
    title = _title(reading, pool)
    if len(pool) <= MOST_RANKED:
        return [_candidate(reading, place, at, len(pool), title) for place, at in enumerate(pool)]
    long = array("I", (place for place, at in enumerate(pool) if reading.sentences.length(at) > _SHORTEST))
    frequencies: Counter[str] = Counter()
    for done, place in enumerate(long):
        frequencies.update(_content(reading, reading.sentences[pool[place]])[0])
        if done % _TICKS == 0:
            tick(0.5 * done / len(long))
        if len(frequencies) > MOST_STEMS:
            frequencies = Counter(dict(frequencies.most_common(MOST_STEMS // 2)))

    def promise(done: int) -> float:
        if done % _TICKS == 0:
            tick(0.5 + 0.5 * done / len(long))
        sentence = reading.sentences[pool[long[done]]]
        stems, _ = _content(reading, sentence)
        told = telling(reading.words_only[sentence.start : sentence.end], len(title & stems))
        return _density(stems, frequencies) * told * (1 + 0.3 * math.exp(-long[done] / 30))

    best = [long[one] for one in heapq.nlargest(MOST_RANKED, range(len(long)), key=promise)] or range(MOST_RANKED)
    return [_candidate(reading, place, pool[place], len(pool), title) for place in sorted(best)]


def _title(reading: Reading, pool: Sequence[int]) -> frozenset[str]:
    """The stems of the text's first line, if it is a heading."""
    return _content(reading, reading.sentences[0])[0] if pool and pool[0] > 0 else frozenset()


def _candidate(reading: Reading, place: int, at: int, total: int, title: frozenset[str]) -> _Candidate:
    sentence = reading.sentences[at]
    stems, length = _content(reading, sentence)
    written = reading.words_only[sentence.start : sentence.end]
    weight = _position_weight(place, total) * _length_weight(length) * _form_weight(written)
    leans = place > 0 and _leans(written)
    return _Candidate(place, sentence, stems, length, weight * telling(written, len(title & stems)), leans)


def _content(reading: Reading, sentence: Sentence) -> tuple[frozenset[str], int]:
    return content(reading.words_only[sentence.start : sentence.end], reading.lexicon_at(sentence.start).language)


def _density(stems: Iterable[str], frequencies: Counter[str]) -> float:
    counts = [math.log1p(frequencies[stem]) for stem in sorted(stems) if frequencies[stem] > 1]
    return sum(counts) / (6 + len(counts)) if counts else 0.0


def _position_weight(place: int, total: int) -> float:
    """Favour the beginning, where most documents say what they are about."""
    lead = 0.3 * math.exp(-place / 1.5)
    return 1 + lead + (0.05 if place == total - 1 else 0.0)


def _length_weight(length: int) -> float:
    shortest, longest = _GOOD_LENGTH
    if length < shortest:
        return 0.3 + 0.7 * length / shortest
    return 1.0 if length <= longest else max(0.3, longest / length)


def _form_weight(sentence: str) -> float:
    """Avoid what asks or shouts, says where to call, or is only polite."""
    asks = sentence.rstrip("\"'»”) ").endswith(("?", "!"))
    directs = _CONTACT.search(sentence) is not None
    return (0.4 if asks else 1.0) * (0.2 if directs else 1.0) * (0.2 if FORMULA.search(sentence) else 1.0)


def _leans(sentence: str) -> bool:
    opening = words(sentence[:60])[:3]
    return IMPERSONAL.match(sentence) is None and any("_".join(opening[:size]) in _leaning() for size in (1, 2, 3))


@cache
def _leaning() -> frozenset[str]:
    return frozenset(_LEANING.split())


def _ranks(stem_sets: Sequence[frozenset[str]]) -> list[float]:
    """Rank sentences by power iteration over their shared stems; the mean rank is 1."""
    count = len(stem_sets)
    similarity = _similarity(stem_sets)
    totals = similarity.sum(axis=0)
    links = np.divide(similarity, totals, out=np.zeros_like(similarity), where=totals > 0)
    ranks = np.ones(count)
    for _ in range(_ROUNDS):
        ranks = (1 - _DAMPING) + _DAMPING * (links @ ranks)
    # A sentence that shares nothing still has its own words: without this floor short texts are all ties.
    return [round(float(rank), 6) for rank in ranks]


def _similarity(stem_sets: Sequence[frozenset[str]]) -> npt.NDArray[np.float64]:
    spread = Counter(stem for stems in stem_sets for stem in stems)
    columns = {stem: column for column, stem in enumerate(sorted(stem for stem in spread if spread[stem] > 1))}
    shared = np.zeros((len(stem_sets), max(1, len(columns))))
    for row, stems in enumerate(stem_sets):
        shared[row, [columns[stem] for stem in sorted(stems) if stem in columns]] = 1.0
    sizes = np.log([2.0 + len(stems) for stems in stem_sets])
    similarity: npt.NDArray[np.float64] = (shared @ shared.T) / (sizes[:, None] + sizes[None, :])
    np.fill_diagonal(similarity, 0.0)
    return similarity


def _choose(candidates: list[_Candidate], scores: list[float], count: int | None) -> list[_Candidate]:
    """Take the best, each for what the chosen ones do not say already, as long as there is room."""
    total = sum(candidate.length for candidate in candidates)
    limit = count if count is not None else len(candidates)
    enough, most = (
        (math.inf, math.inf) if count is not None else (min(_ENOUGH_WORDS, _DEFAULT_SHARE * total), _MOST_WORDS)
    )
    chosen: dict[int, _Candidate] = {}
    said: set[str] = set()
    left = dict(enumerate(scores))
    length = 0
    while left and len(chosen) < limit and length < enough:
        best = max(left, key=lambda place: (left[place] * _gain(candidates[place], said, chosen), -place))
        del left[best]
        candidate = candidates[best]
        if chosen and length + candidate.length > most:
            continue
        chosen[candidate.index] = candidate
        said |= candidate.stems
        length += candidate.length
    return list(chosen.values())


def _gain(candidate: _Candidate, said: set[str], chosen: Mapping[int, _Candidate]) -> float:
    """The share of *candidate* that is new; less if it leans on a sentence that was not chosen."""
    new = len(candidate.stems - said) / max(1, len(candidate.stems))
    return new * (_LEANS if candidate.leans and candidate.index - 1 not in chosen else 1.0)
