"""The page on deployment: its sums, its commands, and what it points to."""

import re
from math import isclose

import pytest

from tests.house.source import ROOT

PAGE = (ROOT / "infra" / "README.md").read_text(encoding="utf-8")
SUM = re.compile(r"`([\d. ×÷+]+) = ([\d.]+)`")


def value(sum_: str) -> float:
    """Work out a *sum_* of products, as the page writes them."""
    total = 0.0
    for term in sum_.split("+"):
        factors = re.split(r"([×÷])", term)
        result = float(factors[0])
        for sign, factor in zip(factors[1::2], factors[2::2], strict=True):
            result = result * float(factor) if sign == "×" else result / float(factor)
        total += result
    return total


@pytest.mark.parametrize(("sum_", "said"), SUM.findall(PAGE))
def test_the_sums_are_right(sum_: str, said: str) -> None:
    """Somebody decides by them whether to run the service at all."""
    decimals = len(said.partition(".")[2])

    assert isclose(value(sum_), float(said), abs_tol=0.5000001 * 10**-decimals)


def test_there_are_sums() -> None:
    """A page whose sums were written in another way would not be checked."""
    assert len(SUM.findall(PAGE)) > 15


def test_what_the_page_points_to_is_there() -> None:
    """A link into nothing ends a first deployment."""
    links = re.findall(r"\]\(((?!http)[^)#]+)\)", PAGE)

    assert [link for link in links if not (ROOT / "infra" / link).exists()] == []


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z-]+)", PAGE))))
def test_the_targets_it_names_can_be_made(target: str) -> None:
    """The page is followed word by word."""
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
