"""A page of the service's own origin watches a task: by `EventSource`, and by a `WebSocket`."""

from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from tests.acceptance.instance import Instance, running
from tests.browser.chromium import Page
from tests.browser.conftest import open_page
from tests.browser.held import RESULT, HeldTask

CONNECTING: Final = 0
CLOSED: Final = 2


def ids_of(seen: dict[str, Any]) -> list[int]:
    """Return the ids in the order in which they came, each once: an event without one is given the last that was."""
    ids = [event["id"] for event in seen["events"]]
    return [each for number, each in enumerate(ids) if number == 0 or each != ids[number - 1]]


def tasks_of(seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the task as it was shown each time."""
    return [event["task"] for event in seen["events"]]


def assert_whole_life(seen: dict[str, Any]) -> None:
    """Fail unless it was seen from under way to its result, forwards only, and that once."""
    tasks, ids = tasks_of(seen), ids_of(seen)
    assert {task["progress"]["stage"] for task in tasks if task["progress"]} == {"waiting"}
    assert (tasks[-1]["status"], tasks[-1]["result"]) == ("completed", RESULT)
    assert [task["status"] for task in tasks].count("completed") == 1
    assert ids == sorted(set(ids))


def test_an_event_source_sees_a_task_from_under_way_to_its_result_and_then_stops(
    page: Page, instance: Instance, tmp_path: Path
) -> None:
    """A browser takes up every stream that ends: without the 204, it would show the result again every second."""
    open_page(page, instance.url)
    task = HeldTask.begin(instance, within=tmp_path)

    page.evaluate(f"ended = watchByEventSource('/tasks/{task.id}/events'); progressed")
    task.end()
    seen = page.evaluate("ended")

    assert_whole_life(seen)
    assert seen["states"] == [CONNECTING, CLOSED], "it comes once more, and is told to stop"


def test_an_event_source_goes_on_by_itself_when_the_server_was_killed(
    page: Page, variables: dict[str, str], tmp_path: Path
) -> None:
    """A page that nobody reloads must see the end of what it has seen the beginning of."""
    with running(tmp_path / "log", **variables) as service:
        open_page(page, service.url)
        task = HeldTask.begin(service, within=tmp_path)
        page.evaluate(f"ended = watchByEventSource('/tasks/{task.id}/events'); progressed")

        service.kill()
        service.start()
        task.end()
        seen = page.evaluate("ended")

    assert_whole_life(seen)
    assert {task["attempt"] for task in tasks_of(seen)} == {1, 2}
    assert (seen["states"][0], seen["states"][-1]) == (CONNECTING, CLOSED)


def test_a_web_socket_sees_a_task_from_under_way_to_its_result(page: Page, instance: Instance, tmp_path: Path) -> None:
    """A page tells by the code with which it is closed that nothing is missing."""
    open_page(page, instance.url)
    task = HeldTask.begin(instance, within=tmp_path)

    page.evaluate(f"ended = watchByWebSocket('/tasks/{task.id}/ws'); progressed")
    task.end()
    seen = page.evaluate("ended")

    assert_whole_life(seen)
    assert seen["code"] == 1000


def test_a_web_socket_goes_on_behind_the_revision_that_is_known(page: Page, instance: Instance, tmp_path: Path) -> None:
    """A page that was closed with 1012 comes again, and must not have to start over."""
    open_page(page, instance.url)
    url = f"/tasks/{HeldTask.begin(instance, within=tmp_path).end().id}/ws"
    last = page.evaluate(f"watchByWebSocket('{url}')")["events"][-1]["id"]

    unknown = page.evaluate(f"watchByWebSocket('{url}?starting_after={last - 1}')")
    known = page.evaluate(f"watchByWebSocket('{url}?starting_after={last}')")

    assert (ids_of(unknown), unknown["code"]) == ([last], 1000)
    assert (ids_of(known), known["code"]) == ([], 1000)


def test_what_is_not_there_is_not_waited_for(page: Page, instance: Instance) -> None:
    """A page must be able to tell a wrong id from a bad connection, and not try for ever."""
    open_page(page, instance.url)

    by_event_source = page.evaluate(f"watchByEventSource('/tasks/{uuid4()}/events')")
    by_web_socket = page.evaluate(f"watchByWebSocket('/tasks/{uuid4()}/ws')")

    assert by_event_source == {"events": [], "states": [CLOSED]}
    assert (by_web_socket["events"], by_web_socket["code"]) == ([], 4404)
