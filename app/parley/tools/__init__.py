"""Tools: what a model may have done while it answers, where that is asked for and allowed. One module a tool.

They know nothing of any provider, and nothing of turns.
"""

from parley.tools.base import Outcome, Place, Tool
from parley.tools.box import Toolbox
from parley.tools.save_file import SAVE_FILE, SaveFile

__all__ = ["SAVE_FILE", "Outcome", "Place", "SaveFile", "Tool", "Toolbox"]
