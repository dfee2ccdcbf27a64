"""Vectors of texts."""

import time

from fastapi import APIRouter, Request

from parley.embeddings import Embedded
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.ollama.naming import meant
from parley.server.dialects.ollama.shapes import Embed, EmbedOne, Vector, Vectors
from parley.server.streams import while_there


def routes(backend: Backend) -> APIRouter:
    """Return the routes that turn texts into vectors."""
    router = APIRouter()

    async def embedded(
        texts: list[str], sent: Embed | EmbedOne, request: Request, caller: Caller, dimensions: int | None = None
    ) -> Embedded:
        """Return a vector for each text. Raises ChatError. Without a text nobody is asked: the model is looked up."""
        provider, name = await meant(backend, sent.model)
        model = f"{provider.id}/{name}"
        if not texts:
            return Embedded([], model, 0)
        work = backend.services.embeddings.embed(texts, model, dimensions=dimensions, account=caller.id)
        return await while_there(work, request)

    @router.post("/api/embed")
    async def embed_like_ollama(sent: Embed, request: Request, caller: Asking) -> Vectors:
        """Return a vector for each text."""
        began = time.monotonic_ns()
        texts = [sent.input] if isinstance(sent.input, str) else sent.input
        made = await embedded(texts, sent, request, caller, sent.dimensions)
        return Vectors(
            model=sent.model,
            embeddings=made.vectors,
            total_duration=time.monotonic_ns() - began,
            load_duration=0,
            prompt_eval_count=made.tokens,
        )

    @router.post("/api/embeddings")
    async def embed_one_like_ollama(sent: EmbedOne, request: Request, caller: Asking) -> Vector:
        """Return the vector of one text."""
        made = await embedded([sent.prompt] if sent.prompt else [], sent, request, caller)
        return Vector(embedding=made.vectors[0] if made.vectors else [])

    return router
