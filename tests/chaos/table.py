"""What the runs have come to, for people: a table, and beneath it whatever is wrong."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.chaos.broken import Broken
from tests.chaos.run import Outcome

SHOWN: Final = 8
"""Violations of a row that are printed; the saved history has all."""

COLUMNS: Final = (
    "runs",
    "accepted",
    "completed",
    "failed",
    "cancelled",
    "lost",
    "recorded twice",
    "longest take-over",
    "event-loop stall",
    "seconds",
)


def table(outcomes: Sequence[Outcome]) -> Table:
    """One line for each kind of trouble, over all of its runs."""
    made = Table("fault", title="What was done, and what became of the tasks", box=None, pad_edge=False)
    for column in COLUMNS:
        made.add_column(column, justify="right")
    made.add_column("")
    for name in dict.fromkeys(outcome.row.name for outcome in outcomes):
        made.add_row(name, *_cells([outcome for outcome in outcomes if outcome.row.name == name]))
    return made


def table_of_broken(verdicts: Sequence[tuple[Broken, Outcome]]) -> Table:
    """Which rule has found each of the mistakes that were made on purpose."""
    made = Table("broken on purpose", "brought to light by", "caught by", title="Mistakes", box=None, pad_edge=False)
    made.add_column("violations", justify="right")
    made.add_column("seconds", justify="right")
    for mutant, outcome in verdicts:
        caught = ", ".join(sorted(mutant.finds(outcome.violations))) or "[red]NOBODY[/red]"
        figures = str(len(outcome.violations)), f"{outcome.seconds:.0f}"
        made.add_row(mutant.name, mutant.row.name, caught, *figures)
    return made


def show_violations(outcomes: Sequence[Outcome], console: Console) -> None:
    """Say what is wrong, and where the rest of it can be read."""
    for outcome in outcomes:
        if outcome.violations:
            console.print(f"\n{outcome.row.name}: {len(outcome.violations)} violations; {outcome.folder}")
        for violation in outcome.violations[:SHOWN]:
            console.print(f"  {violation.rule}: {violation.what}  {violation.task_id}", markup=False, soft_wrap=True)


def show_remarks(outcomes: Sequence[Outcome], console: Console) -> None:
    """Print what the table has no column for."""
    for outcome in outcomes:
        for remark in outcome.remarks:
            console.print(f"{outcome.row.name}: {remark}", markup=False, soft_wrap=True)


def _cells(runs: Sequence[Outcome]) -> list[str]:
    figures = [outcome.figures for outcome in runs]
    take_overs = [each.longest_take_over for each in figures if each.longest_take_over is not None]
    busy = max(outcome.stall.busy for outcome in runs)
    wrong = sum(len(outcome.violations) for outcome in runs)
    return [
        str(len(runs)),
        str(sum(each.accepted for each in figures)),
        str(sum(each.completed for each in figures)),
        str(sum(each.failed for each in figures)),
        str(sum(each.cancelled for each in figures)),
        str(sum(each.lost for each in figures)),
        str(sum(each.recorded_twice for each in figures)),
        _seconds(max(take_overs)) if take_overs else "-",
        f"{busy * 1000:.0f} ms",
        f"{sum(outcome.seconds for outcome in runs):.0f}",
        f"[red]{wrong} violations[/red]" if wrong else "",
    ]


def _seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():.1f} s"
