"""Times on the wire."""

from datetime import UTC, datetime


def moment(seconds: float, timespec: str = "microseconds") -> str:
    """Return Unix seconds as ISO 8601 has them, in UTC, such as `2026-11-21T18:01:22.000000Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
