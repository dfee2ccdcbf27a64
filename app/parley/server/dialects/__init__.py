"""The wire formats that the server speaks, one package or module each."""

from parley.server.dialects.mingly import MINGLY

BUILT_IN = (MINGLY,)
"""Without the plugins'. The one whose prefix is empty takes what no other claims."""
