"""How the ranking of key phrases is learnt, where scikit-learn is installed."""

import json

import pytest

from app.processors.keyword_ranking import Ranking
from tests.evaluation.gold import FOLDER, indexed_documents
from tests.evaluation.learning import Example, example, learnt


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    """Read some documents in one language."""
    return [example(document) for document in indexed_documents(FOLDER / "indexed" / "pt")]


def test_what_is_learnt_knows_what_it_was_shown(examples: list[Example]) -> None:
    """If the trees were written down wrongly, nothing would tell but worse answers."""
    ranking = Ranking.of(json.loads(json.dumps(learnt(examples))))

    assert sum(one.ranked(ranking).f1 for one in examples) > sum(one.at_first().f1 for one in examples)
