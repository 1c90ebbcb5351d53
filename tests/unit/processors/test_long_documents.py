"""Eight mebibytes are read like a page, only longer: all of it, and within bounds."""

import asyncio
import json

import pytest

from app.domain.processing import Document, Kind
from app.processors.analysis import analyse
from app.processors.entities import MOST_KEPT, entities
from app.processors.extractive import NAME
from app.processors.parts import LONGEST
from app.processors.reading import Reading
from app.processors.summary import summarise
from tests.pooled import CATALOGUE, LONG, Progress, assert_works, make_pool, pids
from tests.processes import vanishes

FILLING = "La comisión número {} revisó las cuentas de la entidad y no encontró motivo alguno de queja."
LARGEST = 8 << 20


def reports(text: str) -> list[tuple[str, float]]:
    """Read *text*, and return what was said of progress."""
    heard: list[tuple[str, float]] = []
    analyse(Document(text=text, options={"language": "es"}), lambda stage, share: heard.append((stage, share)))
    return heard


def test_every_part_is_a_step_of_progress() -> None:
    """A bar that stands still for ten seconds is taken for a hung service."""
    text = "\n\n".join(FILLING.format(number) for number in range(2000))

    heard = reports(text)

    for stage in ("sentences", "keywords", "entities"):
        assert sum(one == stage for one, _ in heard) >= len(text) // LONGEST
    assert [share for _, share in heard] == sorted(share for _, share in heard)


def test_the_summary_is_drawn_from_the_whole() -> None:
    """The conclusion stands at the end of a long report."""
    about = " ".join(
        f"El acuífero recibe agua y el regadío {number} extrae agua del acuífero." for number in range(600)
    )
    filling = " ".join(f"La comisión revisó la cuenta {number}." for number in range(300))

    assert "acuífero" in summarise(Reading.of(f"{filling}\n\n{about}", "es"))


def test_names_behind_a_crowd_of_names_are_found() -> None:
    """A list of names at the beginning must not use up what may be found."""
    crowd = "Ana Ruiz, Luis Gil, Eva Sanz. " * 4000
    document = Document(text=f"{crowd}\n\nEl tren llega a Lisboa.", options={"language": "es"})

    assert "Lisboa" in json.dumps(analyse(document, lambda _stage, _share: None))


def test_what_is_remembered_is_bounded_and_the_frequent_stays() -> None:
    """A dump of addresses has more of them than there is memory."""
    many = " ".join(f"a{number}@example.com" for number in range(MOST_KEPT + 1000))

    found = entities(Reading.of(f"{'jefe@example.com ' * 5}{many}", "es"))

    assert len(found) <= MOST_KEPT
    assert max(found, key=lambda entity: entity.count).text == "jefe@example.com"


@pytest.mark.parametrize("unit", ["a\n", "a\n\n", "A. ", "5 % ", "漢", "«", '"a. B" ', "1 ", "l'", "a@", "A/", "\x00"])
def test_twice_the_text_is_read_in_twice_as_many_parts(unit: str) -> None:
    """Nothing looks at more than one part at a time, so that whatever is slow within one stays bounded."""
    once, twice = (len(reports(unit * (letters // len(unit)))) for letters in (2 * LONGEST, 4 * LONGEST))

    assert once < twice <= 2 * once


@pytest.mark.asyncio
async def test_a_long_document_that_is_cancelled_frees_its_slot() -> None:
    """Its child is killed in the middle; the next document does not wait for the end of it."""
    pool, progress = make_pool(), Progress()
    document = Document(text=f"{FILLING}\n\n" * (LARGEST // 100))

    async with pool.open():
        child, _ = await pids(pool)
        running = asyncio.create_task(pool.run(CATALOGUE.find(NAME, Kind.DOCUMENT), document, progress, limit=LONG))
        await progress.begun

        running.cancel()

        with pytest.raises(asyncio.CancelledError):
            await running
        assert await asyncio.to_thread(vanishes, child)
        await assert_works(pool)
