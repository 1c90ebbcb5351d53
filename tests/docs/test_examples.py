"""The examples: what a newcomer copies first must work as it stands."""

from datetime import timedelta

from app.domain.processing import Document, Kind
from app.processors.catalogue import Catalogue
from app.processors.pool import ForkserverPool

MODULE = "docs.examples.durable_function"


async def test_the_durable_function_runs_as_the_service_would_run_it() -> None:
    """It is found by its module's name, works in a child process, reports and answers."""
    heard: list[tuple[str, float]] = []
    model = Catalogue.load([MODULE]).find("slow_model", Kind.DOCUMENT)
    document = Document(text="dos palabras")
    pool = ForkserverPool(slots=1, modules=[MODULE], memory=64 << 20)

    async with pool.open():
        answer = await pool.run(model, document, lambda *told: heard.append(told), limit=timedelta(minutes=1))

    assert answer == {"summary": "dos palabras", "words": 2}
    assert heard == [("reading", 0.0), ("reading", 0.5)]
