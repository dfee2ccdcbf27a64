"""Notices: a quiet place for what happened. A sentence, at most one action, and a way to dismiss it; never a box."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from parley.ui.look import Look

PASSING_MS = 8000
MOST = 3
WIDEST = 560


class Notice(QFrame):
    """One sentence with its action. `detail` (somebody else's words) is folded away."""

    dismissed = Signal()
    acted = Signal()

    def __init__(
        self,
        look: Look,
        text: str,
        *,
        action: str = "",
        detail: str = "",
        error: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setProperty("error", error)
        self.setAccessibleName(text)
        row = QHBoxLayout()
        row.setSpacing(8)
        if error:
            sign = QLabel(self)
            look.dress(sign, "warning", "danger")
            row.addWidget(sign)
        words = _label(text, self)
        row.addWidget(words, 1)
        self._detail = _label(detail, self)
        self._detail.setProperty("muted", True)
        self._detail.hide()
        if detail:
            row.addWidget(self._quiet(self.tr("Details"), self._turn_detail))
        if action:
            row.addWidget(self._quiet(action, self.acted.emit))
        close = QToolButton(self)
        close.setAccessibleName(self.tr("Dismiss"))
        close.setToolTip(self.tr("Dismiss"))
        look.dress(close, "close")
        close.clicked.connect(self.dismissed)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 4, 4, 4)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self._detail)

    def _quiet(self, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", "link")
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _turn_detail(self) -> None:
        self._detail.setVisible(not self._detail.isVisible())
        self.adjustSize()


class Notices(QWidget):
    """The notices over the top of another widget, newest last."""

    def __init__(self, look: Look, over: QWidget) -> None:
        super().__init__(over)
        self._look = look
        self._over = over
        self._top = 0
        self._shown: list[Notice] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 12, 0)
        self._column.setSpacing(8)
        over.installEventFilter(self)
        self.hide()

    def show_notice(
        self,
        text: str,
        *,
        action: str = "",
        act: Callable[[], object] | None = None,
        detail: str = "",
        error: bool = False,
    ) -> Notice:
        """Show a sentence. Errors stay until they are dismissed, the rest goes by itself after a while."""
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

        notice = Notice(self._look, text, action=action, detail=detail, error=error, parent=self)
        notice.dismissed.connect(lambda: self.remove(notice))
        notice.acted.connect(lambda: self.remove(notice))
        if act:
            notice.acted.connect(act)
        if not error:
            QTimer.singleShot(PASSING_MS, notice, lambda: self.remove(notice))
        self._shown.append(notice)
        self._column.addWidget(notice)
        if len(self._shown) > MOST:
            self.remove(self._shown[0])
        notice.show()
        self.show()
        self.raise_()
        self._place()
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(notice, text))
        return notice

    def remove(self, notice: Notice) -> None:
        """Take a notice away; one that has gone already is let be."""
        if notice not in self._shown:
            return
        self._shown.remove(notice)
        self._column.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        self.setVisible(bool(self._shown))
        self._place()

    def keep_clear(self, height: int) -> None:
        """Leave so much of the upper edge to something else."""
        self._top = height
        self._place()

    @property
    def texts(self) -> list[str]:
        """Return the sentences on show."""
        return [notice.accessibleName() for notice in self._shown]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return done

    def _place(self) -> None:
        width = min(WIDEST, self._over.width())
        height = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry((self._over.width() - width) // 2, self._top, width, height)


def _label(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
