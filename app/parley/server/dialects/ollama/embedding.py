"""Vectors of texts."""

import time
from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter

from parley.errors import RequestInvalid
from parley.messages import Usage
from parley.permits import Permits
from parley.providers.base import Embedder
from parley.server.application import Asking
from parley.server.backend import Backend
from parley.server.connections import Caller
from parley.server.dialects.ollama.naming import meant
from parley.server.dialects.ollama.shapes import Embed, Embedded, EmbeddedOne, EmbedOne
from parley.tokens import in_text


def routes(backend: Backend) -> APIRouter:
    """Return the routes that turn texts into vectors."""
    router = APIRouter()
    services = backend.services

    async def vectors_of(wanted: str, texts: Sequence[str], caller: Caller) -> tuple[list[list[float]], int]:
        """Return a vector for each text, and about how many tokens these have. Raises ChatError."""
        provider, name = await meant(backend, wanted)
        Permits(services.store).demand(caller.id, provider.id, name)
        if not isinstance(provider, Embedder):
            raise RequestInvalid(problem=f"“{wanted}” does not support embeddings")
        if not texts:
            return [], 0
        vectors = await provider.embed(name, texts)
        tokens = sum(map(in_text, texts))
        id, about = f"{provider.id}/{name}", services.catalog.known(provider.id, name)
        usage = services.prices.priced(Usage(tokens, 0, estimated=True), id, about)
        if usage.cost is None and services.catalog.runs_here(id):
            usage = replace(usage, cost=0.0)
        await services.store.spending.add(id, usage, caller.id)
        return vectors, tokens

    @router.post("/api/embed")
    async def embed_like_ollama(sent: Embed, caller: Asking) -> Embedded:
        """Return a vector for each text."""
        began = time.monotonic_ns()
        texts = [sent.input] if isinstance(sent.input, str) else sent.input
        vectors, tokens = await vectors_of(sent.model, texts, caller)
        if sent.dimensions is not None and any(len(vector) != sent.dimensions for vector in vectors):
            raise RequestInvalid(problem=f"dimensions: the vectors of “{sent.model}” have {len(vectors[0])}")
        return Embedded(
            model=sent.model,
            embeddings=vectors,
            total_duration=time.monotonic_ns() - began,
            load_duration=0,
            prompt_eval_count=tokens,
        )

    @router.post("/api/embeddings")
    async def embed_one_like_ollama(sent: EmbedOne, caller: Asking) -> EmbeddedOne:
        """Return the vector of one text."""
        vectors, _ = await vectors_of(sent.model, [sent.prompt] if sent.prompt else [], caller)
        return EmbeddedOne(embedding=vectors[0] if vectors else [])

    return router
