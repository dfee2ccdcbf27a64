"""Server mode: the engine's door for the network."""

from parley.server.backend import Plan
from parley.server.embedded import EmbeddedServer

__all__ = ["EmbeddedServer", "Plan"]
