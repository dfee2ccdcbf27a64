"""Draws the rows of the list of chats, and edits a title in place."""

from datetime import datetime

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from parley.messages import Conversation
from parley.ui.appearance.look import Look
from parley.ui.appearance.painting import bar, line, row_box, sized, split_end, width_of
from parley.ui.sidebar.conversation_list import FOLD_ROLE, ROW_ROLE, Fold
from parley.ui.sidebar.dates import short_time

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 34
UNREAD, WRITING = 8, 4
"""The dot of an answer that waits to be read, and the dots of one that is being written."""

ARROW = 16
ANSWERING_WIDTH = 5 * WRITING
LONGEST_TITLE = 200


class ConversationDelegate(QStyledItemDelegate):
    """One line a row: the title, and at the end the time and the mark of an answer: that it is coming, or unread."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self.shown_id: str | None = None
        """The conversation that is open."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, max(ROW_HEIGHT, option.font.pointSize() * 3))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        row = index.data(ROW_ROLE)
        if isinstance(row, Conversation):
            self._paint_conversation(painter, option, row)
        elif fold := index.data(FOLD_ROLE):
            self._paint_fold(painter, option, str(index.data()), fold)
        else:
            self._paint_heading(painter, option, str(index.data()))
        painter.restore()

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, heading: str) -> None:
        painter.setPen(self._look.theme.color("muted"))
        room = option.rect.adjusted(18, 6, -18, 0)
        line(painter, option, room, heading, sized(option.font, -1.0, bold=True))

    def _paint_fold(self, painter: QPainter, option: QStyleOptionViewItem, heading: str, fold: Fold) -> None:
        """Draw a heading that can be pressed: an arrow behind its words, and the mark of an answer that it hides."""
        room = row_box(painter, option, self._look.theme, current=False)
        start, end = split_end(option, room, UNREAD) if fold.unread else (room, room)
        if fold.unread:
            self._paint_dot(painter, end, UNREAD)
        font = sized(option.font, -1.0, bold=True)
        width = min(width_of(heading, font), start.width() - ARROW)
        words, arrow = QRect(start), QRect(start)
        words.setWidth(width)
        arrow.setRect(start.left() + width + 2, start.center().y() - ARROW // 2, ARROW, ARROW)
        painter.setPen(self._look.theme.color("muted"))
        line(painter, option, QStyle.visualRect(option.direction, start, words), heading, font)
        icon = self._look.icon("chevron-right" if fold.folded else "chevron-down")
        icon.paint(painter, QStyle.visualRect(option.direction, start, arrow))

    def _paint_conversation(self, painter: QPainter, option: QStyleOptionViewItem, row: Conversation) -> None:
        theme = self._look.theme
        current = row.id == self.shown_id
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        room = row_box(painter, option, theme, current=current, chosen=chosen)
        if current:
            bar(painter, option, theme)
        time = "" if row.answering else short_time(row.updated_at, datetime.now().astimezone().date())
        small = sized(option.font, -1.5)
        looked_at = current and bool(option.state & QStyle.StateFlag.State_Active)
        unread = row.unread and not looked_at
        sign = ANSWERING_WIDTH if row.answering else UNREAD if unread else 0
        start, end = split_end(option, room, sign) if sign else (room, room)
        if row.answering:
            self._paint_answering(painter, end)
        elif unread:
            self._paint_dot(painter, end, UNREAD)
        start, end = split_end(option, start, width_of(time, small))
        painter.setPen(theme.color("text"))
        line(painter, option, start, row.title, sized(option.font, 0.0, bold=unread))
        painter.setPen(theme.color("muted"))
        line(painter, option, end, time, small, at_end=True)

    def _paint_answering(self, painter: QPainter, room: QRect) -> None:
        """Draw three dots in a row: somebody is writing. They do not move, so they cost nothing."""
        for step in (-1, 0, 1):
            self._paint_dot(painter, room.translated(step * WRITING * 2, 0), WRITING)

    def _paint_dot(self, painter: QPainter, room: QRect, size: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.color("accent"))
        center = QRectF(room).center()
        painter.drawEllipse(center, size / 2, size / 2)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setObjectName("rename")
        editor.setMaxLength(LONGEST_TITLE)
        editor.setAccessibleName(self.tr("New title"))
        return editor

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit):
            editor.setText(str(index.data(Qt.ItemDataRole.EditRole)))
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QLineEdit):
            model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(8, 1, -8, -1))

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        return False
