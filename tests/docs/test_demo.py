"""The demo that opens the README ends as the README says."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_completes_every_document_although_an_instance_is_killed() -> None:
    """It is the first thing a visitor runs, and the whole claim in one picture."""
    shown = subprocess.run(
        [sys.executable, "docs/examples/demo.py"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    ).stdout

    assert "kill -9 of instance A" in shown
    assert "20/20 completed" in shown
