"""Markdown -> blocks -> HTML, and the colours of code. Free of Qt: the transcript, a web page and exports use it alike.

markdown-it and Pygments are imported at first use.
"""

from parley.render.blocks import Above, Block, Kind, merge, plain_blocks
from parley.render.plain import plain
from parley.render.splitter import Splitter, Step, add, parse, parse_slices

__all__ = [
    "Above",
    "Block",
    "Kind",
    "Splitter",
    "Step",
    "add",
    "merge",
    "parse",
    "parse_slices",
    "plain",
    "plain_blocks",
]
