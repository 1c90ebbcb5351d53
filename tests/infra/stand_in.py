"""A program that stands in for another one: it writes down how it was called, and fails where it is told to."""

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROGRAM: Final = """#!{python}
import json, os, pathlib, sys

words = [pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]
call = {{"words": words, "folder": os.getcwd(), "files": sorted(os.listdir())}}
with open({log!r}, "a") as log:
    log.write(json.dumps(call) + "\\n")
line = " ".join(words)
print("said by", line)
failing = json.loads(os.environ["FAILING"])
sys.exit(next((1 for beginning in failing if line.startswith(beginning)), 0))
"""

ORDINARY: Final = ("bash", "cp", "mktemp", "realpath", "rm")
"""What a script may use besides."""


@dataclass(frozen=True)
class Call:
    """A call of a program: its name and arguments, where it was called, and what lay there."""

    words: tuple[str, ...]
    folder: Path
    files: tuple[str, ...]

    @property
    def line(self) -> str:
        """The call as one would type it."""
        return " ".join(self.words)


@dataclass(frozen=True)
class StandIn:
    """Programs in *folder* that only pretend, and what became of them."""

    folder: Path

    def install(self, name: str) -> None:
        """Put a program of that *name* in place."""
        self.folder.mkdir(exist_ok=True)
        program = self.folder / name
        program.write_text(PROGRAM.format(python=sys.executable, log=str(self._log)), encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def run(self, *command: str | Path, failing: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Run *command* where only these programs are found; calls that begin like one of *failing* fail."""
        self.folder.mkdir(exist_ok=True)
        for name in ORDINARY:
            found = shutil.which(name)
            assert found, f"{name} is not installed"
            (self.folder / name).unlink(missing_ok=True)
            (self.folder / name).symlink_to(found)
        environment = {"PATH": str(self.folder), "FAILING": json.dumps(failing)}
        return subprocess.run(  # noqa: S603 - no shell, and the words are ours
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def calls(self) -> list[Call]:
        """Every call so far, in order."""
        if not self._log.exists():
            return []
        calls = map(json.loads, self._log.read_text(encoding="utf-8").splitlines())
        return [Call(tuple(call["words"]), Path(call["folder"]), tuple(call["files"])) for call in calls]

    @property
    def _log(self) -> Path:
        return self.folder / "calls.jsonl"
