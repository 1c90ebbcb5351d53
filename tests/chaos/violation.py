"""What the checker says of a promise that was not kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """
    One broken promise.

    Attributes:
        rule: Which one, in a few constant words.
        task_id: Whose; empty if it is nobody's in particular.
        what: What was recorded that must not be, for people.

    """

    rule: str
    task_id: str
    what: str
