"""What was sent, what came back, and whether all of it is as the document says."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

BY_CHANCE: Final = frozenset({"POST /tasks/{task_id}/retry"})
"""What succeeds only where a sequence comes upon a task that has just failed; of some seeds none does."""


@dataclass(frozen=True)
class Finding:
    """
    An answer that breaks a rule.

    Attributes:
        check: The rule.
        operation: A method and a path as the document writes them.
        code: The problem's code, if the answer was a problem.
        curl: Repeats the request.

    """

    check: str
    operation: str
    status: int | None
    code: str
    message: str
    curl: str

    @property
    def kind(self) -> tuple[str, str, int | None, str]:
        """What many findings have in common that one mistake has caused."""
        return self.check, self.operation, self.status, self.code


@dataclass
class Tally:
    """
    The outcome of one run.

    Attributes:
        name: What was run.
        operations: All operations of the document.
        answers: How often each operation has answered with each status.
        phases: How many requests each phase has made.
        set_aside: How often each exception to a rule was made use of.
        errors: What went wrong beside the answers.

    """

    name: str
    operations: list[str]
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    set_aside: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def cases(self) -> int:
        """How many requests were answered."""
        return self.answers.total()

    def statuses(self, operation: str) -> dict[int, int]:
        """How often *operation* has answered with each status."""
        return {status: count for (name, status), count in sorted(self.answers.items()) if name == operation}

    def kinds(self) -> list[tuple[Finding, int]]:
        """One finding of each kind, the shortest to repeat, and how many there are."""
        counts = Counter(finding.kind for finding in self.findings)
        shortest = {finding.kind: finding for finding in sorted(self.findings, key=lambda each: -len(each.curl))}
        return [(shortest[kind], count) for kind, count in counts.most_common()]

    def succeeded(self) -> set[str]:
        """The operations that have done at least once what they are for."""
        return {operation for operation, status in self.answers if status < 300}


def complaints(tally: Tally, *, must_succeed: bool = True, wanted: Iterable[int] = ()) -> list[str]:
    """
    Say what is wrong; nothing if the run has passed.

    A run in which an operation never does its work has hardly tested it. One
    that was made to see the statuses *wanted* has to see them.
    """
    said = [f"{len(tally.findings)} answers break a rule"] if tally.findings else []
    said += tally.errors
    seen = {status for _, status in tally.answers}
    broken = sorted(status for status in seen if status >= 500)
    said += [f"some answers were {status}" for status in broken]
    said += [f"no answer was {status}" for status in wanted if status not in seen]
    if must_succeed:
        never = sorted(set(tally.operations) - tally.succeeded() - BY_CHANCE)
        said += [f"{operation} has never succeeded" for operation in never]
    return said
