"""Lexers are loaded in a thread."""

import os
import subprocess
import sys
from pathlib import Path

import parley

LEFT_WHILE_LOADING = """
import atexit, sys, threading, time
atexit.register(time.sleep, 0.5)  # registered first, so called last: after Qt's objects are gone

from PySide6.QtCore import QCoreApplication
from parley.ui.transcript import lexers

begun = threading.Event()

def slow(language):
    begun.set()
    time.sleep(0.2)
    return True

lexers.has_colors = slow
app = QCoreApplication([])
languages = lexers.Lexers()
languages.ready("python")
while not begun.is_set():
    app.processEvents()
"""


def test_leaving_while_a_language_is_loaded_takes_nothing_down() -> None:
    env = {**os.environ, "PYTHONPATH": str(Path(parley.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", LEFT_WHILE_LOADING], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
