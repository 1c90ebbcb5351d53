"""Files over HTTP: a hundred pages with an instance killed in the middle, and files that nobody should send."""

import json
import random
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import batched, cycle, islice
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.acceptance.instance import QUICK, Instance, ended, running
from tests.acceptance.memory import of_children, of_parent, settles, watched
from tests.files import docx_of, pdf_of
from tests.hostile_files import BOMBS

PAGES: Final = 100
LINES: Final = 40
LICENCES: Final = Path("/usr/share/common-licenses")
TITLE: Final = "Licences of free software"
UPLOAD: Final = "/process_document/upload"
PROPERTIES: Final = (
    '<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties">'
    "<Pages>{pages}</Pages><Words>{words}</Words></Properties>"
)


def lines() -> Iterator[str]:
    """Return lines of text that every Debian has, in English, without an end."""
    texts = [path.read_text("ascii", "replace") for path in sorted(LICENCES.iterdir()) if not path.is_symlink()]
    found = [" ".join(line.split()) for text in texts for line in text.splitlines()]
    return cycle([line for line in found if line and line.isascii()])


def long_pdf() -> bytes:
    """Make a PDF of a hundred pages, each with a heading in its middle: above, it would be the page's."""
    pages = batched(islice(lines(), PAGES * LINES), LINES)
    outline = [(f"Chapter {number + 1}", 0, number) for number in range(PAGES)]
    chapters = [[*page[:9], "", f"# Chapter {number}", "", *page[9:]] for number, page in enumerate(pages, 1)]
    return pdf_of(chapters, title=TITLE, outline=outline)


def long_docx() -> bytes:
    """Make a Word file of as much text, which says that it has a hundred pages."""
    blocks: list[tuple[str, str]] = []
    for number, page in enumerate(batched(islice(lines(), PAGES * LINES), LINES), 1):
        blocks += [("Heading 1", f"Chapter {number}"), *(("Normal", " ".join(part)) for part in batched(page, 5))]
    words = sum(len(text.split()) for _, text in blocks)
    made = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(docx_of(*blocks, title=TITLE))) as written,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in written.namelist():
            properties = PROPERTIES.format(pages=PAGES, words=words).encode()
            changed.writestr(name, properties if name == "docProps/app.xml" else written.read(name))
    return made.getvalue()


def hand_in(client: httpx.Client, content: bytes, **options: str) -> str:
    """Upload a file, and return its task's id."""
    answered = client.post(UPLOAD, files={"file": ("file", content)}, data=options)
    return str(answered.raise_for_status().json()["task_id"])


def events(client: httpx.Client, task_id: str) -> Iterator[dict[str, Any]]:
    """Watch a task, to its end or to the server's."""
    with client.stream("GET", f"/tasks/{task_id}/events") as stream:
        for line in stream.iter_lines():
            if line.startswith("data:"):
                yield json.loads(line.removeprefix("data:"))


def tell(text: str) -> None:
    """Print a row of the table in `docs/files.md`; `pytest -s` shows it."""
    sys.stdout.write(f"\n{text}\n")


@pytest.mark.parametrize("make", [long_pdf, long_docx], ids=["pdf", "docx"])
def test_a_hundred_pages_are_watched_and_outlive_the_instance_that_reads_them(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    """What people hand in takes a while; a deployment, or a crash, must not cost them their report."""
    variables = {"AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db"), "AFTERWORD_CPU_SLOTS": "1"} | QUICK
    file, seen = make(), list[dict[str, Any]]()
    with running(tmp_path / "first", **variables) as first, httpx.Client(base_url=first.url, timeout=60) as client:
        task_id = hand_in(client, file, keep_text="true")
        for task in events(client, task_id):
            seen.append(task)
            if task["progress"] and task["progress"]["fraction"] > 0:
                break
        first.kill()
    with running(tmp_path / "second", **variables) as second, httpx.Client(base_url=second.url, timeout=60) as client:
        began_at = time.monotonic()
        with watched(second) as peaks:
            again = list(events(client, task_id))
        took = time.monotonic() - began_at
        text = client.get(f"/tasks/{task_id}/text").raise_for_status().text

    task = again[-1]
    assert (task["status"], task["attempt"]) == ("completed", 2), task["error"]
    assert_described(task["result"], text)
    progress = [each["progress"] for each in again if each["progress"] and each["attempt"] == task["attempt"]]
    assert {each["progress"]["stage"] for each in seen if each["progress"]} == {"extract"}
    assert [each["fraction"] for each in progress] == sorted(each["fraction"] for each in progress)
    kind = task["result"]["document"]["media_type"].rpartition(".")[2].rpartition("/")[2]
    tell(
        f"| {kind}, {PAGES} pages, {len(file) // 1024} KiB, {len(text) // 1024} Ki letters | {took:.1f} s "
        f"| {peaks.child:.0f} MiB | {peaks.parent:.0f} MiB |"
    )


