"""
Breaks things while callers use them, and says what became of their tasks: `make chaos`.

Exits with 1 if any promise was broken, or if an engine that was broken on
purpose was not found out.
"""

import argparse
import asyncio
import re
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Final

from rich.console import Console
from rich.status import Status

from tests.chaos.broken import BROKEN, Broken
from tests.chaos.cluster import ROOT
from tests.chaos.rows import ROWS, SHORT, Row
from tests.chaos.run import Ground, Outcome, run
from tests.chaos.saved import save
from tests.chaos.table import show_remarks, show_violations, table, table_of_broken
from tests.conftest import warm_up
from tests.emulator import FOR_A_WHILE, Emulator, start_emulator

HEAP: Final = "4g"
"""Ten thousand documents with all their versions are more than the emulator keeps in one gigabyte."""

progress: Final = Console(stderr=True)
out: Final = Console(width=None if sys.stdout.isatty() else 200)


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; 1 if a promise was broken, or a broken engine not found out."""
    _end_in_order()
    asked = _parser().parse_args(arguments)
    seed = asked.seed or str(SystemRandom().randrange(10_000))
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="chaos-"))
    rows = () if asked.broken else SHORT if asked.short else ROWS
    mutants = () if asked.short else BROKEN
    progress.print(f"Seed {seed}; logs and histories in {folder}")
    offered = [each.name for each in (*rows, *mutants)]
    if not any(asked.only.lower() in name.lower() for name in offered):
        progress.print(f"There is no {asked.only!r}; there are: {', '.join(offered)}")
        return 2
    options = FOR_A_WHILE if asked.short else ()
    with start_emulator(heap=HEAP, options=options) as emulator, progress.status("starting the emulator") as status:
        asyncio.run(warm_up(emulator))
        session = Session(seed, folder, emulator, status)
        outcomes = [session.attempt(row, number) for row in _named(rows, asked.only) for number in range(asked.runs)]
        verdicts = [(mutant, session.break_it(mutant, code=asked.code)) for mutant in _named(mutants, asked.only)]
    _show(outcomes, verdicts, seed)
    return int(
        any(outcome.violations for outcome in outcomes)
        or any(not mutant.finds(outcome.violations) for mutant, outcome in verdicts)
    )


def _end_in_order() -> None:
    """Take SIGTERM for Ctrl-C, also where the shell ignores that: then the run is cancelled, and its servers ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


@dataclass(frozen=True)
class Session:
    """All runs of one call of the command; *status* is the line that says what goes on."""

    seed: str
    folder: Path
    emulator: Emulator
    status: Status

    def attempt(self, row: Row, number: int = 0, *, code: Path = ROOT, name: str = "") -> Outcome:
        """Run *row*, with the `app` in *code*, and save what was recorded."""
        name = name or row.name
        folder = self.folder / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}-{number}"
        folder.mkdir(parents=True)

        def says(what: str) -> None:
            self.status.update(f"{name}: {what}")

        ground = Ground(seed=f"{self.seed}/{number}", folder=folder, emulator=self.emulator, code=code, says=says)
        outcome = asyncio.run(run(row, ground))
        save(outcome)
        wrong = f"{len(outcome.violations)} violations" if outcome.violations else "every promise kept"
        progress.print(
            f"{name}: {outcome.figures.accepted} accepted, {wrong}, {outcome.seconds:.0f} s",
            markup=False,
            soft_wrap=True,
        )
        return outcome

    def break_it(self, mutant: Broken, *, code: Path) -> Outcome:
        """Run what brings *mutant* to light, with a copy of the `app` in *code* in which the mistake has been made."""
        with tempfile.TemporaryDirectory() as made:
            mutant.make(Path(made), code=code)
            return self.attempt(mutant.row, code=Path(made), name=f"broken: {mutant.name}")


def _named[T: (Row, Broken)](offered: Sequence[T], only: str) -> list[T]:
    return [each for each in offered if only.lower() in each.name.lower()]


def _show(outcomes: Sequence[Outcome], verdicts: Sequence[tuple[Broken, Outcome]], seed: str) -> None:
    if outcomes:
        out.print(table(outcomes))
        show_remarks(outcomes, out)
        show_violations(outcomes, out)
    if verdicts:
        out.print(table_of_broken(verdicts))
    out.print(f"Seed {seed}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", default="", help="repeat the schedule of an earlier run")
    parser.add_argument("--short", action="store_true", help="a few rows with many faults each, within two minutes")
    parser.add_argument("--broken", action="store_true", help="only the engines that are broken on purpose")
    parser.add_argument("--only", default="", metavar="NAME", help="only what has NAME in its name")
    parser.add_argument("--runs", type=int, default=1, help="how often each row is run")
    parser.add_argument(
        "--code", type=Path, default=ROOT, metavar="DIR", help="serve the `app` in DIR, of another commit"
    )
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to keep logs and histories")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
