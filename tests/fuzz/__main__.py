"""
Sends the service whatever its own OpenAPI document allows, and whatever it forbids: `make fuzz`.

Exits with 1 if an answer broke a rule: a status that is not documented, a body or
header that is not as described, good data refused, bad data accepted, another
owner's task shown, or anything that is 500 or above.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Final

from rich.console import Console
from rich.status import Status

from tests.acceptance.instance import make_key
from tests.conftest import warm_up
from tests.emulator import start_emulator
from tests.fuzz.attack import IN_SEQUENCE, OURS, THEIRS, Plan, attack, load, operations_of, settings, write_credentials
from tests.fuzz.service import STORES, broken_requests, service, store_variables
from tests.fuzz.table import show
from tests.fuzz.tally import Tally, complaints

CASES: Final = 300
SHORT_CASES: Final = 20
ROUNDS: Final = 6
LIMITED: Final = {"AFTERWORD_REQUESTS_PER_SECOND": "5"}
"""So few that a run which waits for each answer goes beyond them."""

progress: Final = Console(stderr=True)
out: Final = Console(width=None if sys.stdout.isatty() else 160)


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; 1 if an answer broke a rule."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # in order, so that no server and no emulator is left behind
    asked = _parser().parse_args(arguments)
    seed = asked.seed or SystemRandom().randrange(1, 10_000)
    folder = asked.keep or Path(tempfile.mkdtemp(prefix="fuzz-"))
    stores = [asked.store] if asked.store else STORES[:1] if asked.short else STORES
    cases = asked.cases or (SHORT_CASES if asked.short else CASES)
    progress.print(f"Seed {seed}; logs in {folder}")
    with (
        start_emulator() if "firestore" in stores else nullcontext() as emulator,
        progress.status("starting") as status,
    ):
        if emulator is not None:
            asyncio.run(warm_up(emulator))
        session = Session(folder, emulator.host if emulator else None, status)
        plans = _plans(seed, cases, rounds=1 if asked.short else ROUNDS)
        passed = [session.fuzz(store, plans, must_succeed=not asked.short) for store in stores]
        if not asked.short:
            passed.append(session.limited(stores[0], Plan(seed=seed, cases=cases, phases=("coverage",))))
    out.print(f"Seed {seed}.")
    return int(not all(passed))


def _plans(seed: int, cases: int, *, rounds: int) -> list[Plan]:
    """
    Plan single requests, then sequences in several *rounds*.

    A round is given up as soon as the service does not answer the same sequence
    in the same way again, as when a task has ended meanwhile.
    """
    sequences = max(SHORT_CASES, cases // rounds)
    return [
        Plan(seed=seed, cases=cases),
        *(Plan(seed=seed + number, cases=sequences, phases=IN_SEQUENCE) for number in range(rounds)),
    ]


@dataclass(frozen=True)
class Session:
    """All runs of one call of the command; *status* is the line that says what goes on."""

    folder: Path
    emulator: str | None
    status: Status

    def fuzz(self, store: str, plans: Sequence[Plan], *, must_succeed: bool) -> bool:
        """Send all there is to a service over *store*; True if every answer was right."""
        return self._judge(self._attack(store, store, plans, {}), must_succeed=must_succeed)

    def limited(self, store: str, plan: Plan) -> bool:
        """Go beyond the limit of requests, and see that being told so is as described too."""
        tally = self._attack(f"{store}, few requests allowed", store, [plan], LIMITED)
        return self._judge(tally, must_succeed=False, wanted=(429,))

    def _attack(self, name: str, store: str, plans: Sequence[Plan], variables: Mapping[str, str]) -> Tally:
        folder = self.folder / name.replace(", ", "-").replace(" ", "-")
        folder.mkdir(parents=True)
        emulator = self.emulator if store == "firestore" else None
        all_variables = store_variables(store, emulator=emulator, folder=folder) | dict(variables)
        keys = {owner: make_key(all_variables, owner) for owner in (OURS, THEIRS)}
        credentials = write_credentials(folder / "credentials.json", keys)
        with service(folder, all_variables) as instance:
            documents = [
                load(instance.url, settings(plan, credentials=credentials, url=instance.url)) for plan in plans
            ]
            tally = Tally(name, operations_of(documents[0]))
            for document in documents:
                attack(document, tally, says=lambda what: self.status.update(f"{name}: {what}"))
        tally.errors += broken_requests(folder / "server.log")
        return tally

    def _judge(self, tally: Tally, *, must_succeed: bool, wanted: Sequence[int] = ()) -> bool:
        said = complaints(tally, must_succeed=must_succeed, wanted=wanted)
        show(tally, said, out)
        return not said


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, help="repeat what an earlier run has sent")
    parser.add_argument("--store", choices=STORES, help="over this store only")
    parser.add_argument("--short", action="store_true", help="within a minute, over SQLite")
    parser.add_argument("--cases", type=int, help=f"how many for each operation; {CASES}, or {SHORT_CASES} if short")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to keep logs, stores and keys")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
