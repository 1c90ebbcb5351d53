"""The trees that rank key phrases: a wrong turn would go unnoticed, since some phrase always comes first."""

from typing import Any

import pytest

from app.processors.keyword_ranking import Ranking, ranking
from app.processors.keyword_signs import SIGNS

TREES: Any = {
    "signs": list(SIGNS),
    "depth": 2,
    "roots": [0, 5],
    "sign": [0, 0, 1, 0, 0, 0],
    "limit": [1.5, 0, 3.5, 0, 0, 0],
    "below": [1, 1, 3, 3, 4, 5],
    "above": [2, 1, 4, 3, 4, 5],
    "value": [0, 0.25, 0, 0.5, 1, 4],
}
"""A tree of five nodes that asks about the first two signs, and one that is a leaf."""


def described(first: float, second: float) -> list[float]:
    """Return a phrase of which only the first two signs say something."""
    return [first, second, *[0.0] * (len(SIGNS) - 2)]


def test_each_tree_adds_what_its_questions_come_to() -> None:
    """A sign at the limit is below it, as where the trees were learnt."""
    odds = Ranking.of(TREES).odds([described(1.5, 9), described(2, 3.5), described(2, 4)])

    assert odds == [4.25, 4.5, 5.0]


def test_no_phrases_have_no_odds() -> None:
    """An empty document has none."""
    assert Ranking.of(TREES).odds([]) == []


def test_trees_that_were_learnt_from_other_signs_are_refused() -> None:
    """They would ask about one thing and be told another."""
    with pytest.raises(ValueError, match="make learn"):
        Ranking.of(TREES | {"signs": [*SIGNS[1:], SIGNS[0]]})


def test_the_learnt_trees_reach_a_leaf_with_each_question() -> None:
    """They are numbers in a file, and one that is cut off would still be read."""
    learnt = ranking()
    is_leaf = learnt.below == learnt.above

    assert not learnt.value[~is_leaf].any()
    assert learnt.sign.max() < len(SIGNS)
    assert len(learnt.odds([described(1, 1)])) == 1