def assert_described(result: dict[str, Any], text: str) -> None:
    """Check that a result says what file it is about, and where in its *text* everything is."""
    document = result["document"]
    assert (document["title"], document["pages"]) == (TITLE, PAGES)
    found = {heading["text"]: text[heading["start"] :] for heading in document["headings"]}
    assert all(rest.startswith(heading) for heading, rest in found.items())
    assert {"Chapter 1", f"Chapter {PAGES}"} <= set(found)
    assert len(result["entities"]) > 10
    for entity in result["entities"]:
        places = [text[start:end] for start, end in entity["positions"]]
        assert entity["text"] in {" ".join(place.split()) for place in places}, places


def noise(size: int) -> bytes:
    """Return bytes that mean nothing, the same each time."""
    return random.Random(1).randbytes(size)  # noqa: S311 - guards nothing


LOCK: Final = "a word"

TOO_MUCH: Final = {"document_too_large", "document_unreadable"}
"""A reader notices that there is too much, or dies of it, or finds that the file lies: all three are an answer."""

HOSTILE: Final[dict[str, tuple[Callable[[], bytes], set[str]]]] = {
    "pdf: content of 4 GiB": (BOMBS["pdf: content of 4 GiB"], TOO_MUCH),
    "pdf: 150 million letters": (BOMBS["pdf: 150 million letters"], TOO_MUCH),
    "pdf: object stream of 1 GiB": (BOMBS["pdf: object stream of 1 GiB"], TOO_MUCH),
    "pdf: 100,000 pages": (BOMBS["pdf: 100,000 pages"], {"document_too_large"}),
    "pdf: cut off in the middle": (
        lambda: pdf_of([["It rains."]] * 50)[:4000],
        {"document_unreadable", "no_text_found", "completed"},
    ),
    "pdf: with a password": (lambda: pdf_of([["It rains."]], user_password=LOCK), {"document_encrypted"}),
    "pdf: an empty page": (lambda: pdf_of([[]]), {"no_text_found"}),
    "pdf: in name only": (lambda: b"%PDF-1.7\n" + noise(100_000), {"document_unreadable"}),
    "docx: body of 4 GiB that claims to be small": (
        BOMBS["docx: body of 4 GiB that claims to be small"],
        TOO_MUCH,
    ),
    "docx: billion laughs": (BOMBS["docx: billion laughs"], {"document_unreadable"}),
    "docx: huge table": (BOMBS["docx: huge table"], {"completed"}),
    "zip: in zip": (BOMBS["zip: in zip"], {"document_unreadable"}),
    "html: deep": (BOMBS["html: deep"], {"completed"}),
    "html: scripts": (BOMBS["html: scripts"], {"completed"}),
    "text: one word": (BOMBS["text: one word"], {"completed"}),
    "random bytes": (lambda: noise(100_000), {"document_unreadable"}),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run one service for all hostile files."""
    folder = tmp_path_factory.mktemp("service")
    with running(folder / "log", AFTERWORD_SQLITE_PATH=str(folder / "tasks.db"), AFTERWORD_CPU_SLOTS="2") as instance:
        yield instance


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_nobody_should_send_harms_nobody(service: Instance, name: str) -> None:
    """Its caller gets a reason at the first attempt; all others notice nothing, and the memory is as before."""
    make, expected = HOSTILE[name]
    file = make()
    child, parent = of_children(service), of_parent(service)
    with httpx.Client(base_url=service.url, timeout=60) as client:
        began_at = time.monotonic()
        with watched(service) as peaks:
            task_id = hand_in(client, file)
            other = client.post("/process_document/", json={"content": "It rains."}).raise_for_status().json()
            beside = ended(client, f"/tasks/{other['task_id']}")
            alive = client.get("/health/ready")
            task = ended(client, f"/tasks/{task_id}", within=180)
        took = time.monotonic() - began_at

    failure = task["failure"]
    outcome = str(failure["code"]) if isinstance(failure, dict) else str(task["status"])
    settled = settles(service, child=child + 100, parent=parent + 100)
    tell(
        f"| {name} | {len(file) // 1024} KiB | `{outcome}` | {took:.1f} s | {peaks.child:.0f} MiB "
        f"| {child:.0f} → {of_children(service):.0f} MiB | {parent:.0f} → {of_parent(service):.0f} MiB |"
    )
    assert outcome in expected
    assert (task["attempt"], beside["status"], alive.status_code) == (1, "completed", 200)
    assert settled
