"""A run without faults, from the servers' start to the verdict: the harness itself keeps every promise."""

from pathlib import Path

from tests.chaos.rows import SQLITE, Row
from tests.chaos.run import Ground, run
from tests.chaos.saved import PARTS, save
from tests.chaos.wishes import Mix


async def test_a_run_without_faults_keeps_every_promise(tmp_path: Path) -> None:
    """Whoever is accused by the checker must be able to be innocent."""
    mix = Mix(seconds=1, count=12, models={"instant": 3, "waits": 1, "falters": 1})
    row = Row(name="nothing", store=SQLITE, mix=mix, settings=({},))

    outcome = await run(row, Ground(seed="7", folder=tmp_path))
    save(outcome)

    assert outcome.violations == []
    assert outcome.figures.accepted == 12
    assert outcome.figures.completed + outcome.figures.cancelled == 12
    assert all((tmp_path / f"{part}.jsonl").is_file() for part in PARTS)
