"""Chat with the tiny model: starts its real server, and Parley beside it on a data folder of its own.

python3 dev.py demo         opens the window (in the terminal where there is no display)
python3 dev.py demo chat    chats in the terminal; any other arguments of `parley` will do too
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from parley.main import has_display
from parley.options import ProviderRow
from parley.settings import Settings
from tests.peers.tiny_engine import TinyEngine

HINT = """\
The tiny model knows a few replies: anything at all, /markdown, /think and /long (without end: stop it).
What you write is kept in a temporary folder and gone when you leave.
"""


def main() -> int:
    """Run Parley until it ends, and return its exit code."""
    arguments = sys.argv[1:] or ([] if has_display() else ["chat"])
    print(HINT, flush=True)
    with TinyEngine.start() as engine, tempfile.TemporaryDirectory(prefix="parley-demo-") as folder:
        row = ProviderRow(engine.model, engine.url)
        Settings(Path(folder) / "settings.json").update(
            providers=(row,), default_model=f"{engine.model}/{engine.model}", discover=False
        )
        command = [sys.executable, "-m", "parley", "--data-dir", folder, *arguments]
        process = subprocess.Popen(command)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the terminal sends Ctrl+C to both; Parley decides what it means
                continue


if __name__ == "__main__":
    sys.exit(main())
