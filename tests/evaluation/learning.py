"""
Learn the ranking of key phrases from all documents that are not kept untouched: `make learn`.

First prints how well it does on documents that it has not seen: each eighth of
them is ranked by what is learnt from the others. Then learns from all, and
writes `app/processors/data/keyword_trees.json`.
"""

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice, product
from pathlib import Path
from typing import Any, Final

from app.processors.keyword_context import NameIndex
from app.processors.keyword_ranking import Ranking
from app.processors.keyword_score import Scale
from app.processors.keyword_signs import SIGNS, signs
from app.processors.keywords import best, likeliest, readable_form
from app.processors.naming import Naming
from app.processors.parts import parts_of
from app.processors.phrases import Key, Phrase, collect
from app.processors.reading import Reading
from app.processors.ticks import no_tick
from tests.evaluation.gold import FOLDER, IndexedDocument, indexed_documents
from tests.evaluation.keyword_scores import TOP, KeywordScore, score_keywords, stems
from tests.evaluation.results import LANGUAGES, mean

TREES: Final = Path("app/processors/data/keyword_trees.json")
LEARNT_FROM: Final = (FOLDER / "documents", FOLDER / "indexed")

_FOLDS: Final = 8
_SHORT: Final = 60
_SETTINGS: Final[Mapping[str, Any]] = {
    "n_estimators": 200,
    "learning_rate": 0.05,
    "max_depth": 4,
    "min_samples_leaf": 30,
    "subsample": 0.6,
    "max_features": 0.3,
    "random_state": 0,
}
"""Of scikit-learn's gradient boosting. Other settings near these do as well."""


@dataclass(frozen=True, slots=True)
class Example:
    """One document: what could be its key phrases, how each is described, and which of them are right."""

    document: IndexedDocument
    naming: Naming
    phrases: Mapping[Key, Phrase]
    shortlist: Mapping[Key, float]
    described: Sequence[Sequence[float]]
    is_right: Sequence[bool]

    def at_first(self) -> KeywordScore:
        """Compare the best phrases at first sight with the right ones."""
        return self._compared(best(self.shortlist, self.phrases, self.naming.in_full, TOP, least=-math.inf))

    def ranked(self, ranking: Ranking) -> KeywordScore:
        """Compare the best phrases by *ranking* with the right ones."""
        odds = dict(zip(self.shortlist, ranking.odds(self.described), strict=True))
        return self._compared(best(odds, self.phrases, self.naming.in_full, TOP))

    def _compared(self, found: Sequence[str]) -> KeywordScore:
        document = self.document
        return score_keywords(found, document.keywords, text=document.text, names=(), language=document.language)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one document, whole or only its beginning, scores at first sight, and as it is ranked."""

    language: str
    is_short: bool
    at_first: KeywordScore
    ranked: KeywordScore


def beginning(document: IndexedDocument) -> IndexedDocument:
    """Cut *document* after the sentence with its sixtieth word: people send short texts, too."""
    words = list(islice(re.finditer(r"\w+", document.text), _SHORT))
    sentences = _read(document).sentences
    ends = (sentences[place].end for place in range(len(sentences)))
    text = document.text[: next(end for end in ends if end >= words[-1].end())]
    lowered = " ".join(text.lower().split())
    said = [phrase for phrase in document.keywords if any(form.lower() in lowered for form in phrase.split(" | "))]
    return replace(document, text=text, keywords=tuple(said))


def _read(document: IndexedDocument) -> Reading:
    return Reading.in_parts(document.text, parts_of(document.text, None, no_tick), no_tick)


def example(document: IndexedDocument) -> Example:
    """Read *document* as the engine does."""
    reading = _read(document)
    naming = Naming.of(reading)
    phrases = collect(reading, NameIndex.of(set(naming.in_full.values())), no_tick)
    scale = Scale.of(phrases, naming.kinds, len(reading.sentences))
    shortlist = likeliest(scale)
    right = {stems(form, document.language) for one in document.keywords for form in one.split(" | ")}
    return Example(
        document,
        naming,
        phrases,
        shortlist,
        [signs(scale, key, score) for key, score in shortlist.items()],
        [stems(readable_form(phrases[key], naming.in_full), document.language) in right for key in shortlist],
    )


def learnt(examples: Sequence[Example]) -> dict[str, Any]:
    """Grow trees, in the form that `Ranking.of` takes."""
    booster = import_module("sklearn.ensemble").GradientBoostingClassifier(**_SETTINGS)
    booster.fit(
        [row for one in examples for row in one.described], [right for one in examples for right in one.is_right]
    )
    nodes: dict[str, list[Any]] = {name: [] for name in ("roots", "sign", "limit", "below", "above", "value")}
    for (grown,) in booster.estimators_:
        tree, start = grown.tree_, len(nodes["sign"])
        places = range(start, start + tree.node_count)
        is_leaf = tree.children_left < 0
        nodes["roots"].append(start)
        nodes["sign"] += [max(0, int(sign)) for sign in tree.feature]
        nodes["limit"] += [
            0 if ends else round(float(limit), 5) for limit, ends in zip(tree.threshold, is_leaf, strict=True)
        ]
        nodes["below"] += _targets(tree.children_left, places)
        nodes["above"] += _targets(tree.children_right, places)
        added = zip(tree.value[:, 0, 0] * _SETTINGS["learning_rate"], is_leaf, strict=True)
        nodes["value"] += [round(float(value), 5) if ends else 0 for value, ends in added]
    return {"signs": SIGNS, "depth": _SETTINGS["max_depth"], **nodes}


def _targets(children: Sequence[int], places: range) -> list[int]:
    return [places[child] if child >= 0 else place for place, child in zip(places, children, strict=True)]


def _unseen(pairs: Sequence[tuple[Example, Example]]) -> Iterator[Comparison]:
    """Rank each document by what is learnt from others."""
    for fold in range(_FOLDS):
        ranking = Ranking.of(learnt([one for at, pair in enumerate(pairs) if at % _FOLDS != fold for one in pair]))
        for pair in pairs[fold::_FOLDS]:
            for one, is_short in zip(pair, (False, True), strict=True):
                yield Comparison(one.document.language, is_short, one.at_first(), one.ranked(ranking))


def _figures(scores: Sequence[KeywordScore]) -> str:
    return f"{mean(one.f1 for one in scores):.2f} ({mean(one.lenient_f1 for one in scores):.2f})"


def main() -> int:
    """Learn, and say how well it went."""
    listed = [document for folder in LEARNT_FROM for document in indexed_documents(folder)]
    pairs = [(example(document), example(beginning(document))) for document in listed]
    compared = list(_unseen(pairs))
    print("Key phrases of documents that were not learnt from, F (lenient)")
    for language, is_short in product(LANGUAGES, (False, True)):
        ours = [one for one in compared if (one.language, one.is_short) == (language, is_short)]
        at_first, ranked = _figures([one.at_first for one in ours]), _figures([one.ranked for one in ours])
        what = "beginnings" if is_short else "whole texts"
        print(f"  {language} ({len(ours)} {what}) at first sight {at_first}, ranked {ranked}")
    trees = learnt([one for pair in pairs for one in pair])
    lines = (f"{json.dumps(name)}: {json.dumps(member)}" for name, member in trees.items())
    TREES.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"Learnt from {len(listed)} documents: {TREES}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
