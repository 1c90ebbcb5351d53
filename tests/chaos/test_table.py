"""The table says what the runs have come to, and whatever is wrong is named."""

from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

from rich.console import Console

from tests.chaos.broken import BROKEN
from tests.chaos.figures import Figures
from tests.chaos.history import History
from tests.chaos.rows import ROWS
from tests.chaos.run import Outcome
from tests.chaos.served import Stall
from tests.chaos.table import show_violations, table, table_of_broken
from tests.chaos.violation import Violation

GOOD = Outcome(
    row=ROWS[0],
    history=History(),
    violations=[],
    figures=Figures(
        accepted=60,
        completed=50,
        failed=6,
        cancelled=4,
        lost=0,
        recorded_twice=0,
        longest_take_over=timedelta(seconds=3.4),
    ),
    stall=Stall(busy=0.021, late=0.3),
    drains=[0.6],
    seconds=25.0,
    folder=Path("nothing-0"),
)


def printed(*outcomes: Outcome) -> str:
    """What a person reads."""
    console = Console(file=StringIO(), width=200)
    console.print(table(outcomes))
    show_violations(outcomes, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_runs_of_one_row_are_added_up() -> None:
    """Zero of a hundred says more than zero of one."""
    worse = replace(GOOD, figures=replace(GOOD.figures, longest_take_over=None), stall=Stall(busy=0.04, late=0.1))

    cells = printed(GOOD, worse).splitlines()[2].split()

    assert cells == ["nothing", "2", "120", "100", "12", "8", "0", "0", "3.4", "s", "40", "ms", "50"]


def test_a_violation_is_named_with_its_task_and_the_folder_of_its_history() -> None:
    """Whoever reads it wants to know why."""
    said = printed(replace(GOOD, violations=[Violation("final is final", "0b6e", "completed, then failed")]))

    assert "1 violations" in said
    assert "final is final: completed, then failed  0b6e" in said
    assert "nothing-0" in said


def test_a_mistake_that_nobody_has_found_stands_out() -> None:
    """The checker is blind in that eye."""
    found = replace(GOOD, violations=[Violation(rule, "0b6e", "") for rule in BROKEN[0].rules])
    console = Console(file=StringIO(), width=200)

    console.print(table_of_broken([(BROKEN[0], found), (BROKEN[0], GOOD)]))

    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()[2:]
    assert all(rule in lines[0] for rule in BROKEN[0].rules)
    assert "NOBODY" in lines[1]
