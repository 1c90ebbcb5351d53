"""
Breaks the core by hand, one way after another, and sees whether the tests notice.

Each mutant is a mistake that somebody could make and that would break a
promise. It is made in a copy; a mutant that survives is a hole in the tests.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = (
    "app",
    "tests/unit/domain",
    "tests/unit/engine",
    "tests/factories.py",
    "tests/fake_changes.py",
    "tests/fake_pool.py",
    "tests/fakes.py",
)
TESTS: Final = ("tests/unit/engine", "tests/unit/domain")
UNUSED: Final = ("cacheprovider", "hypothesispytest", "pytest_cov")
TESTS_FAILED: Final = 1
"""Of pytest's exit codes the one that says that tests ran and some failed."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A *mistake* in *file*, where *old* becomes *new*; one of the *tests* should notice."""

    mistake: str
    file: str
    old: str
    new: str
    tests: str


MUTANTS: Final = (
    Mutant(
        mistake="any worker may write, whoever holds the lease",
        file="app/domain/transitions.py",
        old="if task.lease is None or task.lease.token != token:",
        new="if task.lease is None:",
        tests="test_cas.py",
    ),
    Mutant(
        mistake="a claim does not count as an attempt",
        file="app/domain/transitions.py",
        old="attempt=task.attempt + 1,",
        new="attempt=task.attempt,",
        tests="test_sweeper_take_over.py",
    ),
    Mutant(
        mistake="a hand-over counts as an attempt",
        file="app/domain/transitions.py",
        old="attempt=task.attempt - 1,",
        new="attempt=task.attempt,",
        tests="test_drain.py",
    ),
    Mutant(
        mistake="a live lease can be taken over",
        file="app/domain/transitions.py",
        old="if task.due_at is None or task.due_at > now:",
        new="if task.due_at is None:",
        tests="test_runner.py",
    ),
    Mutant(
        mistake="a cancellation is forgotten at the take-over",
        file="app/domain/transitions.py",
        old="    if task.cancel_requested:\n        return _cancelled(Event.CLAIM, task, now)\n",
        new="",
        tests="test_sweeper_take_over.py",
    ),
    Mutant(
        mistake="what is stored is not compared with what was wanted",
        file="app/engine/cas.py",
        old="if stored.task != wanted:",
        new="if stored is not None:",
        tests="test_cas.py",
    ),
    Mutant(
        mistake="a lost race is won by writing the old decision again",
        file="app/engine/cas.py",
        old="wanted = transition(current.task)",
        new="wanted = transition((seen or current).task)",
        tests="test_cas.py",
    ),
    Mutant(
        mistake="finished work is thrown away in an outage",
        file="app/engine/cas.py",
        old="if gave_up.is_set():",
        new="if seen is not None:",
        tests="test_runner_outages.py",
    ),
    Mutant(
        mistake="one's own create, found by reading, is taken for somebody else's",
        file="app/engine/submission.py",
        old="if stored.task.submission != wanted.submission:",
        new="if stored.task is not wanted:",
        tests="test_submission.py",
    ),
    Mutant(
        mistake="a beat under way is not waited for",
        file="app/engine/heartbeat.py",
        old="await self._beating",
        new="await asyncio.sleep(0)",
        tests="test_heartbeat.py",
    ),
    Mutant(
        mistake="the heartbeat is not stopped before the final write",
        file="app/engine/runner.py",
        old="await heart.stop()",
        new="await asyncio.sleep(0)",
        tests="test_runner.py",
    ),
    Mutant(
        mistake="an exception's text becomes the failure's message",
        file="app/engine/on_the_loop.py",
        old='f"The model raised {name}"',
        new='f"The model raised {error}"',
        tests="test_runner_failures.py",
    ),
    Mutant(
        mistake="a model that waited for too long is not asked again",
        file="app/engine/on_the_loop.py",
        old="TimeLimitExceeded(retryable=True)",
        new="TimeLimitExceeded(retryable=False)",
        tests="test_runner_failures.py",
    ),
    Mutant(
        mistake="a claim that took an outage to land has expired already",
        file="app/engine/runner.py",
        old="claim(task, lease=replace(lease, expires_at=until), now=now)",
        new="claim(task, lease=lease, now=now)",
        tests="test_runner_outages.py",
    ),
    Mutant(
        mistake="a process takes over its own work",
        file="app/engine/sweeper.py",
        old="return claimable and ready and not self.runner.registry.runs(task.id)",
        new="return claimable and ready",
        tests="test_sweeper_take_over.py",
    ),
    Mutant(
        mistake="live work is taken over after an outage",
        file="app/engine/sweeper.py",
        old="if task.status is Status.PROCESSING and not take_over:",
        new="if task.status is Status.FAILED and not take_over:",
        tests="test_sweeper_take_over.py",
    ),
    Mutant(
        mistake="what was found before an outage is taken over after it",
        file="app/engine/sweeper.py",
        old="                self._stock.clear()\n",
        new="",
        tests="test_sweeper_take_over.py",
    ),
    Mutant(
        mistake="a long backlog waits for the next interval",
        file="app/engine/sweeper.py",
        old="if decided.surplus or not seen_all:",
        new="self.slots.forget_backlog(execution, notes=self.slots.notes(execution))\n        if decided.surplus:",
        tests="test_sweeper_loop.py",
    ),
    Mutant(
        mistake="slots stay empty when the surplus does not fill them",
        file="app/engine/sweeper.py",
        old="if decided.surplus or not seen_all:",
        new="if decided.surplus:",
        tests="test_sweeper.py",
    ),
    Mutant(
        mistake="what is stored during a query is forgotten by it",
        file="app/engine/slots.py",
        old="self._waiting[execution] = self._notes[execution] - notes",
        new="self._waiting[execution] = 0",
        tests="test_sweeper.py",
    ),
    Mutant(
        mistake="one waiting task sends every request into the queue",
        file="app/engine/slots.py",
        old="if self.swept and self.free(execution) <= self._waiting[execution]:",
        new="if self.swept and self._waiting[execution]:",
        tests="test_slots.py",
    ),
    Mutant(
        mistake="a repetition keeps the slot that the run it waits for may need",
        file="app/engine/submission.py",
        old="                reservation.free()\n                return await",
        new="                return await",
        tests="test_submission_quota.py",
    ),
    Mutant(
        mistake="a request that breaks leaves its claimed task to expire",
        file="app/engine/submission.py",
        old="        await self.start()\n        self.free()\n",
        new="        self.free()\n",
        tests="test_submission.py",
    ),
    Mutant(
        mistake="two requests with one key are two tasks",
        file="app/engine/submission.py",
        old="id=submission.chosen_id or str(self.ids()),",
        new="id=str(self.ids()),",
        tests="test_submission_again.py",
    ),
    Mutant(
        mistake="a refused owner's repetition looks as if its task had never been taken",
        file="app/engine/submission.py",
        old="if submission.chosen_id is None:",
        new="if submission.content:",
        tests="test_submission_quota.py",
    ),
    Mutant(
        mistake="repetitions use up the quota",
        file="app/engine/submission.py",
        old="            admission.withdraw()\n",
        new="",
        tests="test_submission_quota.py",
    ),
    Mutant(
        mistake="an owner is refused on a count that is half a minute old",
        file="app/engine/quota.py",
        old="return tally.total >= self._limit and self._age(tally) > self._recount",
        new="return False",
        tests="test_quota.py",
    ),
    Mutant(
        mistake="another document with the same key gets the first one's answer",
        file="app/engine/submission.py",
        old="if earlier.fingerprint != submission.fingerprint:",
        new="if earlier.owner != submission.owner:",
        tests="test_submission_again.py",
    ),
    Mutant(
        mistake="a full process does not notice an outage",
        file="app/engine/sweeper.py",
        old="if not known and self._asked == asked_before:",
        new="if known and self._asked == asked_before:",
        tests="test_sweeper_take_over.py",
    ),
    Mutant(
        mistake="after a missed beat the lease expires before the next one",
        file="app/engine/heartbeat.py",
        old="pause = self._every if await self._renew() else self._repeat",
        new="pause = self._every if await self._renew() else 2 * self._every",
        tests="test_heartbeat.py",
    ),
    Mutant(
        mistake="a poll of running work makes a query",
        file="app/engine/sweeper.py",
        old="is_due = task.due_at is not None and task.due_at <= now",
        new="is_due = True",
        tests="test_sweeper_notice.py",
    ),
    Mutant(
        mistake="a draining process begins new runs",
        file="app/engine/runner.py",
        old="if self.drain.begun.is_set():",
        new="if self.drain.gave_up.is_set():",
        tests="test_drain.py",
    ),
    Mutant(
        mistake="a key is as good as its id",
        file="app/domain/keys.py",
        old="if not compare_digest(self.digest, _digest(presented)):",
        new="if id_of(presented) != self.id:",
        tests="test_keys.py",
    ),
    Mutant(
        mistake="a revoked key opens as before",
        file="app/domain/keys.py",
        old="if self.revoked_at is not None:",
        new="if self.revoked_at is not None and self.revoked_at < self.created_at:",
        tests="test_keys.py",
    ),
    Mutant(
        mistake="an expired key opens as before",
        file="app/domain/keys.py",
        old="if self.expires_at is not None and self.expires_at <= now:",
        new="if self.expires_at is not None and self.expires_at <= self.created_at:",
        tests="test_keys.py",
    ),
    Mutant(
        mistake="a line may follow behind a key",
        file="app/domain/keys.py",
        old="match = _KEY.fullmatch(key)",
        new='match = re.match(f"{_KEY.pattern}$", key)',
        tests="test_keys.py",
    ),
    Mutant(
        mistake="a late reading takes back what a watcher has seen",
        file="app/engine/feed.py",
        old="elif task.revision > topic.stored.revision:",
        new="elif task.revision != topic.stored.revision:",
        tests="test_feed.py",
    ),
    Mutant(
        mistake="progress of a worker that was taken for dead is shown",
        file="app/engine/topic.py",
        old="live is not None and lease.token == live[0]",
        new="live is not None",
        tests="test_feed.py",
    ),
    Mutant(
        mistake="a watcher is shown what another caller did under the same id",
        file="app/engine/feed.py",
        old="if task.submission != topic.stored.submission:",
        new="if task.owner != topic.stored.owner:",
        tests="test_feed.py",
    ),
    Mutant(
        mistake="streams wait for their tasks while the process ends",
        file="app/engine/feed.py",
        old="            topic.is_over = True\n            topic.wake()\n",
        new="            topic.is_over = True\n",
        tests="test_feed.py",
    ),
    Mutant(
        mistake="who comes back to a task is not told what became of it meanwhile",
        file="app/engine/feed.py",
        old="topic.shown if topic.stored.revision == after else None",
        new="topic.shown if after else None",
        tests="test_feed.py",
    ),
    Mutant(
        mistake="a finished task is followed for as long as its page is open",
        file="app/engine/feed.py",
        old="or topic.is_over:\n            self._leave(topic)\n",
        new="or topic.is_over:\n            topic.stop_timer(task.id)\n",
        tests="test_feed_following.py",
    ),
)


