"""Ollama's official Python client, as a judge of our fake: lists the models, streams one chat, prints both as JSON.

Run with the Python of .venv-peers:  ollama_oracle.py HOST MODEL
"""

import json
import sys

import ollama


def main() -> None:
    """Ask the server, and print what the client understood."""
    host, model = sys.argv[1:]
    client = ollama.Client(host=host)
    listed = [
        {"name": entry.model, "size": int(entry.size), "family": entry.details.family} for entry in client.list().models
    ]
    shown = client.show(model)
    text, thinking, last = "", "", None
    for part in client.chat(model=model, messages=[{"role": "user", "content": "Hi"}], stream=True):
        text += part.message.content or ""
        thinking += part.message.thinking or ""
        last = part
    assert last is not None
    sys.stdout.write(
        json.dumps(
            {
                "models": listed,
                "capabilities": shown.capabilities,
                "context": shown.modelinfo["llama.context_length"],
                "text": text,
                "thinking": thinking,
                "done_reason": last.done_reason,
                "input_tokens": last.prompt_eval_count,
                "output_tokens": last.eval_count,
            }
        )
    )


if __name__ == "__main__":
    main()
