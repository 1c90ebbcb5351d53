"""
Where an answer may break a rule, and why: what no document can say.

Each holds for one check, one status and one code of a problem, and the summary
says how often it was made use of.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Exemption:
    """One answer that is right although a check takes it for wrong."""

    check: str
    status: int
    code: str
    reason: str

    def covers(self, check: str, status: int, code: str) -> bool:
        """Whether this is about that answer."""
        return (self.check, self.status, self.code) == (check, status, code)


EXEMPTIONS: Final = (
    Exemption(
        "RejectedPositiveData",
        422,
        "submission_conflict",
        "A document cannot say which ids and keys a caller has used before, for something else.",
    ),
    Exemption(
        "RejectedPositiveData",
        422,
        "invalid_page_token",
        "Only the listing knows which page tokens it has given out: to everybody else they are opaque.",
    ),
    Exemption(
        "AcceptedNegativeData",
        200,
        "unknown_header",
        "HTTP has everybody ignore the headers that they do not know.",
    ),
    Exemption(
        "AcceptedNegativeData",
        202,
        "form",
        "All values of a form are text: a number that was sent as text, to be wrong, is a number again.",
    ),
)


def exemption(check: str, status: int, code: str) -> Exemption | None:
    """Return what makes this answer right, if anything does."""
    return next((each for each in EXEMPTIONS if each.covers(check, status, code)), None)
