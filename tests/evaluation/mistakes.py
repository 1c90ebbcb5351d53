"""What was found that is not there, and what is there and was not found: a few lines a document."""

from collections.abc import Iterator

from tests.evaluation.entity_scores import EntityScore, Found, normalised, same_value
from tests.evaluation.gold import GoldDocument, GoldEntity
from tests.evaluation.results import Result


def mistakes(result: Result) -> Iterator[str]:
    """Say what is wrong with one answer; nothing if nothing is."""
    document = result.document
    yield f"{document.language}/{document.name}"
    if result.entities is not None:
        yield from _entities(result.entities, document)
    if (keywords := result.keywords) is not None:
        yield f"  keywords {keywords.f1:.2f}: {_listed(keywords.hits)}"
        for what, phrases in (
            ("false", keywords.false),
            ("missed", keywords.missed),
            ("duplicates", keywords.duplicates),
            ("fragments", keywords.fragments),
        ):
            yield from [f"    {what}: {_listed(phrases)}"] if phrases else ()
    if (summary := result.summary) is not None:
        yield f"  summary: ROUGE-1 {summary.rouge:.2f}, facts {sum(summary.covered)}/{len(summary.covered)}"
        yield from (f"    untold: {written_fact(fact)}" for fact in untold(result))
        yield from (f"    {violation}" for violation in summary.violations)


def untold(result: Result) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Yield the facts that the summary leaves out."""
    covered = result.summary.covered if result.summary else ()
    yield from (fact for fact, told in zip(result.document.facts, covered, strict=True) if not told)


def written_fact(fact: tuple[tuple[str, ...], ...]) -> str:
    """Write a fact as its author did."""
    return " & ".join(" | ".join(part) for part in fact)


def remark(found: Found, score: EntityScore, document: GoldDocument) -> str:
    """Say why something found is false: another form, another type, other bounds, or nothing at all."""
    text = normalised(found.text)
    for entity in document.entities:
        if text in {normalised(form) for form in entity.forms}:
            same = entity.type == found.type
            return f"a second form of {entity.forms[0]}" if same else f"is {entity.type}"
    return next((f"meant: {gold.forms[0]}" for near, gold in score.near if near is found), "")


def _entities(score: EntityScore, document: GoldDocument) -> Iterator[str]:
    for found in score.false:
        why = remark(found, score, document)
        yield f"  + {found.type} {found.text!r}" + (f" ({why})" if why else "")
    yield from (f"  - {gold.type} {_forms(gold)}" for gold in score.missed)
    for found, gold in score.hits:
        if gold.value is not None and not same_value(found.value, gold.value):
            yield f"  ~ {found.type} {found.text!r}: {found.value}, not {gold.value}"


def _forms(gold: GoldEntity) -> str:
    return " | ".join(map(repr, gold.forms))


def _listed(phrases: tuple[str, ...]) -> str:
    return " · ".join(phrases)
