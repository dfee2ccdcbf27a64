"""A model server in a process of its own that says all at once, with as little work as can be.

    python -m tests.benchmarks.recorded CHUNKS
prints its address and serves until its standard input ends. The model `whole` gives each event in a piece of its own,
as most servers do, `cut` in pieces of 1,400 bytes, as a network may; `short` says one word only.
"""

import re
import socket
import sys
import threading

from tests.providers.sockets import chunk, head, sse

PIECE = 1400


def events(count: int) -> list[bytes]:
    """Return an answer of so many words, as OpenAI streams it."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "m"}

    def event(reason: str | None = None, **delta: str) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return sse(base | {"system_fingerprint": "fp_44709d6fcb", "choices": [choice]})

    words = [event(content=f" word{number}") for number in range(count)]
    return [event(role="assistant", content=""), *words, event("stop"), sse("[DONE]")]


def answers(count: int) -> dict[bytes, bytes]:
    """Return the response for each model."""
    whole = events(count)
    said = b"".join(whole)
    pieces = {
        b"whole": whole,
        b"cut": [said[at : at + PIECE] for at in range(0, len(said), PIECE)],
        b"short": events(1),
    }
    start = head(content_type="text/event-stream", transfer_encoding="chunked")
    return {name: b"".join((start, *map(chunk, found), b"0\r\n\r\n")) for name, found in pieces.items()}


def serve(connection: socket.socket, responses: dict[bytes, bytes]) -> None:
    """Answer one request."""
    with connection:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(65536)
        top, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", top)
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        model = re.search(rb'"model": ?"(\w+)"', body)
        connection.sendall(responses[model[1] if model else b"whole"])


def main() -> None:
    """Serve."""
    responses = answers(int(sys.argv[1]))
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", flush=True)

    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, responses), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
