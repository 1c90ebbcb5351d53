"""A command in a terminal: it runs, and what it says can be read meanwhile."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.instance import READY_SECONDS, environment

INTERRUPTIBLE: Final = ("env", "--default-signal=INT")
"""A shell has what it runs in the background ignore Ctrl-C, and that would be inherited from the tests."""

COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Begun:
    """A command that runs; *screen* is the file that holds what it has said on standard error."""

    process: subprocess.Popen[str]
    screen: Path

    def wait_to_say(self, words: str) -> None:
        """Return when it has said *words*."""
        give_up_at = time.monotonic() + READY_SECONDS
        while words not in self.screen.read_text():
            assert self.process.poll() is None, self.screen.read_text()
            assert time.monotonic() < give_up_at, self.screen.read_text()
            time.sleep(0.02)

    def ended(self) -> tuple[int, str, str]:
        """Return its exit code, its output without colours, and what it has said."""
        printed, _ = self.process.communicate(timeout=READY_SECONDS)
        return self.process.returncode, COLOURS.sub("", printed), self.screen.read_text()


@contextmanager
def begun(folder: Path, *command: str, variables: Mapping[str, str], within: Path | None = None) -> Iterator[Begun]:
    """Run a *command*, *within* a folder if need be, until the block ends; *folder* holds its screen."""
    screen = folder / "screen"
    with (
        screen.open("w") as said,
        subprocess.Popen(  # noqa: S603 - our own commands
            [*INTERRUPTIBLE, *command],
            cwd=within,
            env=environment({"FORCE_COLOR": "1", "COLUMNS": "200"} | dict(variables)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as process,
    ):
        try:
            yield Begun(process, screen)
        finally:
            process.kill()
