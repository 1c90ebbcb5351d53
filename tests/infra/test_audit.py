"""`make audit`: what it says of a lock, with pip-audit as it is and a database of advisories in this process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

import pytest

from tests.house.source import ROOT

PROGRAM: Final = Path(f"{sys.prefix}-audit", "bin", "pip-audit")
CONTROL: Final = ("pycrypto", "2.6.1")
LOCK: Final = """attrs==26.1.0 \\
    --hash=sha256:{hash} \\
    --hash=sha256:{hash}
    # via something
colorama==0.4.6 ; sys_platform == 'no such platform' \\
    --hash=sha256:{hash}
numpy==2.4.0 \\
    --hash=sha256:{hash}
""".format(hash="0" * 64)
PINNED: Final = {("attrs", "26.1.0"), ("colorama", "0.4.6"), ("numpy", "2.4.0")}

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="pip-audit is not installed: `make test` does it")


@dataclass
class Advisories:
    """A database that is asked like OSV; it has something *against* releases, and answers with *status*."""

    url: str = ""
    status: int = 200
    against: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def knows(self, name: str, version: str, *, mended: str | None = None) -> None:
        """Have one advisory against a release, which may have been *mended* in a later one."""
        events = [{"introduced": "0"}, *([{"fixed": mended}] if mended else [])]
        affected = {"package": {"name": name, "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
        self.against[name, version] = {"id": f"PYSEC-{name}", "aliases": [f"CVE-{name}"], "affected": [affected]}

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Say what is known of one release."""
        release = (question["package"]["name"], question["version"])
        self.asked.append(release)
        return {"vulns": [self.against[release]]} if release in self.against else {}


@contextmanager
def serving(database: Advisories) -> Iterator[Advisories]:
    """Let *database* be asked on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer one question."""
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(database.answer(question)).encode()
            self.send_response(database.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        database.url = f"http://127.0.0.1:{server.server_port}/v1/query"
        yield database
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def advisories() -> Iterator[Advisories]:
    """Have a database that knows what everybody knows."""
    database = Advisories()
    database.knows(*CONTROL)
    with serving(database):
        yield database


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Pin three releases, one of them for another machine than this one."""
    path = tmp_path / "some.lock"
    path.write_text(LOCK, encoding="utf-8")
    return path


def audit(url: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Have the database at *url* asked."""
    command = (sys.executable, ROOT / "infra" / "audit.py", f"--program={PROGRAM}", f"--osv-url={url}", *words)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our script


def test_every_pin_is_asked_about_and_none_is_bad(advisories: Advisories, lock: Path) -> None:
    """Those for another platform too: somebody has it."""
    done = audit(advisories.url, lock)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{lock}: 3 packages; known vulnerabilities: none\n"
    assert set(advisories.asked) == {CONTROL, *PINNED}


def test_a_known_vulnerability_is_named_with_what_mends_it(advisories: Advisories, lock: Path) -> None:
    """Who reads it has to know what to do next."""
    advisories.knows("numpy", "2.4.0", mended="2.5.0")
    advisories.knows("colorama", "0.4.6")

    done = audit(advisories.url, lock)

    assert done.returncode == 1
    assert done.stdout.splitlines()[0].endswith("3 packages; known vulnerabilities: 2")
    assert "  numpy 2.4.0: PYSEC-numpy, CVE-numpy; mended in 2.5.0\n" in done.stdout
    assert "  colorama 0.4.6: PYSEC-colorama, CVE-colorama; not mended yet\n" in done.stdout


def test_both_releases_of_a_package_that_differs_from_python_to_python_are_asked_about(
    advisories: Advisories, lock: Path
) -> None:
    """A lock for all Pythons may hold two, and pip-audit refuses the second."""
    lock.write_text(f"{LOCK}numpy==2.5.0 \\\n    --hash=sha256:{'0' * 64}\n", encoding="utf-8")

    done = audit(advisories.url, lock)

    assert (done.returncode, done.stderr) == (0, "")
    assert set(advisories.asked) == {CONTROL, *PINNED, ("numpy", "2.5.0")}


def test_nobody_answering_is_not_all_being_well(lock: Path) -> None:
    """An audit that cannot ask has found nothing, which is what a good one says."""
    with serving(Advisories()) as gone:
        pass

    done = audit(gone.url, lock)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Not audited, ")
    assert "Connection refused" in done.stderr


def test_an_error_is_not_all_being_well(advisories: Advisories, lock: Path) -> None:
    """The service has bad days, and proxies answer in its place."""
    advisories.status = 503

    done = audit(advisories.url, lock)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Not audited, ")
    assert "503" in done.stderr


def test_a_database_that_knows_of_nothing_is_not_believed(lock: Path) -> None:
    """A mirror that answers politely to everything would find everything well, for ever."""
    with serving(Advisories()) as empty:
        done = audit(empty.url, lock)

    assert (done.returncode, done.stdout) == (2, "")
    assert "they have nothing against pycrypto 2.6.1" in done.stderr


def test_a_pin_without_a_hash_is_not_passed_over(advisories: Advisories, lock: Path) -> None:
    """Whatever would be installed is asked about, or it is said that it was not."""
    lock.write_text(f"{LOCK}something==1.0\n", encoding="utf-8")

    done = audit(advisories.url, lock)

    assert done.returncode == 2
    assert "pip-audit speaks of 3 packages, and 4 are pinned" in done.stderr


def test_make_fails_for_what_is_not_accepted(advisories: Advisories) -> None:
    """An advisory of today must not hold back a fix for something worse, and the next one must be seen."""
    for name in ("fastapi", "uvicorn"):
        advisories.knows(name, pinned(name))

    done = make("audit", f"OSV={advisories.url}", "LOCKS=requirements.lock", "ACCEPTED=OTHER-1 CVE-uvicorn")

    assert done.returncode != 0
    assert "known vulnerabilities: 1\n  fastapi " in done.stdout
    assert "uvicorn" not in done.stdout


def test_make_asks_about_every_lock() -> None:
    """What tests and builds is attacked as well as what serves."""
    said = make("audit", "--dry-run").stdout

    assert said.split()[-6:] == [
        "requirements.lock",
        "requirements-spacy.lock",
        "requirements-dev.lock",
        "requirements-evaluation.lock",
        "requirements-infra.lock",
        "requirements-audit.lock",
    ]


def pinned(name: str) -> str:
    """Return the version of a package that is served."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return next(line.split()[0].removeprefix(f"{name}==") for line in lines if line.startswith(f"{name}=="))


def make(*words: str) -> subprocess.CompletedProcess[str]:
    """Run make as a person does."""
    command = ("make", "--no-print-directory", f"VENV={sys.prefix}", *words)
    environment = dict(os.environ) | {"MAKEFLAGS": ""}  # those of the make that runs the tests
    return subprocess.run(  # noqa: S603 - ours
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
