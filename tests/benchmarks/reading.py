"""
How long the default engine reads, and how much memory it takes: `make bench-read`.

The documents are the examples' paragraphs, in two languages, mixed anew for
each size with numbers of their own, so that none is read twice. Each is read by
a process of its own; the table is in processor time, so other processes on the
machine hardly change it. Documents of 2 KB are read many at a time.
"""

import random
import re
import resource
import sys
import time
from itertools import chain
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from app.domain.processing import Document
from app.processors.extractive import load, run

SIZES_KB = (2, 20, 200, 2048, 8192)
LEAST_KB = 400
"""Read of each size, in as many documents as it takes."""

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples" / "documents").glob("*.txt"))


def main() -> int:
    """Measure each size, and print a table in Markdown."""
    load()
    print("| Document | documents/s | KB/s | CPU per KB, against 2 KB | memory above the start | silent at most |")
    print("|---|---|---|---|---|---|")
    first = 0.0
    for size in SIZES_KB:
        count = max(1, LEAST_KB // size)
        seconds, mebibytes, silent = measured(size, count)
        per_kb = seconds / (size * count)
        first = first or per_kb
        print(
            f"| {size:,} KB | {count / seconds:.2f} | {size * count / seconds:,.0f} | {per_kb / first:.2f} "
            f"| {mebibytes} MiB | {silent:.1f} s |",
            flush=True,
        )
    return 0


def measured(size_kb: int, count: int) -> tuple[float, int, float]:
    """Read *count* documents in a process of its own; return its CPU seconds, growth in MiB and longest silence."""
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    reader = context.Process(target=read, args=(sending, size_kb, count))
    reader.start()
    seconds, mebibytes, silent = receiving.recv()
    reader.join()
    return seconds, mebibytes, silent


def read(answer: Connection, size_kb: int, count: int) -> None:
    """Read, and send what it took."""
    texts = [document(size_kb * 1024, seed) for seed in range(count)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    heard = [time.process_time()]
    for text in texts:
        run(Document(text=text), lambda _stage, _fraction: heard.append(time.process_time()))
    ended = time.process_time()
    silences = (later - earlier for earlier, later in zip(heard, chain(heard[1:], [ended]), strict=True))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    answer.send((ended - heard[0], grown // 1024, max(silences)))


def document(size: int, seed: int) -> str:
    """Return *size* bytes of text: paragraphs in any order, with other numbers and a new word here and there."""
    chance = random.Random(f"{size} {seed}")  # noqa: S311 - repeatable, guards nothing
    paragraphs = [one for path in EXAMPLES for one in path.read_text(encoding="utf-8").split("\n\n")]
    written, length = [], 0
    while length < size:
        words = chance.choice(paragraphs).split(" ")
        words[chance.randrange(len(words))] = coined(chance)
        paragraph = re.sub(r"[1-9]", lambda _: chance.choice("123456789"), " ".join(words))
        written.append(paragraph)
        length += len(paragraph.encode()) + 2
    return "\n\n".join(written).encode()[:size].decode(errors="ignore")


def coined(chance: random.Random) -> str:
    """Return a word that few have written before."""
    return "".join(chance.choice("bdflmnrst") + chance.choice("aeiou") for _ in range(chance.randint(2, 4)))


if __name__ == "__main__":
    sys.exit(main())
