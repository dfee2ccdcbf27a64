"""The least that a Qt program can do: an empty main window. Writes down when it was painted, and ends.

python -m tests.benchmarks.bare RESULT
"""

import sys
import time

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow


class Painted(QObject):
    """Writes the result once the window has been painted."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._finish)
        return False

    def _finish(self) -> None:
        painted, cpu = time.time(), time.process_time()
        import json
        from pathlib import Path

        from tests.benchmarks.memory import memory

        facts = {"painted": painted, "cpu": cpu, "memory": memory()}
        Path(sys.argv[1]).write_text(json.dumps(facts), encoding="utf-8")
        QApplication.quit()


def main() -> int:
    app = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.resize(1000, 700)
    painted = Painted()
    window.installEventFilter(painted)
    window.show()
    return app.exec()


if __name__ == "__main__":
    sys.exit(main())
