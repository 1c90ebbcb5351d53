"""The tests of the core can fail: mistakes made by hand turn them red. `make mutants` tries them all."""

from pathlib import Path

import pytest

from tests.house.mutants import MUTANTS, ROOT, Mutant, verdict

THE_HEART_OF_IT = [mutant for mutant in MUTANTS if mutant.tests == "test_cas.py"]
HARMLESS = Mutant(
    mistake="none",
    file="app/engine/slots.py",
    old="How many slots the sweeper may fill.",
    new="How many slots a sweeper can fill.",
    tests="test_slots.py",
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.mistake)
def test_every_mistake_can_still_be_made(mutant: Mutant) -> None:
    """A mutant that no longer fits the code proves nothing."""
    text = (ROOT / mutant.file).read_text()

    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old


@pytest.mark.parametrize("mutant", THE_HEART_OF_IT, ids=lambda mutant: mutant.mistake)
def test_the_gravest_mistakes_are_noticed(mutant: Mutant, tmp_path: Path) -> None:
    """Without the fencing nothing else of the service is worth anything."""
    assert verdict(tmp_path / "copy", mutant) == ""


def test_a_mutant_that_survives_is_reported(tmp_path: Path) -> None:
    """Otherwise a broken test run would look like a good one."""
    assert verdict(tmp_path / "copy", HARMLESS) == "SURVIVED"
