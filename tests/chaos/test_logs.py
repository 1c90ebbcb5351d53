"""The lines of servers are counted by what they say, whoever has written them."""

from pathlib import Path

from tests.chaos.logs import UNFORMATTED, Line, lines


def test_lines_are_counted_by_severity_message_and_reason(tmp_path: Path) -> None:
    """What an operator sees is put into the manual from here."""
    log = tmp_path / "log"
    log.write_text(
        '{"severity": "WARNING", "message": "store failed", "reason": "timeout", "task_id": "a"}\n'
        '{"severity": "WARNING", "message": "store failed", "reason": "timeout", "task_id": "b"}\n'
        '{"severity": "INFO", "message": "drain begun"}\n'
        "Segmentation fault\n"
        "17\n"
        "\n"
    )

    counted = lines([log, tmp_path / "of a server that never started"])

    assert counted == {
        Line("WARNING", "store failed (timeout)"): 2,
        Line("INFO", "drain begun"): 1,
        Line(UNFORMATTED, "Segmentation fault"): 1,
        Line(UNFORMATTED, "17"): 1,
    }
