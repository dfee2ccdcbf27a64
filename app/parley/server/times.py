"""Times on the wire."""

from datetime import UTC, datetime


def moment(seconds: float) -> str:
    """Return Unix seconds as ISO 8601 has them, in UTC with milliseconds, such as `2024-08-14T04:18:53.000Z`."""
    return _written(seconds, "milliseconds")


def exact_moment(seconds: float) -> str:
    """Return the same with microseconds."""
    return _written(seconds, "microseconds")


def _written(seconds: float, timespec: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
