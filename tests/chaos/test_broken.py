"""The mistakes that are made on purpose can still be made, and somebody is there to find them."""

from pathlib import Path

import pytest

from tests.chaos import rules_of_the_callers, rules_of_the_store, rules_of_the_watchers
from tests.chaos.broken import BROKEN, Broken
from tests.chaos.cluster import ROOT
from tests.chaos.violation import Violation


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_every_mistake_can_still_be_made(broken: Broken, tmp_path: Path) -> None:
    """A mutant that no longer fits the code proves nothing."""
    broken.make(tmp_path)

    changed = {name for name, _, _ in broken.changes}
    for name in changed:
        compile((tmp_path / name).read_text(encoding="utf-8"), name, "exec")
        assert (tmp_path / name).read_text(encoding="utf-8") != (ROOT / name).read_text(encoding="utf-8")


def test_a_mistake_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    """It would be tried, not be found, and be blamed on the checker."""
    broken = Broken(name="", changes=(("app/main.py", "no such text", ""),), rules=frozenset())

    with pytest.raises(ValueError, match="exactly once"):
        broken.make(tmp_path)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_the_rules_that_are_to_find_a_mistake_exist(broken: Broken) -> None:
    """A rule that was renamed finds nothing any more."""
    rules = rules_of_the_store.RULES.keys() | rules_of_the_callers.RULES.keys() | rules_of_the_watchers.RULES.keys()
    assert broken.rules <= rules


def test_only_a_rule_that_fits_the_mistake_has_found_it() -> None:
    """A server that does not start breaks many rules, and shows nothing of the mistake."""
    broken = Broken(name="", changes=(), rules=frozenset({"tokens fence"}))

    found = broken.finds([Violation("tokens fence", "a", ""), Violation("every task ends", "a", "")])

    assert found == {"tokens fence"}
    assert broken.finds([Violation("every task ends", "a", "")]) == set()
