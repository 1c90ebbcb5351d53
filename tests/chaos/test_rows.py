"""The rows of the table: repeatable, told apart, and none of the troubles left out that were promised."""

from pathlib import Path

import pytest

from tests.chaos import faults
from tests.chaos.chance import chance
from tests.chaos.faults import Timed
from tests.chaos.rows import FIRESTORE, ROWS, SHORT, SQLITE, Row

ALL = (*ROWS, *SHORT)


def injected(row: Row, seed: str) -> list[list[tuple[float, str]]]:
    """The schedule of a run, as times and names."""
    return [[(timed.at, timed.name) for timed in lane] for lane in row.schedule(chance(seed))]


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_the_same_seed_gives_the_same_schedule(row: Row) -> None:
    """A run that has found something can be repeated."""
    assert injected(row, "7") == injected(row, "7")


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.name)
def test_faults_come_while_there_is_something_to_hit(row: Row) -> None:
    """A fault after the last document has ended proves nothing."""
    times = [timed.at for lane in row.schedule(chance("7")) for timed in lane]

    assert all(0 < at < row.mix.seconds for at in times)


def test_rows_are_told_apart_by_their_names() -> None:
    """The table has a line for each."""
    assert len({row.name for row in ALL}) == len(ALL)


def test_no_trouble_is_left_out() -> None:
    """A fault that no row injects is written, tested, and never met."""
    used = {timed.name for row in ROWS for seed in range(40) for lane in row.schedule(chance(seed)) for timed in lane}
    offered = {
        name.replace("_", " ")
        for name, value in vars(faults).items()
        if getattr(value, "__module__", "") == faults.__name__ and "scene" in getattr(value, "__annotations__", {})
    }

    assert used == {name for name in offered if not name.startswith(" ")}


def test_both_stores_have_rows() -> None:
    """What holds on one of them may break on the other."""
    assert {row.store for row in ROWS} == {row.store for row in SHORT} == {FIRESTORE, SQLITE}


def test_only_a_row_with_a_wrong_clock_preloads_what_makes_it_wrong(tmp_path: Path) -> None:
    """Under the library that fakes the time every reading of a clock is slower."""
    with_a_wrong_clock = [row.name for row in ALL if "LD_PRELOAD" in row.variables(tmp_path)[0]]

    assert with_a_wrong_clock == ["clock jumping both ways"]
    assert Path(next(row for row in ALL if row.wrong_clock).variables(tmp_path)[0]["LD_PRELOAD"]).is_file()


def test_a_fault_is_called_by_its_name() -> None:
    """The progress line says what is being done."""
    assert Timed(1, faults.kill_worker).name == "kill worker"
