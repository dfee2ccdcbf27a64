"""Areas: the parts of the window that F6 goes through, round and round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from parley.ui.sidebar.sidebar import Sidebar


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the window, and what gives it the keyboard."""

    widget: QWidget
    enter: Callable[[], object]
    usable: Callable[[], bool] = lambda: True
    """Says whether there is anything in it to go to."""


class Areas:
    """Knows where the keyboard is, and which area comes next. What is out of sight is left out."""

    def __init__(self, areas: Sequence[Area]) -> None:
        self._areas = areas

    def step(self, by: int) -> None:
        """Go to the next area (1), or to the one before (-1)."""
        shown = [area for area in self._areas if area.widget.isVisible() and area.usable()]
        if not shown:
            return
        here = self._here(shown)
        start = -1 if by > 0 else 0
        shown[((start if here is None else shown.index(here)) + by) % len(shown)].enter()

    @staticmethod
    def _here(shown: Sequence[Area]) -> Area | None:
        """Return the innermost area around the keyboard."""
        widget: QWidget | None = QApplication.focusWidget()
        while widget is not None:
            for area in shown:
                if area.widget is widget:
                    return area
            widget = widget.parentWidget()
        return None


def tab_from_above(sidebar: Sidebar) -> None:
    """Have Tab go through the sidebar as one reads it: its parts have been made in another order."""
    own = [button for button in sidebar.findChildren(QAbstractButton) if not sidebar.search.isAncestorOf(button)]
    named = {button.objectName(): button for button in own}
    above = [named[""], sidebar.search, named["newChat"], sidebar.list, sidebar.results]
    above += [named["openSettings"], named["openServer"]]
    for before, after in pairwise(above):
        QWidget.setTabOrder(before, after)
