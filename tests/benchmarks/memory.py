"""How much memory a process holds, on Linux; empty elsewhere."""

from pathlib import Path

ROLLUP = "/proc/{}/smaps_rollup"
WANTED = {"Rss", "Pss"}


def memory(pid: int | None = None) -> dict[str, float]:
    """Return the megabytes of a process, or of this one.

    All that is resident (rss), and that with shared pages shared out among processes (pss).
    """
    try:
        lines = Path(ROLLUP.format(pid or "self")).read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    found = dict(line.split(":", maxsplit=1) for line in lines[1:])
    return {name.lower(): int(found[name].split()[0]) * 1024 / 1e6 for name in sorted(WANTED)}
