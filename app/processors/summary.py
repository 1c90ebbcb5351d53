"""
A summary made of the text's own sentences.

TextRank: a sentence counts for much if it shares stems with sentences that
count for much. Only sentences of the text are ever returned, in its order.
"""

import heapq
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from app.processors.language import words
from app.processors.reading import Reading
from app.processors.sentences import Sentence
from app.processors.ticks import Tick, no_tick

MOST_RANKED = 400
"""Sentences that are compared with each other; above, a linear score chooses which."""
LONGEST_QUOTE = 800
"""Characters of one sentence in the summary."""
MOST_STEMS = 100_000
"""Stems that are counted; in a text with more, the rarest are forgotten."""

_TICKS = 100
_SHORTEST = 12
"""Characters; where there are many sentences, shorter ones are not looked at."""

_TARGET_WORDS = 55
_MOST_WORDS = 110
_MOST_SENTENCES = 5
_DEFAULT_SHARE = 0.4
_DAMPING = 0.85
_ROUNDS = 40
_REDUNDANT = 0.55
_GOOD_LENGTH = (8, 40)
_CONTACT = re.compile(
    r"\|{6}|(?:\+|\b00)\d[\d ().-]{6,}\d|\b(?:t[eé]l(?:[eé]fono|[eé]phone|efone)?|phone|fax)\b", re.IGNORECASE
)
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]+")
_LABEL = re.compile(r"^(?:[-*•>|+\u2013\u2014\u25aa\u00b7]+\s+|\d{1,3}(?:\.\d{1,3}){0,3}[.)]\s+|[a-zA-Z]\)\s+)")

