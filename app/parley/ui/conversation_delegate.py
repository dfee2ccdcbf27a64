"""Draws the rows of the list of chats, and edits a title in place."""

from datetime import datetime

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from parley.messages import Conversation
from parley.ui.conversation_list import ROW_ROLE, Heading
from parley.ui.dates import short_time
from parley.ui.look import Look
from parley.ui.painting import line, row_box, sized, split_end, width_of

Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 34
DOT = 8
LONGEST_TITLE = 200


class ConversationDelegate(QStyledItemDelegate):
    """One line a row: the title, and at the end the time or the mark of an answer that is coming."""

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
        if isinstance(row, Heading):
            self._paint_heading(painter, option, row)
        elif isinstance(row, Conversation):
            self._paint_conversation(painter, option, row)
        painter.restore()

    def _paint_heading(self, painter: QPainter, option: QStyleOptionViewItem, row: Heading) -> None:
        painter.setPen(self._look.theme.color("muted"))
        room = option.rect.adjusted(18, 6, -18, 0)
        line(painter, option, room, row.text, sized(option.font, -1.0, bold=True))

    def _paint_conversation(self, painter: QPainter, option: QStyleOptionViewItem, row: Conversation) -> None:
        theme = self._look.theme
        current = row.id == self.shown_id
        room = row_box(painter, option, theme, current=current)
        time = "" if row.answering else short_time(row.updated_at, datetime.now().astimezone().date())
        small = sized(option.font, -1.5)
        width = DOT if row.answering else width_of(time, small)
        start, end = split_end(option, room, width)
        painter.setPen(theme.color("text"))
        line(painter, option, start, row.title, sized(option.font, 0.0, bold=current))
        if row.answering:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent"))
            dot = QRect(0, 0, DOT, DOT)
            dot.moveCenter(end.center())
            painter.drawEllipse(dot)
        else:
            painter.setPen(theme.color("muted"))
            line(painter, option, end, time, small, at_end=True)

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
