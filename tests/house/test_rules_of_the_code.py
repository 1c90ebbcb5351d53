"""
Rules of the code that no linter knows.

Each docstring tells the accident that its rule prevents. An exception is written
down with its reason, beside the rule.
"""

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.house.source import Module, calls, modules

LONGEST_FILE: Final = {"app": 300, "tests": 400}
LONGEST_FUNCTION: Final = {"app": 40, "tests": 60}

CATCH_ALLS: Final = {
    "app/adapters/sqlite_thread.py carry_out": "what is raised in the thread belongs to the caller who waits for it",
    "app/api/middleware.py": "the outermost ASGI handler turns whatever broke into a problem document",
    "app/engine/on_the_loop.py _answered": "a model may raise anything, and that costs one attempt",
    "app/engine/supervision.py supervise": "a background loop has to go on",
    "app/processors/child.py": "whatever a model raises crosses to the web worker as a value",
    "app/processors/forkserver.py _become_child": "a forked child must never return into its parent's code",
}

WITHOUT_A_LOOP: Final = {
    "app/remote_service.py": "it runs in a command of its own, whose user waits for it",
}

DELIBERATE_SLEEPERS: Final = {
    "tests/poison.py": "a model that hangs is what the tests are about",
}


@pytest.mark.parametrize(("folder", "longest"), LONGEST_FILE.items())
def test_a_file_can_be_read_in_one_sitting(folder: str, longest: int) -> None:
    """A file grows to a thousand lines by one reasonable addition at a time; somebody has to object in between."""
    lengths = {module.name: len(module.text.splitlines()) for module in modules(folder)}

    too_long = {name: length for name, length in lengths.items() if length > longest}
    assert too_long == {}


@pytest.mark.parametrize(("folder", "longest"), LONGEST_FUNCTION.items())
def test_a_function_fits_on_a_screen(folder: str, longest: int) -> None:
    """What does not fit on a screen is changed by people who have seen half of it."""
    lengths = {
        f"{module.name} {name}": (function.end_lineno or 0) - function.lineno + 1
        for module in modules(folder)
        for name, function in module.functions()
    }

    too_long = {name: length for name, length in lengths.items() if length > longest}
    assert too_long == {}


def test_catch_alls_stand_only_where_something_must_go_on() -> None:
    """A stray `except Exception` makes a success of a lost lease, and nobody ever sees the error."""
    found = {place for module in modules("app") for place in _swallowing(module)}

    unexplained = {place for place in found if not any(place.startswith(known) for known in CATCH_ALLS)}
    assert unexplained == set()


def test_cancellation_is_never_swallowed() -> None:
    """A loop that catches its own cancellation keeps a draining process alive until it is killed."""
    swallowed = [
        f"{module.name}:{handler.lineno}"
        for module in modules("app")
        for handler in _handlers(module.tree)
        if "CancelledError" in _caught(handler) and not _lets_through(handler)
    ]

    assert swallowed == []


def test_the_application_never_blocks_a_thread_by_sleeping() -> None:
    """One `time.sleep` on the event loop stops every request of the process."""
    blocking = [
        f"{module.name}:{call.lineno}"
        for module in modules("app")
        if module.name not in WITHOUT_A_LOOP
        for call in calls(module.tree, "sleep")
        if ast.unparse(call.func) != "asyncio.sleep"
    ]

    assert blocking == []


def test_tests_wait_for_what_they_need_and_for_nothing_else() -> None:
    """A pause as synchronisation is too short on a slow machine, and wasted on a fast one; polls give up in time."""
    pauses = {
        f"{module.name}:{call.lineno}"
        for module in modules("tests")
        if module.name not in DELIBERATE_SLEEPERS
        for call in calls(module.tree, "sleep")
        if not _is_a_turn(call) and call not in _bounded_polls(module)
    }

    assert pauses == set()


def test_nothing_is_patched() -> None:
    """A patched function goes on passing its tests after the real one was renamed, moved or given up."""
    patched = [
        f"{module.name}:{node.lineno}"
        for module in modules("tests")
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.arg) and node.arg in {"monkeypatch", "mocker"})
        or (isinstance(node, ast.ImportFrom | ast.Import) and "mock" in ast.unparse(node))
        or (isinstance(node, ast.Attribute) and node.attr == "dependency_overrides")
    ]

    assert patched == []


def test_every_test_says_why_it_matters() -> None:
    """A red test that nobody can explain is deleted, and with it the promise it kept."""
    silent = [
        f"{module.name} {name}"
        for module in modules("tests")
        for name, function in module.functions()
        if name.split(".")[-1].startswith("test_") and not ast.get_docstring(function)
    ]

    assert silent == []


def test_every_exemption_gives_its_reason() -> None:
    """An unexplained `noqa` outlives what it was needed for, and is copied."""
    exempting = re.compile(r"# (?:noqa|type: ignore)\b(?::? ?[\w, \[\]-]*?)?(?P<reason> (?:- |# |\().+)?$")
    unexplained = [
        f"{module.name}:{number}"
        for module in modules("app", "tests")
        for number, line in enumerate(module.text.splitlines(), start=1)
        if ("# " + "noqa" in line or "# " + "type: ignore" in line)
        and not ((found := exempting.search(line)) and found["reason"])
    ]

    assert unexplained == []


def test_imports_are_not_hidden_from_the_machine() -> None:
    """A cycle behind `TYPE_CHECKING` is still a cycle: two modules that cannot be understood apart."""
    hidden = [module.name for module in modules("app") if "TYPE_CHECKING" in module.text]

    assert hidden == []


def _handlers(tree: ast.AST) -> Iterator[ast.ExceptHandler]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))


def _caught(handler: ast.ExceptHandler) -> str:
    return ast.unparse(handler.type) if handler.type else "BaseException"


def _lets_through(handler: ast.ExceptHandler) -> bool:
    """Whether the handler always ends by raising."""
    return isinstance(handler.body[-1], ast.Raise)


def _swallowing(module: Module) -> Iterator[str]:
    """The functions that catch everything and go on."""
    for name, function in module.functions():
        suppressed = [ast.unparse(call) for call in calls(function, "suppress")]
        caught = [_caught(handler) for handler in _handlers(function) if not _lets_through(handler)]
        if any(re.search(r"\b(Base)?Exception\b", text) for text in [*suppressed, *caught]):
            yield f"{module.name} {name.split('.')[-1]}"


def _is_a_turn(call: ast.Call) -> bool:
    """Whether it is `sleep(0)`, which only lets the others have their turn."""
    return ast.unparse(call).endswith("(0)")


def _bounded_polls(module: Module) -> set[ast.Call]:
    """The sleeps in functions that give up in time: by looking at the clock, or under a time limit."""
    polling = [function for _, function in module.functions() if _gives_up(function)]
    return {call for function in polling for call in calls(function, "sleep")}


def _gives_up(function: ast.AST) -> bool:
    return bool(calls(function, "monotonic") or calls(function, "timeout"))
