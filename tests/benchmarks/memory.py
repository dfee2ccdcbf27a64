"""How much memory this process holds, on Linux; empty elsewhere."""

from pathlib import Path

ROLLUP = Path("/proc/self/smaps_rollup")
WANTED = {"Rss", "Pss"}


def memory() -> dict[str, float]:
    """Return megabytes: all that is resident (rss), and that with shared pages shared out among processes (pss)."""
    try:
        lines = ROLLUP.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    found = dict(line.split(":", maxsplit=1) for line in lines[1:])
    return {name.lower(): int(found[name].split()[0]) * 1024 / 1e6 for name in sorted(WANTED)}
