"""PySide reads the source of every module that is imported after it, to see whether the module speaks of PySide6.

That costs a tenth of a millisecond for each, and Python keeps all the text: megabytes for httpx and Pygments. It does
so for its `__feature__` switches, which nobody here turns; and which modules use Qt we know by their names.
"""

from importlib import import_module
from types import ModuleType

QT_USERS = ("parley.ui", "parley.main", "qasync", "__main__")
ASKED = "_mod_uses_pyside"


def leave_sources_unread() -> None:
    """Answer PySide's question from a module's name. A PySide that does not ask is let be."""
    import_module("PySide6.QtCore")
    try:
        switches = vars(import_module("shibokensupport.feature"))
    except ImportError:
        return
    if ASKED in switches:
        switches[ASKED] = uses_qt


def uses_qt(module: ModuleType) -> bool:
    """Return whether a module uses Qt."""
    return module.__name__.startswith(QT_USERS)
