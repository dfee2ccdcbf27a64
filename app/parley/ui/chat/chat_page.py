"""ChatPage: the right column. Header, transcript or welcome, composer. Layout only: `conversation_view` uses it."""

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QScrollBar, QStackedWidget, QVBoxLayout, QWidget

from parley.ui.actions import Actions
from parley.ui.appearance.look import Look
from parley.ui.chat.header import Header
from parley.ui.composer.composer import Composer
from parley.ui.models.model_button import ModelButton

if TYPE_CHECKING:
    from parley.ui.chat.status_line import StatusLine
    from parley.ui.notices import Notices
    from parley.ui.transcript import Transcript
    from parley.ui.welcome.welcome import Welcome

TALLEST_SHARE = 0.4
"""How much of the height the composer may take."""

MARGIN = 16
ASIDE = 24


class ChatPage(QWidget):
    """One conversation, or the beginning of one. What fills the body is made when it is first shown."""

    asked = Signal(str)
    """A question that the empty chat offers has been chosen."""

    connect_requested = Signal()
    """The person wants a model, from the empty chat."""

    welcome_shown = Signal()
    """The empty chat is on show, or what it says has changed."""

    def __init__(self, look: Look, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.header = Header(look, actions, self)
        self.body = QStackedWidget(self)
        self.composer = Composer(look, self)
        self.model_button = ModelButton(look, self)
        self.composer.tools.insertWidget(0, self.model_button)
        self._widest = look.theme.column_width
        self._around_composer = QHBoxLayout()
        self._around_composer.addWidget(self.composer)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.body, 1)
        column.addLayout(self._around_composer)
        self.setMinimumWidth(300)
        self._bar_width = QScrollBar(Qt.Orientation.Vertical).sizeHint().width()
        self.body.installEventFilter(self)
        self.body.currentChanged.connect(self._align)
        self._align()

    @cached_property
    def notices(self) -> "Notices":
        """Return the place for what happened."""
        from parley.ui.notices import Notices

        made = Notices(self._look, self.body)
        made.left.connect(self.composer.setFocus)
        self.body.currentChanged.connect(made.raise_)  # the stack raises what it shows
        return made

    @cached_property
    def status_line(self) -> "StatusLine":
        """Return what tells tokens and context."""
        from parley.ui.chat.status_line import StatusLine

        made = StatusLine(self._look, self.composer)
        self.composer.tools.insertWidget(2, made)
        return made

    @cached_property
    def transcript(self) -> "Transcript":
        """Return the messages."""
        from parley.ui.error_texts import failure_text
        from parley.ui.transcript import Transcript

        made = Transcript(self._look.theme, self.body, failure_text)
        self.body.addWidget(made)
        QWidget.setTabOrder(self.header.more, made)
        made.viewport().installEventFilter(self)
        made.installEventFilter(self)
        bar = made.verticalScrollBar()
        bar.rangeChanged.connect(lambda low, high: bar.setEnabled(high > low))  # the style hides a disabled handle
        bar.setEnabled(False)
        self._look.changed.connect(lambda: made.set_theme(self._look.theme))
        return made

    @cached_property
    def welcome(self) -> "Welcome":
        """Return what an empty chat has to say."""
        from parley.ui.welcome.welcome import Welcome

        made = Welcome(self.body)
        made.asked.connect(self.asked)
        made.connect_requested.connect(self.connect_requested)
        self.body.addWidget(made)
        return made

    def show_welcome(self, *, only_guide: bool, model: str) -> None:
        """Show what an empty chat has to say."""
        self.welcome.show_for(only_guide=only_guide, model=model)
        self.body.setCurrentWidget(self.welcome)
        self.welcome_shown.emit()

    @property
    def shows_welcome(self) -> bool:
        """Return whether the empty chat is on show."""
        return "welcome" in vars(self) and self.body.currentWidget() is self.welcome

    def show_transcript(self) -> None:
        """Show the messages."""
        self.body.setCurrentWidget(self.transcript)

    @property
    def first_in_body(self) -> QWidget | None:
        """Return what takes the keyboard above the composer: the messages, or what the welcome offers first."""
        if self.body.currentWidget() is self.transcript:
            return self.transcript
        return next((button for button in self.welcome.findChildren(QAbstractButton) if button.isVisible()), None)

    def enter_body(self) -> None:
        """Give it the keyboard."""
        if first := self.first_in_body:
            first.setFocus(Qt.FocusReason.TabFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.ContentsRectChange):
            self._align()
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and self._is_transcript(watched) and event.type() == QEvent.Type.KeyPress and self.composer.answering:
            self.composer.stopped.emit()
            return True
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.composer.field.set_tallest(int(event.size().height() * TALLEST_SHARE))

    def _is_transcript(self, widget: object) -> bool:
        """Return whether a widget is the transcript, without making one."""
        return widget is not None and widget is vars(self).get("transcript")

    def _align(self) -> None:
        """Put the composer right below the text column, wherever the transcript has that now."""
        if self._is_transcript(self.body.currentWidget()):
            left, width = self.transcript.column()
            before = self.transcript.viewport().mapTo(self, QPoint(0, 0)).x() + left
        else:  # the same place, so that nothing moves when the first message is sent
            place = self.body.contentsMargins()
            room = self.width() - place.left() - place.right() - self._bar_width
            width = min(self._widest, room - 2 * min(ASIDE, room // 16))
            before = place.left() + (room - width) // 2
            if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
                before += self._bar_width
        self._around_composer.setContentsMargins(before, 4, self.width() - before - width, MARGIN)
