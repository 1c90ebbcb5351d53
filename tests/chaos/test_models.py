"""The models have known answers, and say for which web worker they gave them."""

import os
from pathlib import Path

from app.processors.catalogue import Catalogue
from tests.chaos import models, models_of_tomorrow
from tests.chaos.models import answer_to, answered, between, parent_of
from tests.chaos.wishes import BUILT_IN, POISON, TEXT, Mix


def test_every_model_that_callers_ask_for_is_offered() -> None:
    """A misspelt one would be refused, and the load be smaller than it looks."""
    offered = {processor.name for processor in Catalogue.load([models.MODULE, models_of_tomorrow.MODULE])}

    assert {*Mix().models, *POISON, "lingers-2"} - {BUILT_IN, TEXT} <= offered


def test_only_the_next_revision_knows_its_model() -> None:
    """Otherwise the two would not be told apart."""
    assert "lingers-2" not in {processor.name for processor in Catalogue.load([models.MODULE])}


def test_the_same_text_has_the_same_answer_and_takes_as_long() -> None:
    """A second attempt is held against the first."""
    assert answered("acta", 7) == {"summary": "4 characters", "answer": answer_to("acta"), "worker": 7}
    assert between("acta", 1, 2) == between("acta", 1, 2)
    assert 1 <= between("minuta", 1, 2) <= 2


def test_the_parent_of_a_process_is_told() -> None:
    """Of a forkserver it is the web worker, whose lease counts."""
    assert parent_of(os.getpid()) == os.getppid()


def test_the_module_is_found_under_its_name() -> None:
    """Servers import it by that."""
    assert Path(str(models.__file__)).stem == models.MODULE.rpartition(".")[2]
