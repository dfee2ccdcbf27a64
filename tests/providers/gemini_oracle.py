"""Google's own Python client, as a judge of our fake and of our requests: prints what it understood as JSON.

Run with the Python of .venv-peers:  gemini_oracle.py ROOT MODEL < a body that we have sent
It checks the body by its own types, sends it again in its own way, and reads the same answer.
"""

import json
import sys
from typing import Any

from google import genai
from google.genai import errors, types


def main() -> None:
    """Ask the server, and print what the client understood."""
    root, model = sys.argv[1:]
    body = json.load(sys.stdin)
    client = genai.Client(api_key="some-key", http_options=types.HttpOptions(base_url=root, api_version="v1beta"))
    contents = [types.Content.model_validate(content) for content in body["contents"]]
    settings = {name: value for name, value in body.items() if name not in ("contents", "generationConfig")}
    config = types.GenerateContentConfig.model_validate({**body.get("generationConfig", {}), **settings})
    understood: dict[str, Any] = {
        "models": [
            {"name": listed.name, "context": listed.input_token_limit, "reasoning": bool(listed.thinking)}
            for listed in client.models.list()
        ]
    }
    understood |= read(client.models.generate_content_stream(model=model, contents=contents, config=config))
    embedded = client.models.embed_content(
        model=model, contents=[types.Content(parts=[types.Part(text=text)]) for text in ("a", "bc")]
    )
    understood["vectors"] = [vector.values for vector in embedded.embeddings or ()]
    try:
        list(client.models.generate_content_stream(model="nope", contents="Hi"))
    except errors.APIError as error:
        understood["error"] = [error.code, error.status, error.message]
    sys.stdout.write(json.dumps(understood))


def read(chunks: Any) -> dict[str, Any]:
    """Return text, thoughts, calls, signatures, usage and the end of a streamed answer."""
    text, thoughts, signatures, calls, last = "", "", [], [], None
    for last in chunks:
        for part in last.candidates[0].content.parts or ():
            if part.thought:
                thoughts += part.text
            elif part.text:
                text += part.text
            if part.thought_signature:
                signatures.append(part.thought_signature.decode())
            if part.function_call:
                calls.append([part.function_call.name, part.function_call.args])
    assert last is not None
    usage = last.usage_metadata
    return {
        "text": text,
        "thoughts": thoughts,
        "signatures": signatures,
        "calls": calls,
        "reason": last.candidates[0].finish_reason.value,
        "input": usage.prompt_token_count,
        "output": usage.candidates_token_count + usage.thoughts_token_count,
        "thought": usage.thoughts_token_count,
        "cached": usage.cached_content_token_count,
    }


if __name__ == "__main__":
    main()
