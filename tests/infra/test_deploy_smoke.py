"""The trial of a revision, answer by answer."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.cloud_run import Failure
from infra.smoke import Answer, Caller, answers, gets_traffic, keeps_strangers_out, processes
from tests.infra.fake_cloud_run import BUILD, SUFFICIENT, Check, CloudRun, Program, token_of
from tests.infra.rehearsal import OLD, image, rehearsal

REVISION = "afterword-00002-abc"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[tuple[CloudRun, str]]:
    """A platform, and the service's address on it."""
    with rehearsal(tmp_path) as made:
        yield made.cloud, made.state["urls"]["service"]


def try_out(cloud: tuple[CloudRun, str], program: Program, *, patience: float = 30) -> list[str]:
    """Try *program*, and return the calls it took."""
    platform, url = cloud
    platform.programs[image(OLD)] = program
    caller = Caller(url, token_of(BUILD), time.monotonic() + patience)
    assert answers(caller, REVISION) == OLD
    keeps_strangers_out(caller, REVISION)
    processes(caller, REVISION)
    return [call.removeprefix("GET /service") for call in platform.calls]


def test_what_the_release_asks_for(cloud: tuple[CloudRun, str]) -> None:
    """Who it is, whether it is ready, whether it is closed to others, and one document from beginning to end."""
    calls = try_out(cloud, Program(commit=OLD))

    assert calls == [
        "/version",
        "/health/ready",
        *["/tasks"] * 4,
        "POST /service/process_document/",
        "/document_status/task-1",
        "DELETE /service/tasks/task-1",
    ]


@pytest.mark.parametrize("stumbles", [[503, 503], [429], [500, 502, 504], [0, 0], [404]], ids=str)
def test_a_cold_start_is_waited_out(cloud: tuple[CloudRun, str], stumbles: list[int]) -> None:
    """The first calls of a revision find nobody, and a tag's host name is new; 0 is no answer at all."""
    calls = try_out(cloud, Program(commit=OLD, stumbles=list(stumbles)))

    assert calls.count("/version") == len(stumbles) + 1


def test_a_document_may_take_its_time(cloud: tuple[CloudRun, str]) -> None:
    """It has ended when it says so."""
    calls = try_out(cloud, Program(commit=OLD, polls=3))

    assert calls.count("/document_status/task-1") == 4


def without(part: str) -> dict[str, object]:
    """A result in which one part is missing."""
    return {name: value for name, value in SUFFICIENT.items() if name != part}


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        (Program(commit=OLD, stumbles=[500] * 9), "answers: 500"),
        (Program(commit=OLD, stumbles=[0] * 9), "answers: no answer"),
        (Program(commit=OLD, stumbles=[302]), "answers: 302"),
        (Program(commit=OLD, ends_as="cancelled"), "does not complete a document"),
        (Program(commit=OLD, leaves_work_to_others=True), "left it to others"),
        (Program(commit=OLD, result=without("summary")), "without summary"),
        (Program(commit=OLD, result=without("keywords")), "without keywords"),
        (Program(commit=OLD, result=without("entities")), "without entities"),
        (Program(commit=OLD, deletes=False), "does not delete a finished document: 409"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_fails_the_trial(cloud: tuple[CloudRun, str], program: Program, complaint: str) -> None:
    """Each of these has been the only sign of a revision that could not do its work."""
    with pytest.raises(Failure, match=complaint):
        try_out(cloud, program, patience=0)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_says_what_it_takes_and_is_final(cloud: tuple[CloudRun, str], status: int) -> None:
    """To wait for a right that nobody has granted takes five minutes and changes nothing."""
    with pytest.raises(Failure, match=rf"{status} .*roles/run\.invoker"):
        try_out(cloud, Program(commit=OLD, stumbles=[status]))


def test_a_refusal_says_who_refuses() -> None:
    """The platform and the service both do so, and what helps with the one is no help with the other."""
    ours = str(Answer(403, {"code": "not_permitted", "detail": "Somebody else's."}))
    theirs = str(Answer(403, {}))

    assert "AFTERWORD_GOOGLE_ACCOUNTS" in ours
    assert "run.invoker" not in ours
    assert "run.invoker" in theirs
    assert "AFTERWORD" not in theirs


@pytest.mark.parametrize("public", [False, True], ids=["private", "public"])
def test_a_service_that_is_closed_passes(cloud: tuple[CloudRun, str], *, public: bool) -> None:
    """Whoever checks the tokens: Cloud Run, or the service."""
    cloud[0].public = public

    calls = try_out(cloud, Program(commit=OLD))

    assert calls.count("/tasks") == 4


@pytest.mark.parametrize(
    ("program", "public", "who"),
    [
        (Program(commit=OLD, check=Check.NONE), True, "without a credential"),
        (Program(commit=OLD, check=Check.NONE), False, "without a credential"),
        (Program(commit=OLD, check=Check.PLATFORM), True, "with a forged token"),
        (Program(commit=OLD, takes_two_tokens=True), False, "with a forged token"),
    ],
    ids=["open to all", "open to all invokers", "believing in a check that nobody made", "believing an unchecked one"],
)
def test_what_lets_strangers_in_fails_the_trial(
    cloud: tuple[CloudRun, str], program: Program, *, public: bool, who: str
) -> None:
    """On a private service too: an invoker is one tenant, and must not be taken for another."""
    cloud[0].public = public

    with pytest.raises(Failure, match=f"should refuse whoever comes {who}, and answers: 200"):
        try_out(cloud, program)


def test_no_token_is_shown_with_who_holds_it() -> None:
    """What fails is told with all it was called with."""
    assert "secret" not in repr(Caller("https://a.run.app", "secret", 0, {"Authorization": "secret"}))


def test_traffic_is_waited_for(cloud: tuple[CloudRun, str]) -> None:
    """It takes the platform seconds to send calls elsewhere."""
    platform, url = cloud
    platform.programs[image(OLD)].stumbles = [503, 404, 0]

    gets_traffic(Caller(url, token_of(BUILD), time.monotonic() + 30), REVISION)

    assert platform.calls == ["GET /service/version"] * 4
