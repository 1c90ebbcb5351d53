"""The figures as tables: for a terminal, or in Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.evaluation.engines import OURS
from tests.evaluation.gold import NAMES, PATTERNS
from tests.evaluation.keyword_scores import TOP
from tests.evaluation.results import Results, mean

_KEYWORD_FIGURES: Final = ("precision", "recall", "f1", "lenient_f1")


@dataclass(frozen=True)
class Table:
    """One table; every row is as long as its *head*."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def plain(self) -> str:
        """Write it in columns."""
        widths = [max(map(len, column)) for column in zip(self.head, *self.rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (self.head, *self.rows)]
        return "\n".join([f"{self.title}", *(f"  {line}" for line in lines)])

    def markdown(self) -> str:
        """Write it in Markdown."""
        lines = [f"| {' | '.join(row)} |" for row in (self.head, ["---"] * len(self.head), *self.rows)]
        return "\n".join([f"**{self.title}**", "", *lines])


def tables(results: Results) -> Iterator[Table]:
    """Put all figures into tables, a language and an engine a row."""
    yield Table("Names", ("", "", "P", "R", "F1", "F1 lenient", *NAMES, "MISC"), list(_names(results)))
    yield Table(
        "Dates, sums, contacts", ("", "", "P", "R", "F1", "F1 lenient", "values", *PATTERNS), list(_patterns(results))
    )
    yield Table(
        f"Keywords, the first {TOP}",
        ("", "", "P", "R", "F", "F lenient", "duplicates", "fragments"),
        list(_keywords(results)),
    )
    yield Table("Summaries", ("", "", "ROUGE-1", "facts", "words", "violations"), list(_summaries(results)))


def _parts(results: Results, member: str) -> Iterator[tuple[list[str], Results]]:
    for language in results.languages:
        for engine in results.engines:
            part = results.of(language=language, engine=engine)
            if getattr(part, member):
                yield [f"{language} ({part.documents})", engine], part


def _names(results: Results) -> Iterator[list[str]]:
    for start, part in _parts(results, "entities"):
        yield [*start, *_measures(part, NAMES), *(_of_type(part, kind) for kind in (*NAMES, "MISC"))]


def _patterns(results: Results) -> Iterator[list[str]]:
    for start, part in _parts(results, "entities"):
        if any(found.type in PATTERNS for score in part.entities for found, _ in score.hits):
            types = (_of_type(part, kind) for kind in PATTERNS)
            yield [*start, *_measures(part, PATTERNS), _share(part.values(*PATTERNS)), *types]


def _measures(part: Results, types: Sequence[str]) -> list[str]:
    strict, lenient = part.strict(*types), part.lenient(*types)
    return [_share(strict.precision), _share(strict.recall), _share(strict.f1), _share(lenient.f1)]


def _of_type(part: Results, kind: str) -> str:
    """Write F1, and of how many."""
    counts = part.strict(kind)
    return f"{_share(counts.f1)} ({counts.right + counts.missed})" if counts.right + counts.missed else "-"


def _keywords(results: Results) -> Iterator[list[str]]:
    for start, part in _parts(results, "keywords"):
        scores = part.keywords
        returned = max(1, sum(score.returned for score in scores))
        yield [
            *start,
            *(_share(mean(getattr(score, figure) for score in scores)) for figure in _KEYWORD_FIGURES),
            _share(sum(len(score.duplicates) for score in scores) / returned),
            _share(sum(len(score.fragments) for score in scores) / returned),
        ]


def _summaries(results: Results) -> Iterator[list[str]]:
    for start, part in _parts(results, "summaries"):
        scores = part.summaries
        yield [
            *start,
            _share(mean(score.rouge for score in scores)),
            _share(mean(score.facts for score in scores)),
            f"{mean(score.words for score in scores):.0f}",
            str(sum(len(score.violations) for score in scores)) if start[1] == OURS else "-",
        ]


def _share(figure: float) -> str:
    return f"{figure:.2f}".removeprefix("0") if figure < 1 else "1.00"
