"""Notices: a quiet place for what happened. A sentence, at most one action, and a way to dismiss it; never a box."""

import re
from collections.abc import Callable
from unicodedata import bidirectional

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QTextOption
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from parley.ui.appearance.look import Look

PASSING_MS = 8000
MOST = 3
WIDEST = 560
EDGE = 12
PAD = 4
ASIDE = 90
"""What a notice needs beside its words and buttons: sign, close button and margins."""
LEAST_WORDS = 220
"""The words have at least so much room, or the buttons go below them."""
LINES = 8
"""Of somebody else's words so many are in sight at once."""
BREAKS = r"(?<=[/\\._-])(?=\S)"
ISOLATED = "\N{FIRST STRONG ISOLATE}.*?\N{POP DIRECTIONAL ISOLATE}"
LEFT_MARK, RIGHT_MARK = "\N{LEFT-TO-RIGHT MARK}", "\N{RIGHT-TO-LEFT MARK}"
ZERO_WIDTH_SPACE = "\N{ZERO WIDTH SPACE}"
LONG_WORD = r"\S{24,}"


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
        self._words = _label(text, self)
        self._detail = Detail(detail, self)
        self._buttons = QWidget(self)
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(4)
        buttons.addStretch(1)
        if detail:
            buttons.addWidget(self._quiet(self.tr("Details"), self._turn_detail))
        if action:
            buttons.addWidget(self._quiet(action, self.acted.emit))
        self._buttons.setVisible(bool(detail or action))
        self._inline: bool | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 4, 4, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        self._close = self._close_button(look)
        self._sign = QLabel(self)
        if error:
            look.dress(self._sign, "warning", "danger")
            self._grid.addWidget(self._sign, 0, 0, top)
        self._sign.setVisible(error)
        self._grid.addWidget(self._words, 0, 1)
        self._grid.addWidget(self._close, 0, 3, top)
        self._grid.addWidget(self._detail, 2, 1, 1, 2)
        self._place_buttons(inline=True)

    def _close_button(self, look: Look) -> QToolButton:
        close = QToolButton(self)
        close.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        close.setAccessibleName(self.tr("Dismiss"))
        close.setToolTip(self.tr("Dismiss"))
        look.dress(close, "close")
        close.clicked.connect(self.dismissed)
        return close

    def fit(self, width: int) -> None:
        """Put the buttons beside the words where they leave room, on one line with the first; else below them."""
        line = self.fontMetrics().lineSpacing()
        tall = max(line + 2 * PAD, self._close.sizeHint().height(), self._buttons.sizeHint().height())
        for part in (self._sign, self._buttons, self._close):
            part.setMinimumHeight(tall)
        self._words.setContentsMargins(0, (tall - line) // 2, 0, (tall - line) // 2)
        wanted = self.fontMetrics().horizontalAdvance(self._words.text())
        self._place_buttons(inline=width - self._buttons.sizeHint().width() - ASIDE > min(wanted, LEAST_WORDS))

    def _place_buttons(self, *, inline: bool) -> None:
        if inline != self._inline:
            self._inline = inline
            self._grid.removeWidget(self._buttons)
            row, column, columns = (0, 2, 1) if inline else (1, 1, 3)
            self._grid.addWidget(self._buttons, row, column, 1, columns, Qt.AlignmentFlag.AlignTop)

    def _quiet(self, text: str, act: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", "link")
        button.clicked.connect(lambda _checked=False: act())
        return button

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit(event.size().width())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            super().keyPressEvent(event)

    @property
    def in_use(self) -> bool:
        """Return whether somebody points at it or has the keyboard in it."""
        focused = QApplication.focusWidget()
        return self.underMouse() or (focused is not None and self.isAncestorOf(focused))

    def _turn_detail(self) -> None:
        self._detail.setVisible(not self._detail.isVisible())


class Notices(QWidget):
    """The notices over the top of another widget, newest last. The same sentence is never there twice."""

    left = Signal()
    """The keyboard was in a notice that has gone, and there is no other."""

    def __init__(self, look: Look, over: QWidget) -> None:
        super().__init__(over)
        self._look = look
        self._over = over
        self._top = 0
        self._shown: list[Notice] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(EDGE, 8, EDGE, 0)
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
        stays: bool = False,
    ) -> Notice:
        """Show a sentence. Errors, and what `stays`, wait to be dismissed; the rest goes by itself after a while."""
        from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

        notice = Notice(self._look, text, action=action, detail=detail, error=error, parent=self)
        notice.dismissed.connect(lambda: self.remove(notice))
        notice.acted.connect(lambda: self.remove(notice))
        if act:
            notice.acted.connect(act)
        if not error and not stays:
            self._let_pass(notice)
        for same in [other for other in self._shown if other.accessibleName() == text]:
            self.remove(same)
        self._shown.append(notice)
        self._column.addWidget(notice)
        if len(self._shown) > MOST:
            self.remove(next((old for old in self._shown[:-1] if not old.property("error")), self._shown[0]))
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
        focused = QApplication.focusWidget()
        had_keyboard = focused is not None and notice.isAncestorOf(focused)
        self._shown.remove(notice)
        self._column.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        self.setVisible(bool(self._shown))
        self._place()
        if had_keyboard and self._shown:
            self.enter()
        elif had_keyboard:
            self.left.emit()

    def enter(self) -> None:
        """Give the newest notice the keyboard."""
        if self._shown:
            self._shown[-1].findChildren(QAbstractButton)[0].setFocus(Qt.FocusReason.TabFocusReason)

    def _let_pass(self, notice: Notice) -> None:
        """Take a notice away after a while, but not from under somebody's hand."""

        def pass_by() -> None:
            if notice.in_use:
                self._let_pass(notice)
            else:
                self.remove(notice)

        QTimer.singleShot(PASSING_MS, notice, pass_by)

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
        for notice in self._shown:
            notice.fit(width - 2 * EDGE)
        height = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry((self._over.width() - width) // 2, self._top, width, height)


class Detail(QPlainTextEdit):
    """Somebody else's words: breaks them anywhere, and scrolls when there are many."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setObjectName("noticeDetail")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Details"))
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        lines = min(LINES, int(self.document().size().height()))  # a plain document counts in lines
        margins = 2 * int(self.document().documentMargin())
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + margins)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()  # the notice goes
        else:
            super().keyPressEvent(event)


def _own_direction(text: str) -> str:
    """Return the mark with which a sentence begins that must not run as an isolated name in it does: Qt looks at
    the first letter, isolated or not.
    """
    kinds = map(bidirectional, re.sub(ISOLATED, "", text))
    strong = next((kind for kind in kinds if kind in ("L", "R", "AL")), "")
    return "" if not strong or not re.search(ISOLATED, text) else LEFT_MARK if strong == "L" else RIGHT_MARK


def _label(text: str, parent: QWidget) -> QLabel:
    broken = re.sub(LONG_WORD, lambda word: re.sub(BREAKS, ZERO_WIDTH_SPACE, word.group()), text)
    label = QLabel(_own_direction(text) + broken, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
