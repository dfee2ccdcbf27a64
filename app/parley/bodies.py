"""Bodies of requests: values -> the bytes of their JSON."""

import json
from collections.abc import Mapping
from typing import Any

SHORT = 16 * 1024
"""What has no more characters is written at once: that takes less time than to have a thread do it."""


def encoded(body: Mapping[str, Any]) -> bytes:
    """Return JSON, made piece by piece: in a thread it leaves room for the frames of a window between them.

    A long conversation is megabytes, and one call of the encoder would keep all others waiting until its end.
    """
    encode = json.JSONEncoder(ensure_ascii=False).encode

    def text(value: Any) -> str:
        return f"[{','.join(map(text, value))}]" if isinstance(value, list) else encode(value)

    pieces = (f"{encode(name)}:{text(value)}" for name, value in body.items())
    # Half of a surrogate pair, from a damaged import, must not make the request impossible.
    return f"{{{','.join(pieces)}}}".encode("utf-8", "replace")


def is_short(body: Mapping[str, Any]) -> bool:
    """Return whether a body has few characters; it is looked at no further than until that is known."""
    return _room(body, SHORT) > 0


def _room(value: Any, room: int) -> int:
    """Return about how much room is left beside a value, in characters; not more than none is looked for."""
    if isinstance(value, str):
        return room - len(value)
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return room - 1
    for part in value:
        if room <= 0:
            break
        room = _room(part, room - 1)
    return room
