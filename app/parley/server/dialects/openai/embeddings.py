"""Vectors of texts: https://developers.openai.com/api/docs/api-reference/embeddings."""

import struct
from base64 import b64encode
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Discriminator, Field, Tag
from starlette.responses import Response

from parley.errors import RequestInvalid
from parley.server.application import Asking, json_response
from parley.server.backend import Backend
from parley.server.received import Received
from parley.server.streams import while_there

MOST_TEXTS = 2048
"""As many as OpenAI takes at once."""

Input = Annotated[
    Annotated[str, Tag("str")] | Annotated[list[Any], Tag("list"), Field(min_length=1, max_length=MOST_TEXTS)],
    Discriminator(lambda value: "list" if isinstance(value, list) else "str"),
]


class EmbeddingQuestion(Received):
    """The texts, or the only one. Tokens are not taken: only who made them knows what they mean."""

    input: Input
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Field(ge=1)] | None = None


class EmbeddingVector(BaseModel):
    """The vector of the text number `index`: its numbers, or their bytes (float32, little-endian) in Base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(BaseModel):
    """About how many tokens were read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(BaseModel):
    """The vectors, in the order of the texts."""

    object: Literal["list"]
    data: list[EmbeddingVector]
    model: str
    usage: EmbeddingUsage


def routes(backend: Backend) -> APIRouter:
    """Return the route of embeddings."""
    router = APIRouter()

    @router.post("/v1/embeddings", response_model=EmbeddingList)
    async def embeddings(asked: EmbeddingQuestion, request: Request, caller: Asking) -> Response:
        """Make one vector of each text."""
        texts, model = _texts(asked.input), asked.model or ""
        work = backend.services.embeddings.embed(texts, model, dimensions=asked.dimensions, account=caller.id)
        made = await while_there(work, request)
        packed = asked.encoding_format == "base64"
        data = [
            {"object": "embedding", "index": index, "embedding": _packed(vector) if packed else vector}
            for index, vector in enumerate(made.vectors)
        ]
        usage = {"prompt_tokens": made.tokens, "total_tokens": made.tokens}
        body = {"object": "list", "data": data, "model": made.model, "usage": usage}
        return json_response(body)

    return router


def _texts(asked: str | list[Any]) -> list[str]:
    """Return the texts. Raises RequestInvalid."""
    texts = [asked] if isinstance(asked, str) else asked
    if any(isinstance(text, int | list) for text in texts):
        raise RequestInvalid.of_field(
            "input", "tokens are not taken; send text (with LangChain: check_embedding_ctx_length=False)"
        )
    if not all(isinstance(text, str) for text in texts):
        raise RequestInvalid.of_field("input", "each is a text")
    if not all(texts):
        raise RequestInvalid.of_field("input", "an empty text has no vector")
    return texts


def _packed(vector: list[float]) -> str:
    return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
