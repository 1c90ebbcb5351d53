"""The processes of an instance, as Linux tells them apart."""

from pathlib import Path


def model_processes(pid: int) -> list[int]:
    """Return the children that read documents, of all that server *pid* has started."""
    parents = _parents()
    started = _descendants(pid, parents)
    forkservers = {parents[below] for below in started if _is_forkserver(below) and _is_forkserver(parents[below])}
    return [below for below in started if parents[below] in forkservers]


def _descendants(pid: int, parents: dict[int, int]) -> list[int]:
    direct = [child for child, parent in parents.items() if parent == pid]
    return direct + [below for child in direct for below in _descendants(child, parents)]


def _is_forkserver(pid: int) -> bool:
    """Tell the process that children are forked from; they carry its command line too."""
    try:
        return b"app.processors.forkserver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False  # it ended meanwhile


def _parents() -> dict[int, int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue  # it ended meanwhile
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return parents
