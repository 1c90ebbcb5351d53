"""The second opinion on names, where no model is installed and what it may decide."""

import pytest

from app.processors import extractive, extractive_rules, statistical
from app.processors.entity_evidence import UNKNOWN, Judgement, Surroundings
from app.processors.entity_names import Span
from app.processors.language import lexicon
from app.processors.statistical_models import installed, installed_packages

AROUND = Surroundings.of(lexicon("en"), frozenset({"kitchens", "customer", "data"}))


def span(*words: str, opens: bool = False) -> Span:
    """Make a span at the beginning of a text."""
    end = len(" ".join(words))
    return Span(
        0,
        end,
        words,
        opens=opens,
        in_heading=False,
        is_numbered=False,
        is_shouted=False,
        before=("", "", ""),
        label="",
        after="",
    )


def asked(one: Span, kind: str) -> Judgement | None:
    """Let a model say *kind* of a span that the rules leave open."""
    return statistical.weighed(Judgement(UNKNOWN, 0.3), one, {(one.start, one.end): kind}, AROUND)


def test_without_models_there_are_the_rules() -> None:
    """The extra is optional: nothing may be imported, missed or promised without it."""
    statistical.load()

    assert installed() == {}
    assert installed_packages() == ()
    assert statistical.opinions("Ada met Grace.", 0, 14, "en") == {}
    assert extractive.PROCESSOR.layers == extractive_rules.PROCESSOR.layers == ("rules",)


def test_rules_win() -> None:
    """They are right more often than a small model is."""
    one, sure = span("Wilberforce", "Okiror"), Judgement("ORGANIZATION", 0.7)

    assert statistical.weighed(sure, one, {(0, one.end): "PERSON"}, AROUND) is sure
    assert statistical.weighed(None, one, {(0, one.end): "PERSON"}, AROUND) is None


def test_what_the_rules_leave_open_a_model_decides() -> None:
    """That is all the difference it makes."""
    assert asked(span("Wilberforce", "Okiror"), "PERSON") == Judgement("PERSON", 0.6)
    assert asked(span("Kitchens", "Larkhall"), "ORGANIZATION") == Judgement("ORGANIZATION", 0.6)
    assert asked(span("Namayingo"), "LOCATION") == Judgement("LOCATION", 0.6)


def test_an_opinion_on_something_else_counts_for_nothing() -> None:
    """Small models are wrong about where a name ends more often than the rules are."""
    one, open_question = span("Wilberforce", "Okiror"), Judgement(UNKNOWN, 0.3)

    assert statistical.weighed(open_question, one, {(0, 5): "PERSON"}, AROUND) is open_question


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (span("Dragonframe"), "PERSON"),
        (span("Larkhall", "Kitchens"), "PERSON"),
        (span("Customer", "Data"), "ORGANIZATION"),
        (span("Provider"), "ORGANIZATION"),
        (span("Contact", opens=True), "LOCATION"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value.words),
)
def test_what_small_models_are_mostly_wrong_about_is_left_open(one: Span, kind: str) -> None:
    """An unknown name that is left out does less harm than a product among the persons."""
    assert asked(one, kind) == Judgement(UNKNOWN, 0.3)
