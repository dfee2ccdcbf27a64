"""The wire formats that the server speaks, one package or module each."""

from parley.server.dialects.anthropic import ANTHROPIC
from parley.server.dialects.asta import ASTA
from parley.server.dialects.mingleego import MINGLEEGO
from parley.server.dialects.mingly import MINGLY
from parley.server.dialects.ollama import OLLAMA
from parley.server.dialects.openai import OPENAI
from parley.server.dialects.page import PAGE
from parley.server.dialects.qinaya import QINAYA
from parley.server.dialects.typingmind import TYPINGMIND

BUILT_IN = (MINGLY, PAGE, OPENAI, ANTHROPIC, OLLAMA, ASTA, MINGLEEGO, QINAYA, TYPINGMIND)
"""Without the plugins'. The one whose prefix is empty takes what no other claims."""
