"""When a run has passed, and when it has not."""

from collections import Counter

from tests.fuzz.exceptions import EXEMPTIONS, exemption
from tests.fuzz.tally import Finding, Tally, complaints

LIST = "GET /tasks"
SUBMIT = "POST /process_document/"


def tally(*findings: Finding, **answers: int) -> Tally:
    """Return the outcome of a run in which both operations have succeeded, and a list has answered `_200=3`."""
    counted = Counter({(LIST, int(status[1:])): count for status, count in answers.items()})
    counted[SUBMIT, 202] += 1
    return Tally("sqlite", operations=[LIST, SUBMIT], answers=counted, findings=list(findings))


def finding(*, status: int = 422, code: str = "validation_error", curl: str = "curl") -> Finding:
    """Return an answer that breaks a rule."""
    return Finding("RejectedPositiveData", LIST, status, code, "Valid data should have been accepted", curl)


def test_a_run_without_findings_has_passed() -> None:
    """A suite that always complains is not looked at."""
    assert complaints(tally(_200=3, _422=5)) == []


def test_a_finding_fails_the_run() -> None:
    """It is what the suite is for."""
    assert complaints(tally(finding(), _200=3)) == ["1 answers break a rule"]


def test_an_answer_of_500_or_above_fails_the_run_whatever_the_checks_say() -> None:
    """A documented 503 conforms, and is a failure all the same where nobody has broken anything."""
    assert complaints(tally(_200=3, _503=1, _500=2)) == ["some answers were 500", "some answers were 503"]


def test_an_error_beside_the_answers_fails_the_run() -> None:
    """A server that has gone away gives no wrong answers any more."""
    outcome = tally(_200=3)
    outcome.errors.append("the run ended early")

    assert complaints(outcome) == ["the run ended early"]


def test_an_operation_that_never_did_its_work_was_not_tested() -> None:
    """A run that knows no valid key finds nothing wrong with 401, thousands of times."""
    assert complaints(tally(_401=3000)) == [f"{LIST} has never succeeded"]
    assert complaints(tally(_401=3000), must_succeed=False) == []


def test_an_operation_that_needs_luck_may_have_had_none() -> None:
    """A run that fails for one seed of fifty is soon not believed for any."""
    outcome = tally(_200=3)
    outcome.operations.append("POST /tasks/{task_id}/retry")

    assert complaints(outcome) == []


def test_a_run_that_is_to_see_a_status_fails_without_it() -> None:
    """A limit that was never reached was not tested."""
    assert complaints(tally(_200=3), wanted=(429,)) == ["no answer was 429"]
    assert complaints(tally(_200=3, _429=1), wanted=(429,)) == []


def test_findings_of_one_kind_are_shown_once_by_the_shortest() -> None:
    """A hundred lines about one mistake hide the other one."""
    long, short, other = finding(curl="curl --long"), finding(curl="curl"), finding(code="blank")

    assert tally(long, short, other).kinds() == [(short, 2), (other, 1)]


def test_an_exemption_covers_one_answer_and_no_other() -> None:
    """An exception that is too wide takes the next mistake for right, too."""
    assert exemption("RejectedPositiveData", 422, "submission_conflict") is EXEMPTIONS[0]
    assert exemption("RejectedPositiveData", 409, "submission_conflict") is None
    assert exemption("RejectedPositiveData", 422, "validation_error") is None
    assert exemption("ServerError", 422, "submission_conflict") is None
