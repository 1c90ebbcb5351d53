"""The figures and every answer on one page that needs nothing else to be read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import chain
from pathlib import Path
from typing import Final

from tests.evaluation.engines import OURS
from tests.evaluation.entity_scores import EntityScore, same_value
from tests.evaluation.gold import NAMES, PATTERNS, TYPES
from tests.evaluation.keyword_scores import KeywordScore
from tests.evaluation.mistakes import remark, written_fact
from tests.evaluation.results import Result, Results
from tests.evaluation.summary_scores import SummaryScore
from tests.evaluation.tables import Table, tables

STYLE: Final = Path(__file__).with_name("page.css")

_LEGEND: Final = (
    '<span class="hit">found</span> <span class="miss">missed</span> <span class="false">found, but not there</span>'
)


def write_page(path: Path, results: Mapping[str, Results]) -> None:
    """Write all *results*, each set of documents under its name."""
    body = "\n".join(chain.from_iterable(_set(name, of_set) for name, of_set in results.items()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Evaluation</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE.read_text(encoding="utf-8")}</style></head>'
        f"<body><h1>How good the answers are</h1><p>{_LEGEND}</p>\n{body}</body></html>\n",
        encoding="utf-8",
    )


def _set(name: str, results: Results) -> Iterator[str]:
    yield f"<h2>{escape(name)}: {results.documents}</h2>"
    yield from map(_table, tables(results))
    for language in results.languages:
        yield f"<h3>{escape(language)}</h3>"
        yield from map(_document, results.of(language=language, engine=OURS).every)


def _table(table: Table) -> str:
    rows = "".join(
        f'<tr class="{"ours" if OURS in row else "other"}">{"".join(f"<td>{escape(cell)}</td>" for cell in row)}</tr>'
        for row in table.rows
    )
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    return f'<h3>{escape(table.title)}</h3><div class="wide"><table><tr>{head}</tr>{rows}</table></div>'


def _document(result: Result) -> str:
    entities, keywords, summary = result.entities, result.keywords, result.summary
    if entities is None or keywords is None or summary is None:
        raise ValueError("the engine answers all three")
    document = result.document
    figures = "".join(
        f'<span class="figure">{what} {figure}</span>'
        for what, figure in (
            ("names F1", f"{entities.strict(*NAMES).f1:.2f}"),
            ("patterns F1", f"{entities.strict(*PATTERNS).f1:.2f}"),
            ("keywords F", f"{keywords.f1:.2f}"),
            ("ROUGE-1", f"{summary.rouge:.2f}"),
            ("facts", f"{sum(summary.covered)}/{len(summary.covered)}"),
        )
    )
    parts = (*_entities(entities, result), *_keywords(keywords), *_summary(summary, result))
    return (
        f'<details class="document"><summary><b>{escape(document.name)}</b>{figures}</summary><div class="inside">'
        f"<div><h3>Text</h3><pre>{_marked(document.text, entities)}</pre></div><div>{''.join(parts)}</div>"
        "</div></details>"
    )


def _entities(score: EntityScore, result: Result) -> Iterator[str]:
    yield "<h3>Entities</h3>"
    for kind in TYPES:
        chips = [
            _chip("hit" if _is_valued(found.value, gold.value) else "false", found.text, found.value or "")
            for found, gold in score.hits
            if found.type == kind
        ]
        chips += [_chip("miss", " | ".join(gold.forms), gold.value or "") for gold in score.missed if gold.type == kind]
        chips += [
            _chip("false", found.text, remark(found, score, result.document))
            for found in score.false
            if found.type == kind
        ]
        if chips:
            yield f'<p><span class="type">{kind}</span>{"".join(chips)}</p>'


def _is_valued(found: str | None, gold: str | None) -> bool:
    return gold is None or same_value(found, gold)


def _keywords(score: KeywordScore) -> Iterator[str]:
    yield "<h3>Keywords</h3>"
    for kind, phrases in (("hit", score.hits), ("false", score.false), ("miss", score.missed)):
        yield f"<p>{''.join(_chip(kind, phrase, _flaw(phrase, score)) for phrase in phrases)}</p>"


def _flaw(phrase: str, score: KeywordScore) -> str:
    flaws = (("duplicate", score.duplicates), ("fragment", score.fragments))
    return ", ".join(flaw for flaw, phrases in flaws if phrase in phrases)


def _summary(score: SummaryScore, result: Result) -> Iterator[str]:
    yield f"<h3>Summary, {score.words} words</h3><p>{escape(result.answer.summary or '')}</p>"
    yield from (f"<p>{_chip('false', violation)}</p>" for violation in score.violations)
    yield f"<h3>As a person wrote it</h3><p>{escape(result.document.summary)}</p><h3>Facts</h3>"
    for fact, told in zip(result.document.facts, score.covered, strict=True):
        yield _chip("hit" if told else "miss", written_fact(fact))


def _chip(kind: str, text: str, note: str = "") -> str:
    noted = f" <small>{escape(note)}</small>" if note else ""
    return f'<span class="{kind}">{escape(text)}{noted}</span>'


def _marked(text: str, score: EntityScore) -> str:
    """Mark the entities in *text*, wherever they stand; the longer form goes before the shorter."""
    kinds = dict(_kinds(score))
    if not kinds:
        return escape(text)
    forms = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in sorted(kinds, key=len, reverse=True))
    pieces = re.split(rf"(?<!\w)({forms})(?!\w)", text)
    return "".join(
        f'<mark class="{kinds[" ".join(piece.split())]}">{escape(piece)}</mark>' if place % 2 else escape(piece)
        for place, piece in enumerate(pieces)
    )


def _kinds(score: EntityScore) -> Iterable[tuple[str, str]]:
    """Say how each form is marked; what is right somehow is marked as right."""
    yield from ((" ".join(found.text.split()), "false") for found in score.false)
    yield from ((" ".join(form.split()), "miss") for gold in score.missed for form in gold.forms)
    yield from ((" ".join(form.split()), "hit") for _, gold in score.hits for form in gold.forms)
