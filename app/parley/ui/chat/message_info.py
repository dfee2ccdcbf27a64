"""MessageInfo: what is known of one message, in a small popup: each fact can be copied, and all of them."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QDateTime, QLocale, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from parley.messages import Message, MessageStatus, Role, Usage
from parley.ui.appearance.look import Look
from parley.ui.error_texts import failure_text
from parley.ui.money import money

WIDTH = 480
EDGE = 8
AROUND = 16 + 12 + 2 * 12 + 2
"""Margins, the room between columns, and the edge."""
FOOT = 40
"""The row of buttons below an answer stays in sight."""
COPIED_MS = 1600


class Fact(NamedTuple):
    """One thing that is known of a message."""

    label: str
    value: str


class MessageInfo(QFrame):
    """A popup that goes with Escape or a click beside it."""

    def __init__(self, look: Look, message: Message, provider: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("popup")
        self.setAccessibleName(self.tr("Message information"))
        self._look = look
        self.facts = self._facts(message, provider)
        self._rows: list[tuple[QLabel, QLabel, QToolButton]] = []
        title = QLabel(self.tr("Message information"), self)
        title.setProperty("title", True)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        for row, fact in enumerate(self.facts):
            self._add(grid, row, fact)
        self.copy_all = QPushButton(self.tr("Copy all"), self)
        look.dress(self.copy_all, "copy")
        self.copy_all.clicked.connect(self._copy_all)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(title)
        column.addLayout(grid)
        column.addWidget(self.copy_all, 0, Qt.AlignmentFlag.AlignTrailing)

    def open_at(self, place: QRect, within: QWidget, *, at_end: bool) -> None:
        """Open below a place in the window, or above it, or over its lower end; at the end of its line or its start."""
        room = within.rect().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        width = min(WIDTH, room.width())
        self.ensurePolished()
        for label, _, copy in self._rows:
            label.ensurePolished()
            copy.ensurePolished()
        beside = max(label.sizeHint().width() for label, _, _ in self._rows) + self._rows[0][2].sizeHint().width()
        for _, value, _ in self._rows:
            value.ensurePolished()
            value.setFixedWidth(width - beside - AROUND)
            value.setFixedHeight(value.heightForWidth(value.width()))
        size = QSize(width, min(self.sizeHint().height(), room.height()))
        right = at_end is not (within.layoutDirection() == Qt.LayoutDirection.RightToLeft)
        left = place.right() - size.width() if right else place.left()
        left = max(room.left(), min(left, room.right() - size.width()))
        tops = (place.bottom() + EDGE, place.top() - EDGE - size.height())
        fits = (top for top in tops if room.top() <= top <= room.bottom() - size.height())
        top = next(fits, max(room.top(), min(place.bottom(), room.bottom()) - FOOT - size.height()))
        self.setGeometry(QRect(within.mapToGlobal(QPoint(left, top)), size))
        self.show()
        self.copy_all.setFocus(Qt.FocusReason.PopupFocusReason)

    def _add(self, grid: QGridLayout, row: int, fact: Fact) -> None:
        label = QLabel(fact.label, self)
        label.setProperty("muted", True)
        value = QLabel(fact.value, self)
        value.setTextFormat(Qt.TextFormat.PlainText)
        value.setWordWrap(True)
        value.setAccessibleName(f"{fact.label}: {fact.value}")
        copy = QToolButton(self)
        copy.setAccessibleName(self.tr("Copy {what}").format(what=fact.label))
        copy.setToolTip(copy.accessibleName())
        copy.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._look.dress(copy, "copy")
        copy.clicked.connect(partial(self._copy, copy, fact.value))
        self._rows.append((label, value, copy))
        grid.addWidget(label, row, 0)
        grid.addWidget(value, row, 1)
        grid.addWidget(copy, row, 2)

    def _copy(self, button: QToolButton, text: str, checked: bool = False) -> None:
        QGuiApplication.clipboard().setText(text)
        self._look.dress(button, "check", "accent")
        QTimer.singleShot(COPIED_MS, button, lambda: self._look.dress(button, "copy"))

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(f"{fact.label}: {fact.value}" for fact in self.facts))
        self.copy_all.setText(self.tr("Copied"))
        self._look.dress(self.copy_all, "check", "accent")

    # --- what is known
    def _facts(self, message: Message, provider: str) -> list[Fact]:
        known = [
            (self.tr("From"), self.tr("You") if message.role is Role.USER else ""),
            (self.tr("Model"), message.model.partition("/")[2] or message.model),
            (self.tr("Provider"), provider),
            (self.tr("Time"), _time(message.created_at)),
            *self._costs(message.usage or Usage()),
            (self.tr("Ended"), self._ended(message)),
            (self.tr("Id"), message.id),
        ]
        return [Fact(label, value) for label, value in known if value]

    def _costs(self, usage: Usage) -> list[tuple[str, str]]:
        speed = usage.tokens_per_second
        count: Callable[[int | None], str] = partial(self._count, estimated=usage.estimated)
        return [
            (self.tr("Tokens read"), count(usage.input_tokens)),
            (self.tr("Tokens from the cache"), count(usage.cached_tokens or None)),
            (self.tr("Tokens into the cache"), count(usage.cache_writing_tokens or None)),
            (self.tr("Tokens written"), count(usage.output_tokens)),
            (self.tr("Tokens of reasoning"), count(usage.reasoning_tokens)),
            (self.tr("Cost"), money(usage.cost, about=usage.estimated) if usage.cost else ""),
            (self.tr("Tokens per second"), self._about(_number(speed), estimated=usage.estimated)),
            (self.tr("First token after"), self._seconds(usage.first_token_seconds)),
            (self.tr("Duration"), self._seconds(usage.seconds)),
        ]

    def _count(self, tokens: int | None, *, estimated: bool) -> str:
        return self._about(QLocale().toString(tokens) if tokens is not None else "", estimated=estimated)

    def _about(self, value: str, *, estimated: bool) -> str:
        return self.tr("about {number}").format(number=value) if value and estimated else value

    def _seconds(self, seconds: float | None) -> str:
        return self.tr("{seconds} s").format(seconds=_number(seconds)) if seconds is not None else ""

    def _ended(self, message: Message) -> str:
        if message.role is Role.USER:
            return ""
        reason = message.usage.reason if message.usage else ""
        match message.status:
            case MessageStatus.STREAMING:
                return self.tr("Not yet")
            case MessageStatus.STOPPED:
                return self.tr("Stopped by you")
            case MessageStatus.INTERRUPTED:
                return self.tr("Interrupted: Parley was closed or broke off")
            case MessageStatus.FAILED:
                return failure_text(message.failure) if message.failure else self.tr("Failed")
            case MessageStatus.COMPLETE if reason == "length":
                return self.tr("Cut off at the length limit")
            case MessageStatus.COMPLETE if reason == "filtered":
                return self.tr("Withheld by the provider’s safety rules")
            case MessageStatus.COMPLETE:
                return self.tr("Complete") if reason in {"", "stop"} else self.tr("Complete") + f" ({reason})"


def _number(value: float | None) -> str:
    return "" if value is None else QLocale().toString(value, "f", 1 if value >= 1 else 2)


def _time(seconds: float) -> str:
    """Return a moment in full, as it is written where the person lives."""
    moment = QDateTime.fromMSecsSinceEpoch(round(seconds * 1000))
    return f"{QLocale().toString(moment.date())} {QLocale().toString(moment.time(), QLocale.FormatType.ShortFormat)}"
