"""All documents, answered and scored."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from tests.evaluation.engines import OURS, Answer, Engine
from tests.evaluation.entity_scores import Counts, EntityScore, score_entities
from tests.evaluation.gold import GoldDocument
from tests.evaluation.keyword_scores import KeywordScore, score_keywords
from tests.evaluation.summary_scores import SummaryScore, score_summary

LANGUAGES: Final = ("es", "en", "fr", "pt")


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one engine made of one document."""

    document: GoldDocument
    engine: str
    answer: Answer
    entities: EntityScore | None
    keywords: KeywordScore | None
    summary: SummaryScore | None


@dataclass(frozen=True)
class Results:
    """What came of some documents; asked for a part of them, it gives the same of that part."""

    every: Sequence[Result]

    def of(self, *, language: str | None = None, engine: str | None = None) -> "Results":
        """Look at a part only."""
        return Results(
            [one for one in self.every if language in (None, one.document.language) and engine in (None, one.engine)]
        )

    def __add__(self, other: "Results") -> "Results":
        """Look at both."""
        return Results([*self.every, *other.every])

    @property
    def languages(self) -> list[str]:
        """The languages of the documents, in the order in which the service names them."""
        found = {one.document.language for one in self.every}
        return sorted(found, key=lambda code: (code not in LANGUAGES, *map(code.__ne__, LANGUAGES), code))

    @property
    def engines(self) -> list[str]:
        """Who answered."""
        return list(dict.fromkeys(one.engine for one in self.every))

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return len({(one.document.language, one.document.name) for one in self.every})

    @property
    def entities(self) -> list[EntityScore]:
        """The scores of those who find entities."""
        return [one.entities for one in self.every if one.entities is not None]

    @property
    def keywords(self) -> list[KeywordScore]:
        """The scores of those who find key phrases."""
        return [one.keywords for one in self.every if one.keywords is not None]

    @property
    def summaries(self) -> list[SummaryScore]:
        """The scores of those who summarise."""
        return [one.summary for one in self.every if one.summary is not None]

    def strict(self, *types: str) -> Counts:
        """Count the entities of *types* that are right to the letter, over all documents."""
        return sum((score.strict(*types) for score in self.entities), Counts())

    def lenient(self, *types: str) -> Counts:
        """Count the entities of *types* that are right at least in part, over all documents."""
        return sum((score.lenient(*types) for score in self.entities), Counts())

    def values(self, *types: str) -> float:
        """Return the share of the right entities of *types* whose value is right, too."""
        pairs = [score.values(*types) for score in self.entities]
        return sum(right for right, _ in pairs) / max(1, sum(count for _, count in pairs))


def evaluate(documents: Iterable[GoldDocument], engines: Callable[[str], dict[str, Engine]]) -> Results:
    """Let each of the *engines* of its language answer each document, and score what they say."""
    return Results([one for document in documents for one in _results(document, engines(document.language))])


def mean(figures: Iterable[float]) -> float:
    """Average over documents; 0 of none."""
    listed = list(figures)
    return fmean(listed) if listed else 0.0


def _results(document: GoldDocument, engines: dict[str, Engine]) -> Iterator[Result]:
    names = [form for entity in document.entities for form in entity.forms]
    for name, engine in engines.items():
        answer = engine(document)
        yield Result(
            document=document,
            engine=name,
            answer=answer,
            entities=None if answer.entities is None else score_entities(answer.entities, document.entities),
            keywords=None
            if answer.keywords is None
            else score_keywords(
                answer.keywords, document.keywords, text=document.text, names=names, language=document.language
            ),
            summary=None if answer.summary is None else score_summary(answer.summary, document, check=name == OURS),
        )
