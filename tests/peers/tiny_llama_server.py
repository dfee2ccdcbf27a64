"""llama.cpp's own HTTP server, from the xllamacpp wheel, on one GGUF file.

    .venv-peers/bin/python -m tests.peers.tiny_llama_server MODEL.gguf [--port 8080] [--embed] [--until-eof]

Prints one line, `listening http://127.0.0.1:PORT`, when the model is loaded. The model's name is the file's, without
`.gguf`. Ends on SIGTERM, Ctrl+C, or, with --until-eof, when standard input closes: so it never outlives its parent.
"""

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

import xllamacpp

CONTEXT_LENGTH = 65536  # shared by the slots
SLOTS = 2
THREADS = 2


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Serve one GGUF model with llama.cpp")
    parser.add_argument("model", type=Path)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--embed", action="store_true", help="serve embeddings")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes")
    return parser.parse_args()


def server_parameters(arguments: argparse.Namespace) -> xllamacpp.CommonParams:
    """Choose settings that start at once and always answer the same."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(arguments.model)
    parameters.model_alias = {arguments.model.stem}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = arguments.port
    parameters.n_ctx = CONTEXT_LENGTH
    parameters.n_parallel = SLOTS
    parameters.cpuparams.n_threads = THREADS
    parameters.cpuparams_batch.n_threads = THREADS
    parameters.sampling.temp = 0.0
    parameters.use_jinja = True
    parameters.warmup = False
    parameters.fit_params = False
    parameters.cache_ram_mib = 0
    if arguments.embed:
        parameters.embedding = True
        parameters.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return parameters


def wait_for_eof(ended: threading.Event) -> None:
    """Set `ended` when standard input closes."""
    sys.stdin.read()
    ended.set()


def main() -> None:
    """Serve until told to end."""
    arguments = parse_arguments()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    server = xllamacpp.Server(server_parameters(arguments))
    # One write: llama.cpp writes to the same place from its threads.
    os.write(1, f"\nlistening {server.listening_address}\n".encode())
    if arguments.until_eof:
        threading.Thread(target=wait_for_eof, args=(ended,), daemon=True).start()
    ended.wait()


if __name__ == "__main__":
    main()
