"""Server mode: the engine's door for the network."""

from parley.server.embedded import EmbeddedServer

__all__ = ["EmbeddedServer"]