# Sentences that open like this lean on the one before and read badly alone.
_LEANING = """
esto eso ello este esta estos estas ese esa dicho dicha pero sin_embargo no_obstante además también así
por_ello por_eso por_tanto por_otra en_cambio asimismo entonces luego y o en_segundo por_último finalmente
en_consecuencia de_hecho this that these those it he she they but however moreover furthermore also thus
therefore hence then and or so such meanwhile instead in_addition for_example for_instance on_the_other
as_a_result his her their nevertheless finally cela ceci ce cet cette ces il elle ils elles mais cependant
toutefois ainsi donc de_plus en_outre par_ailleurs et ou puis ensuite enfin en_effet par_conséquent néanmoins
d'ailleurs par_exemple isso isto esse essa este esta estes estas mas porém contudo todavia no_entanto além
também assim portanto e ou ele ela eles elas por_isso por_fim então entretanto nesse neste ali
"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    sentence: Sentence
    stems: frozenset[str]
    length: int
    weight: float


def summarise(reading: Reading, *, count: int | None = None, tick: Tick = no_tick) -> str:
    """
    Choose the sentences that say most of the text.

    *count* asks for that many sentences, if there are as many; otherwise it is
    about three, or sixty to a hundred words, and never more than two in five.
    Headings are used only where there is nothing else.
    """
    pool = array("I", reading.sentences.prose()) or range(len(reading.sentences))
    candidates = _candidates(reading, pool, tick)
    if not candidates:
        return ""
    ranks = _ranks([candidate.stems for candidate in candidates])
    scores = [rank * candidate.weight for rank, candidate in zip(ranks, candidates, strict=True)]
    chosen = _choose(candidates, scores, count, len(pool))
    return " ".join(_quote(reading.text, candidate.sentence) for candidate in sorted(chosen, key=lambda one: one.index))


def _candidates(reading: Reading, pool: Sequence[int], tick: Tick) -> list[_Candidate]:
    """Keep at most `MOST_RANKED` sentences of *pool*: those whose stems are the most frequent ones of the text."""
    if len(pool) <= MOST_RANKED:
        return [_candidate(reading, place, at, len(pool)) for place, at in enumerate(pool)]
    telling = array("I", (place for place, at in enumerate(pool) if reading.sentences.length(at) > _SHORTEST))
    frequencies: Counter[str] = Counter()
    for done, place in enumerate(telling):
        frequencies.update(_content(reading, reading.sentences[pool[place]])[0])
        if done % _TICKS == 0:
            tick(0.5 * done / len(telling))
        if len(frequencies) > MOST_STEMS:
            frequencies = Counter(dict(frequencies.most_common(MOST_STEMS // 2)))

    def promise(done: int) -> float:
        if done % _TICKS == 0:
            tick(0.5 + 0.5 * done / len(telling))
        stems, _ = _content(reading, reading.sentences[pool[telling[done]]])
        return _density(stems, frequencies) * (1 + 0.3 * math.exp(-telling[done] / 30))

    best = [telling[one] for one in heapq.nlargest(MOST_RANKED, range(len(telling)), key=promise)] or range(MOST_RANKED)
    return [_candidate(reading, place, pool[place], len(pool)) for place in sorted(best)]


def _candidate(reading: Reading, place: int, at: int, total: int) -> _Candidate:
    sentence = reading.sentences[at]
    stems, length = _content(reading, sentence)
    written = reading.words_only[sentence.start : sentence.end]
    weight = _position_weight(place, total) * _length_weight(length) * _form_weight(written, is_first=place == 0)
    return _Candidate(place, sentence, stems, length, weight)


def _content(reading: Reading, sentence: Sentence) -> tuple[frozenset[str], int]:
    lexicon = reading.lexicon_at(sentence.start)
    listed = words(reading.words_only[sentence.start : sentence.end])
    return frozenset(lexicon.stems([word for word in listed if lexicon.is_content(word)])), len(listed)


def _density(stems: Iterable[str], frequencies: Counter[str]) -> float:
    counts = [math.log1p(frequencies[stem]) for stem in sorted(stems) if frequencies[stem] > 1]
    return sum(counts) / (6 + len(counts)) if counts else 0.0


def _position_weight(place: int, total: int) -> float:
    """Favour the beginning, where most documents say what they are about."""
    lead = 0.45 * math.exp(-place / 1.5)
    return 1 + lead + (0.05 if place == total - 1 else 0.0)


def _length_weight(length: int) -> float:
    shortest, longest = _GOOD_LENGTH
    if length < shortest:
        return 0.3 + 0.7 * length / shortest
    return 1.0 if length <= longest else max(0.3, longest / length)


def _form_weight(sentence: str, *, is_first: bool) -> float:
    """Avoid what leans on the sentence before, asks or shouts, or says where to call."""
    opening = words(sentence[:60])[:3]
    leaning = not is_first and any("_".join(opening[:size]) in _leaning() for size in (1, 2, 3))
    asks = sentence.rstrip("\"'»”) ").endswith(("?", "!"))
    directs = _CONTACT.search(sentence) is not None
    return (0.65 if leaning else 1.0) * (0.6 if asks else 1.0) * (0.5 if directs else 1.0)


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


def _choose(candidates: list[_Candidate], scores: list[float], count: int | None, total: int) -> list[_Candidate]:
    """Take the best, each discounted by what the chosen ones say already."""
    limit = count if count is not None else min(_MOST_SENTENCES, math.ceil(_DEFAULT_SHARE * total))
    chosen: list[_Candidate] = []
    left = dict(enumerate(scores))
    overlap = dict.fromkeys(left, 0.0)
    while left and len(chosen) < limit and (count is not None or _has_room(chosen)):
        best = max(left, key=lambda place: (left[place] * (1 - overlap[place]), -place))
        del left[best]
        if count is None and not _fits(candidates[best], overlap[best], chosen):
            continue
        chosen.append(candidates[best])
        for place in left:
            overlap[place] = max(overlap[place], _overlap(candidates[place].stems, candidates[best].stems))
    return chosen


def _has_room(chosen: list[_Candidate]) -> bool:
    return sum(one.length for one in chosen) < _TARGET_WORDS


def _fits(candidate: _Candidate, overlap: float, chosen: list[_Candidate]) -> bool:
    if not chosen:
        return True
    return overlap < _REDUNDANT and sum(one.length for one in chosen) + candidate.length <= _MOST_WORDS


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _quote(text: str, sentence: Sentence) -> str:
    """Write *sentence* on one line, without its bullet; a monster is cut between words."""
    quoted = _LABEL.sub("", _SPACE.sub(" ", text[sentence.start : sentence.end]).strip())
    if len(quoted) <= LONGEST_QUOTE:
        return quoted
    cut = quoted[:LONGEST_QUOTE]
    return cut[: cut.rfind(" ") if " " in cut else LONGEST_QUOTE].rstrip() + "…"
