"""What a run has come to, for people: a table, and beneath it whatever is wrong."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.fuzz.exceptions import EXEMPTIONS
from tests.fuzz.tally import Tally

SHOWN: Final = 20
"""Kinds of findings that are printed."""


def show(tally: Tally, said: Sequence[str], console: Console) -> None:
    """Print what was sent and answered, what was set aside and why, and what is wrong."""
    console.print(_table(tally))
    phases = ", ".join(f"{phase} {count}" for phase, count in tally.phases.items())
    console.print(f"{tally.cases} requests in {tally.seconds:.0f} s: {phases}", highlight=False)
    for each in EXEMPTIONS:
        if tally.set_aside[each.code]:
            console.print(f"Set aside {tally.set_aside[each.code]} × {each.code}: {each.reason}", highlight=False)
    for finding, count in tally.kinds()[:SHOWN]:
        console.print(f"\n[red]{count} ×[/red] {finding.check}, {finding.operation}: {finding.status} {finding.code}")
        console.print(f"{finding.message}\n{finding.curl}", markup=False, highlight=False, soft_wrap=True)
    for complaint in said:
        console.print(f"WRONG: {complaint}", style="red", markup=False, soft_wrap=True)
    console.print()


def _table(tally: Tally) -> Table:
    made = Table("operation", title=tally.name, title_justify="left", box=None, pad_edge=False)
    made.add_column("requests", justify="right")
    made.add_column("answers")
    for operation in tally.operations:
        statuses = tally.statuses(operation)
        answers = "  ".join(f"{status} ×{count}" for status, count in statuses.items())
        made.add_row(operation, str(sum(statuses.values())), answers)
    return made
