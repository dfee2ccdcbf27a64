"""The installed PySide6 counts references to None rightly.

PySide6 6.12.0 loses one with every call that returns nothing. Before Python 3.12, where None became immortal, the
process aborts after some thousand calls. pyproject.toml keeps to an older release there; this catches the next fault.
"""

import subprocess
import sys

import pytest

CALLS = 1000
COUNT_NONE = f"""
import sys
from PySide6.QtGui import QFont
font = QFont()
font.setBold(True)
before = sys.getrefcount(None)
for _ in range({CALLS}):
    font.setBold(True)
print(sys.getrefcount(None) - before)
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal")
def test_calls_that_return_nothing_keep_none_alive() -> None:
    done = subprocess.run([sys.executable, "-c", COUNT_NONE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert abs(int(done.stdout)) < CALLS / 10
