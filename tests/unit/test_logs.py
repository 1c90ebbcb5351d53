"""Log lines, as Cloud Logging and a person at a terminal read them."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.telemetry import logs


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


@pytest.fixture(autouse=True)
def _leave_logging_as_it_was() -> Iterator[None]:
    """Take away what a test has configured."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_line_is_json_with_the_fields_of_cloud_logging() -> None:
    """Severity and trace under other names would not be found there."""
    stream = io.StringIO()
    logs.configure(level="info", project="a-project", stream=stream)
    structlog.contextvars.bind_contextvars(trace_id="4bf92f3577b34da6a3ce929d0e0e4736", request_id="r-1")

    logs.get_logger().warning("lease lost", task_id="t-1")

    line = json.loads(stream.getvalue())
    assert line["severity"] == "WARNING"
    assert line["message"] == "lease lost"
    assert line["task_id"] == "t-1"
    assert line["request_id"] == "r-1"
    assert line["logging.googleapis.com/trace"] == "projects/a-project/traces/4bf92f3577b34da6a3ce929d0e0e4736"


def test_libraries_write_the_same_lines() -> None:
    """Two formats in one log are one too many for whoever searches it."""
    stream = io.StringIO()
    logs.configure(level="info", project=None, stream=stream)

    logging.getLogger("some.library").error("it %s", "broke")

    line = json.loads(stream.getvalue())
    assert (line["severity"], line["message"]) == ("ERROR", "it broke")


def test_a_traceback_goes_where_error_reporting_looks() -> None:
    """Errors that nobody groups are errors that nobody sees."""
    stream = io.StringIO()
    logs.configure(level="info", project=None, stream=stream)

    logs.get_logger().error("background loop broke", exc_info=RuntimeError("broken"))

    assert "RuntimeError: broken" in json.loads(stream.getvalue())["stack_trace"]


def test_lines_below_the_level_are_left_out() -> None:
    """A heartbeat every ten seconds for each task is for debugging only."""
    stream = io.StringIO()
    logs.configure(level="warning", project=None, stream=stream)

    logs.get_logger().info("task updated")

    assert stream.getvalue() == ""


def test_a_person_at_a_terminal_gets_readable_lines() -> None:
    """Nobody reads JSON for pleasure."""
    stream = Terminal()
    logs.configure(level="info", project=None, stream=stream)

    logs.get_logger().info("task completed", task_id="t-1")

    assert "task completed" in stream.getvalue()
    assert not stream.getvalue().lstrip().startswith("{")
