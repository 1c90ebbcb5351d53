"""What a release decides, as values; nothing is asked and nothing is moved here."""

from dataclasses import replace

import pytest

from infra.cloud_run import Failure, Service, Tagged, repository
from infra.deploy import in_between, promotion, restoration
from tests.infra.rehearsal import NEW, OLD, PLACEHOLDER, image

NOW = Service(
    url="https://afterword-xyz.run.app",
    image=image(NEW),
    created="r-3",
    ready="r-3",
    shares={"r-2": 100},
    tags={"c-bbbbbbb": Tagged("r-3", "https://c-bbbbbbb---afterword-xyz.run.app")},
)


def test_a_description_is_read_as_the_platform_writes_it() -> None:
    """A share may be split over two entries, and the newest revision may have no name in one of them."""
    described = {
        "spec": {"template": {"spec": {"containers": [{"image": image(NEW)}]}}},
        "status": {
            "url": "https://a.run.app",
            "latestCreatedRevisionName": "r-3",
            "latestReadyRevisionName": "r-2",
            "traffic": [
                {"latestRevision": True, "percent": 60},
                {"revisionName": "r-2", "percent": 20},
                {"revisionName": "r-1", "percent": 20},
                {"revisionName": "r-1", "tag": "previous", "url": "https://previous---a.run.app"},
            ],
        },
    }

    service = Service.parse(described)

    assert service.shares == {"r-2": 80, "r-1": 20}
    assert service.tags == {"previous": Tagged("r-1", "https://previous---a.run.app")}
    assert (service.url, service.image, service.created, service.ready) == (
        "https://a.run.app",
        image(NEW),
        "r-3",
        "r-2",
    )
    assert service.follows
    assert not service.is_routed("--to-latest")
    assert replace(service, shares={"r-2": 100}).is_routed("--to-latest")
    assert str(service) == "r-2 80 %, r-1 20 %"


@pytest.mark.parametrize("status", [{}, {"conditions": [{"type": "Ready", "status": "False"}]}], ids=str)
def test_a_service_that_has_never_served_is_told_so(status: dict[str, object]) -> None:
    """A first start that failed leaves a service without traffic, and there is nothing to keep or to go back to."""
    with pytest.raises(Failure, match="No revision of the service serves"):
        Service.parse({"status": status})


def test_traffic_moves_by_name_and_the_way_back_is_marked_in_one_step() -> None:
    """Between two steps somebody could be interrupted."""
    assert promotion(NOW, revision="r-3", served=image(OLD), image=image(NEW)) == [
        "--to-revisions=r-3=100",
        "--remove-tags=c-bbbbbbb",
        "--update-tags=previous=r-2",
    ]


@pytest.mark.parametrize("served", [PLACEHOLDER, f"{PLACEHOLDER}:latest", image(NEW)])
def test_what_is_not_worth_going_back_to_is_not_marked(served: str) -> None:
    """Neither the placeholder nor the very same image; what was marked before stays so."""
    flags = promotion(NOW, revision="r-3", served=served, image=image(NEW))

    assert flags == ["--to-revisions=r-3=100", "--remove-tags=c-bbbbbbb"]


def test_trials_that_were_killed_end_with_the_next_one() -> None:
    """And nobody else's tags do."""
    tags = NOW.tags | {name: Tagged("r-1", "") for name in ("c-0123456", "canary", "c-green", "previous")}

    flags = promotion(replace(NOW, tags=tags), revision="r-3", served=image(OLD), image=image(NEW))

    assert flags[1] == "--remove-tags=c-0123456,c-bbbbbbb"


@pytest.mark.parametrize(
    ("tags", "trials", "flags"),
    [
        ({}, ["c-1"], ["--to-revisions=r-2=100", "--remove-tags=c-1,previous"]),
        (
            {"previous": Tagged("r-1", "")},
            ["c-1"],
            ["--to-revisions=r-2=100", "--update-tags=previous=r-1", "--remove-tags=c-1"],
        ),
        ({"previous": Tagged("r-1", "")}, [], ["--to-revisions=r-2=100", "--update-tags=previous=r-1"]),
    ],
)
def test_the_way_back_is_put_back_too(tags: dict[str, Tagged], trials: list[str], flags: list[str]) -> None:
    """It must not lead to what has just been left."""
    assert restoration(replace(NOW, tags=tags), *trials) == flags


def test_a_split_is_put_back_with_its_shares() -> None:
    """By name, since the latest revision is another one now."""
    assert restoration(replace(NOW, shares={"r-2": 90, "r-1": 10}))[0] == "--to-revisions=r-2=90,r-1=10"


@pytest.mark.parametrize(
    ("flags", "done"),
    [
        (["--to-revisions=r-2=100"], True),
        (["--to-revisions=r-2=100", "--update-tags=c-bbbbbbb=r-3", "--remove-tags=previous,c-1"], True),
        (["--to-revisions=r-2=90,r-1=10"], False),
        (["--to-revisions=r-3=100"], False),
        (["--to-latest"], False),
        (["--update-tags=c-bbbbbbb=r-2"], False),
        (["--update-tags=previous=r-2"], False),
        (["--remove-tags=c-bbbbbbb"], False),
    ],
    ids=str,
)
def test_what_is_there_tells_whether_it_was_done(flags: list[str], *, done: bool) -> None:
    """What gcloud says of it may be wrong."""
    assert NOW.is_routed(*flags) is done


def test_who_is_alone_goes_on() -> None:
    """The ordinary case."""
    assert in_between(NOW, NOW, revision="r-3") is None


@pytest.mark.parametrize(
    ("now", "what"),
    [
        (replace(NOW, created="r-4"), "has deployed r-4"),
        (replace(NOW, created="r-4", ready="r-4"), "has deployed r-4"),
        (replace(NOW, shares={"r-1": 100}), "moved traffic since, from r-2 100 % to r-1 100 %"),
    ],
    ids=["is starting another", "has started another", "has moved traffic"],
)
def test_somebody_else_is_noticed(now: Service, what: str) -> None:
    """Also one whose revision is still starting: it would get the traffic the moment it is ready, untried."""
    found = in_between(NOW, now, revision="r-3")

    assert found is not None
    assert what in found


@pytest.mark.parametrize("suffix", ["", ":tag", "@sha256:0", ":tag@sha256:0"])
def test_an_image_is_known_by_its_repository(suffix: str) -> None:
    """A port in the registry's name is no tag."""
    assert repository(f"localhost:5000/a/b{suffix}") == "localhost:5000/a/b"
