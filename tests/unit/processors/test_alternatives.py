"""A list of words that is quicker to look for finds what the plain list finds."""

import re

from app.processors.alternatives import either

WORDS = ["pesos mexicanos", "pesos", "euros?", "élan"]


def test_words_that_begin_alike_stay_in_their_order() -> None:
    """The longer name stands first in a list, so that `pesos mexicanos` is not read as pesos."""
    text = "euro, pesos mexicanos, pesos, Pesos, élan"

    assert re.findall(either(WORDS), text) == re.findall("|".join(WORDS), text)


def test_any_case_is_found_only_where_it_is_asked_for() -> None:
    """`EUROS` is money, though no list writes it like that."""
    text = "EUROS, Pesos Mexicanos, ÉLAN, pesos"

    assert re.findall(either(WORDS, any_case=True), text) == ["EUROS", "Pesos Mexicanos", "ÉLAN", "pesos"]
    assert re.findall(either(WORDS), text) == ["pesos"]
