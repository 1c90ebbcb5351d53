"""
Ask OSV, online, which of the packages that locks pin have known vulnerabilities.

Nothing is resolved or installed: pip-audit is given the pins as they are, those
for other platforms too.

exit codes: 0 none is known; 1 some are, and they are listed; 2 nobody can tell:
OSV did not answer, or not about all of them, or has nothing against a release
that is known to be bad.
"""

import argparse
import json
import os
import re
import ssl
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

ENTRY: Final = re.compile(r"^([\w.-]+)(==[^\s;]+).*?((?:\\\n +--hash=\S+ ?)+)", flags=re.MULTILINE)
"""A pin in a lock: the name, the version, and the hashes."""
LINE: Final = re.compile(r"^[^\s#]", flags=re.MULTILINE)
"""Where anything begins that would be installed, with hashes or without."""
CONTROL: Final = "pycrypto", "2.6.1"
"""Bad since 2013 and never mended. It is asked about with every lock, and never downloaded: who has nothing against
it, such as a proxy that answers in OSV's place, has nothing against anything."""


class CannotTell(Exception):
    """The question was not answered."""


@dataclass(frozen=True)
class Package:
    """A release, and what is known against it."""

    name: str
    version: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class Auditor:
    """The command that asks, with its options."""

    command: tuple[str, ...]

    def ask(self, lock: str) -> list[Package]:
        """
        Return what is known of each pin in the text of a *lock*.

        Raises:
            CannotTell: If nobody knows, be it of one of them.
        """
        name, version = CONTROL
        control = f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n"
        told = [package for text in rounds(control + lock) for package in self._ask_once(text)]
        known = [package for package in told if (package.name, package.version) == CONTROL and package.findings]
        if not known:
            raise CannotTell(f"The answers are not OSV's: they have nothing against {name} {version}.")
        others = [package for package in told if package not in known]
        if len(others) != (count := len(LINE.findall(lock))):
            raise CannotTell(f"pip-audit speaks of {len(others)} packages, and {count} are pinned.")
        return others

    def _ask_once(self, pins: str) -> Iterator[Package]:
        with TemporaryDirectory() as folder:
            file = Path(folder, "pins.txt")
            file.write_text(pins, encoding="utf-8")
            words = (*self.command, f"--requirement={file}")
            done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)  # noqa: S603 - ours
        try:
            said: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
        except ValueError as error:
            reasons = re.findall(r"^[\w.]+:.+", done.stderr, flags=re.MULTILINE)
            raise CannotTell(reasons[-1] if reasons else "pip-audit said nothing") from error
        for one in said:
            if "skip_reason" not in one:
                yield Package(one["name"], one["version"], tuple(map(finding, one["vulns"])))


def rounds(lock: str) -> Iterator[str]:
    """Share out the pins of a *lock*, so that no package is twice in a text: pip-audit refuses it."""
    releases: defaultdict[str, list[str]] = defaultdict(list)
    for name, version, hashes in ENTRY.findall(lock):
        releases[name].append(f"{name}{version} {hashes}\n")
    for texts in zip_longest(*releases.values(), fillvalue=""):
        yield "".join(texts)


def environment() -> dict[str, str]:
    """Return the variables for pip-audit, which trusts whom the machine trusts: behind a company's proxy it has to."""
    authorities = ssl.get_default_verify_paths().cafile
    return ({"REQUESTS_CA_BUNDLE": authorities} if authorities else {}) | dict(os.environ)


def finding(known: dict[str, Any]) -> str:
    """Say in a line what is known."""
    names = ", ".join([known["id"], *known["aliases"]])
    return f"{names}; {'mended in ' + ', '.join(known['fix_versions']) if known['fix_versions'] else 'not mended yet'}"


def audit(auditor: Auditor, locks: Sequence[Path]) -> bool:
    """
    Print what is known against each of the *locks*, and return whether that is nothing.

    Raises:
        CannotTell: If nobody knows.
    """
    bad = 0
    for lock in locks:
        packages = auditor.ask(lock.read_text(encoding="utf-8"))
        found = [(package, line) for package in packages for line in package.findings]
        sys.stdout.write(f"{lock}: {len(packages)} packages; known vulnerabilities: {len(found) or 'none'}\n")
        sys.stdout.writelines(f"  {package.name} {package.version}: {line}\n" for package, line in found)
        bad += len(found)
    return bad == 0


def parser() -> argparse.ArgumentParser:
    """Return what understands the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("locks", nargs="+", type=Path, help="files of pins with hashes")
    made.add_argument("--program", required=True, help="where pip-audit is")
    made.add_argument("--osv-url", help="who is asked instead of OSV: a copy of it")
    made.add_argument("--accept", action="append", default=[], help="the id of a vulnerability to leave out")
    return made


def main() -> int:
    """Do what the command line says, and return the exit code."""
    options = parser().parse_args()
    fixed = ["--vulnerability-service=osv", "--disable-pip", "--require-hashes", "--progress-spinner=off"]
    chosen = [f"--osv-url={options.osv_url}"] if options.osv_url else []
    accepted = [f"--ignore-vuln={name}" for name in options.accept]
    try:
        return 0 if audit(Auditor((options.program, *fixed, *chosen, *accepted, "--format=json")), options.locks) else 1
    except CannotTell as reason:
        sys.stderr.write(f"Not audited, so nobody knows what is bad: osv.dev has to answer for all of it.\n{reason}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