def main() -> int:
    """Try all mutants; 1 if one survives."""
    mutants = (None, *MUTANTS)
    with TemporaryDirectory() as made, ThreadPoolExecutor(os.cpu_count()) as threads:
        directories = (Path(made) / str(number) for number in range(len(mutants)))
        verdicts = list(threads.map(verdict, directories, mutants))
    mistakes = ["(none: the tests as they are)", *(mutant.mistake for mutant in MUTANTS)]
    for mistake, said in zip(mistakes, verdicts, strict=True):
        expected = "red" if mistake is not mistakes[0] else "green"
        sys.stdout.write(f"{said or expected:<16} {mistake}\n")
    return int(any(verdicts))


def verdict(directory: Path, mutant: Mutant | None) -> str:
    """Say what is wrong with the tests: nothing if they notice the *mutant*, and are content without one."""
    copy_to(directory)
    if mutant is None:
        return "" if run(directory, sorted({mutant.tests for mutant in MUTANTS})) == 0 else "FAILS UNBROKEN"
    mutate(directory / mutant.file, mutant)
    return "" if run(directory, [mutant.tests]) == TESTS_FAILED else "SURVIVED"


def copy_to(directory: Path) -> None:
    """Copy what the tests of the core need."""
    directory.mkdir()
    shutil.copy(ROOT / "pyproject.toml", directory)
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, directory / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, directory / name)


def mutate(file: Path, mutant: Mutant) -> None:
    """
    Make the mistake.

    Raises:
        ValueError: If the text to be replaced is not found exactly once.

    """
    text = file.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file} does not have exactly once: {mutant.old}")
    file.write_text(text.replace(mutant.old, mutant.new))


def run(directory: Path, tests: Sequence[str]) -> int:
    """Run *tests* in *directory*, and return pytest's exit code."""
    files = [f"{folder}/{name}" for name in tests for folder in TESTS if (directory / folder / name).is_file()]
    command = [sys.executable, "-m", "pytest", "-x", "-q", *(f"-pno:{plugin}" for plugin in UNUSED), *files]
    return subprocess.run(command, cwd=directory, check=False, capture_output=True).returncode  # noqa: S603 - our own tests


if __name__ == "__main__":
    sys.exit(main())
