"""Scores of summaries, on answers whose figures are plain to see."""

import pytest

from tests.evaluation.gold import FOLDER, read
from tests.evaluation.summary_scores import rouge_1, score_summary, tells, violations

NOTICE = read(FOLDER / "fixtures" / "en" / "01-notice.yaml")
FACT = (("Pier Street",), ("3 May 2024", "May 3"))


def test_rouge_counts_the_words_that_both_use() -> None:
    """By hand once: three words are shared of four and of five."""
    assert rouge_1("The pier is closed", "The old pier was closed") == pytest.approx(2 * 3 / (4 + 5))


def test_a_word_is_shared_as_often_as_both_use_it() -> None:
    """Otherwise a summary that repeats one good word would win."""
    assert rouge_1("pier pier pier", "pier") == pytest.approx(2 * 1 / (3 + 1))


@pytest.mark.parametrize(
    ("summary", "told"),
    [
        ("Pier Street closes. It does so on May 3.", True),
        ("PIER\nSTREET closes on 3 May 2024", True),
        ("Pier Street closes in spring", False),
        ("Pier Street closes on 13 May 2024", False),
        ("Pier Street closes on May 30", False),
    ],
)
def test_a_fact_is_told_if_each_part_is_in_one_of_its_ways(summary: str, *, told: bool) -> None:
    """A number that is a piece of another number is another fact."""
    assert tells(summary, FACT) is told


def test_whole_sentences_in_their_order_are_fine() -> None:
    """Bullets may be left out, a number may end a sentence, and those that open alike do not run into each other."""
    summary = (
        "The Port Authority of Kilmory closes Pier Street on 3 May 2024. Ships wait outside the harbour wall. "
        "Call Ms Orla Tennant for a berth. The harbour wall was built in 1911. Traffic fell by 4 %. Nobody knows."
    )

    assert list(violations(summary, NOTICE.text)) == []


@pytest.mark.parametrize(
    ("summary", "violation"),
    [
        ("Harbour notice", "a heading: Harbour notice"),
        ("Ships wait outside", "no whole sentence: Ships wait outside"),
        ("outside the harbour wall.", "no whole sentence: outside the harbour wall."),
        ("Bananas", "not in the text: Bananas"),
        ("The harbour wall was built in 1911. Tennant answers from Monday.", "out of order: Tennant answers"),
    ],
)
def test_dishonest_quotation_is_noticed(summary: str, violation: str) -> None:
    """A summary that cuts, turns or invents says what nobody wrote."""
    found = list(violations(summary, NOTICE.text))

    assert len(found) == 1
    assert found[0].startswith(violation)


def test_a_summary_is_scored_as_a_whole() -> None:
    """The share of facts is what the service is judged by."""
    score = score_summary("Repairs by Sandvik & Daughters cost £1,200.", NOTICE)

    assert (score.covered, score.facts, score.words, score.violations) == ((False, True), 0.5, 7, ())
