"""What stands around an answer's text: the folded reasoning above; below it how it ended and what can be done."""

import time
from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QTextLayout

from parley.messages import Failure, Message, MessageStatus, Role
from parley.ui.appearance.painting import isolated
from parley.ui.transcript import icons
from parley.ui.transcript.actions import actions_for, answers_for
from parley.ui.transcript.cell import Canvas, Cell, Hot
from parley.ui.transcript.done import done
from parley.ui.transcript.progress import Waiting
from parley.ui.transcript.style import Style
from parley.ui.transcript.words import Words
from parley.ui.transcript.wrapped import wrapped

WRAPPED = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeading) | int(Qt.AlignmentFlag.AlignTop)
Sentence = Callable[[Failure], str]
BAR = 28
"""The height of a button, and the least that a finger or an unsteady hand can hit."""

_ICONS = {
    "continue": "continue",
    "retry": "again",
    "settings": "settings",
    "regenerate-with": "continue",
    "save-file": "down",
}
"""The icons of what can be done about how an answer ended."""


class ReasoningHead(Cell):
    """One row that says how long the model thought and unfolds what. No height where it did not."""

    def __init__(self, style: Style, words: Words) -> None:
        self.style = style
        self.words = words
        self.present = self.open = self.running = False
        self.seconds: float | None = None

    def show(self, *, present: bool, running: bool, seconds: float | None) -> None:
        """Take what there is to say."""
        self.present, self.running, self.seconds = present, running, seconds
        self.width = -1

    def label(self) -> str:
        """Return what the row says."""
        return self.words.thinking() if self.running else self.words.thought(self.seconds)

    def estimate(self, width: int) -> int:
        return self.style.px(28) if self.present else 0

    def lay_out(self, width: int) -> int:
        self.width, self.height = width, self.estimate(width)
        return self.height

    def _room(self, rtl: bool) -> QRectF:
        style = self.style
        width = QFontMetricsF(style.quiet).horizontalAdvance(self.label()) + style.px(16 + 4 + 12)
        return QRectF(self.width - width + style.px(6) if rtl else -style.px(6), 0, width, style.px(28))

    def paint(self, canvas: Canvas) -> None:
        if not self.present:
            return
        painter, style = canvas.painter, canvas.style
        rtl = painter.layoutDirection() == Qt.LayoutDirection.RightToLeft
        room = self._room(rtl)
        if canvas.hover and canvas.hover.action == "reasoning":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color("hover"))
            painter.drawRoundedRect(room, style.theme.radius * 0.75, style.theme.radius * 0.75)
        size = style.px(16)
        inner = room.adjusted(style.px(5), 0, -style.px(7), 0)
        arrow = QRectF(inner.right() - size if rtl else inner.left(), (room.height() - size) / 2, size, size)
        icons.paint(painter, "down" if self.open else "next", arrow, style.color("muted"), mirrored=rtl)
        painter.setPen(style.color("muted"))
        painter.setFont(style.quiet)
        beside = size + style.px(4)
        text = inner.adjusted(0, 0, -beside, 0) if rtl else inner.adjusted(beside, 0, 0, 0)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeading), self.label())

    def hot_at(self, point: QPointF) -> Hot | None:
        rtl = self.rtl
        return Hot("reasoning", self._room(rtl)) if self.present and self._room(rtl).contains(point) else None


class More(Cell):
    """A button that shows the rest of a very long message."""

    above = 12

    def __init__(self, style: Style, label: str) -> None:
        self.style = style
        self.label = label

    def estimate(self, width: int) -> int:
        return self.style.px(30)

    def lay_out(self, width: int) -> int:
        self.width, self.height = width, self.estimate(width)
        return self.height

    def _box(self) -> QRectF:
        width = icons.button_width(self.style, self.label, self.style.px(28))
        return QRectF(self.width - width if self.rtl else 0, 1, width, self.style.px(28))

    def paint(self, canvas: Canvas) -> None:
        hover = canvas.hover is not None and canvas.hover.action == "show-all"
        icons.button(canvas, self._box(), "down", self.label, hover=hover, pressed=canvas.pressed, framed=True)

    def hot_at(self, point: QPointF) -> Hot | None:
        return Hot("show-all", self._box()) if self._box().contains(point) else None


class Foot(Cell):
    """How a message stands or ended, and below that its actions, which show when the message is active."""

    wide = True

    def __init__(self, style: Style, words: Words, sentence: Sentence) -> None:
        self.style = style
        self.words = words
        self._sentence = sentence
        self.message: Message | None = None
        self.versions: Sequence[str] = ()
        self.waiting: Waiting | None = None
        self.waits = self.unfolded = self.copied = False

    def show(
        self, message: Message, versions: Sequence[str], *, waits: bool = False, waiting: Waiting | None = None
    ) -> None:
        """Take what there is to say."""
        self.message, self.versions, self.waits, self.waiting = message, versions, waits, waiting
        self.above = self.style.px(12) if self._boxed else 0
        self.width = -1

    @property
    def _boxed(self) -> bool:
        """Say whether it stands below the box of what a person said, at the box's side."""
        return self.message is not None and self.message.role is Role.USER

    def state_words(self) -> str:
        """Return what stands below the answer, if anything: what tools have done, and how it ended."""
        message = self.message
        if message is None:
            return ""
        return "\n".join(filter(None, (done(message, self.words), self._state(message))))

    def _state(self, message: Message) -> str:
        match message.status:
            case MessageStatus.STREAMING if self.waiting:
                return self.words.status(self.waiting.words, self.waiting.seconds)
            case MessageStatus.STREAMING if self.waits:
                return self.words.waiting(max(0, int(time.time() - message.created_at)))
            case MessageStatus.FAILED:
                return self._sentence(message.failure) if message.failure else self.words.failed()
            case MessageStatus.INTERRUPTED:
                return self.words.interrupted()
            case MessageStatus.STOPPED:
                return self.words.stopped()
            case MessageStatus.COMPLETE if message.cut_off:
                return self.words.cut_off()
            case MessageStatus.COMPLETE if message.usage and message.usage.reason == "filtered":
                return self.words.filtered()
            case _:
                return ""

    def detail(self) -> str:
        """Return the vendor's own words."""
        failure = self.message.failure if self.message else None
        return failure.detail[:4000] if failure else ""

    # --- geometry: the state's lines, its buttons, the vendor's words, the actions
    def estimate(self, width: int) -> int:
        return self.style.px(BAR + 4 if self._boxed else BAR + 8) + (self.style.px(24) if self.state_words() else 0)

    def lay_out(self, width: int) -> int:
        self.width = width
        self.height = self._actions_top() + self.style.px(BAR + 4 if self._boxed else BAR + 8)
        return self.height

    def _icon_room(self) -> int:
        failed = self.message is not None and self.message.status is MessageStatus.FAILED
        return self.style.px(26) if failed else 0

    def _state_box(self) -> QRectF:
        words = self.state_words()
        if not words:
            return QRectF()
        width = self.width - self._icon_room()
        bounds = QFontMetricsF(self.style.quiet).boundingRect(QRectF(0, 0, width, 10_000), WRAPPED, isolated(words))
        left = 0 if self.rtl else self._icon_room()
        return QRectF(left, self.style.px(10), width, max(bounds.height(), self.style.px(20)))

    def _buttons(self) -> list[tuple[Hot, str, str]]:
        """Return Continue, Retry and Details with their icon and words, where they apply."""
        message = self.message
        if message is None:
            return []
        found = [(a.key, _ICONS[a.key], a.words(self.words), a.tip(self.words)) for a in answers_for(message)]
        if self.detail():
            found.append(("details", "down" if self.unfolded else "next", self.words.details(), ""))
        height, gap = self.style.px(BAR), self.style.px(8)
        widths = [icons.button_width(self.style, words, height) for _, _, words, _ in found]
        fits = self._icon_room() + max(widths, default=0) <= self.width
        begin = x = float(self._icon_room()) if fits else 0.0
        top = self._state_box().bottom() + gap
        placed = []
        for (key, icon, words, tip), width in zip(found, widths, strict=True):
            if x > begin and x + width > self.width:
                x, top = begin, top + height + gap
            left = self.width - x - width if self.rtl else x
            placed.append((Hot(key, QRectF(left, top, width, height), tip=tip), icon, words))
            x += width + gap
        return placed

    def _detail_box(self) -> QRectF:
        if not (self.unfolded and self.detail() and self._buttons()):
            return QRectF()
        top = self._buttons()[-1][0].rect.bottom() + self.style.px(8)
        width = self.width - self._icon_room()
        pad = self.style.px(12)
        height = self._detail_lines(width - 2 * pad).boundingRect().height()
        return QRectF(0 if self.rtl else self._icon_room(), top, width, height + 2 * pad)

    def _detail_lines(self, width: float) -> QTextLayout:
        return wrapped(self.detail(), self.style.mono, width, rtl=self.rtl)

    def _actions_top(self) -> int:
        bottom = max(self._state_box().bottom(), self._detail_box().bottom())
        return int(max([bottom, *(hot.rect.bottom() for hot, _, _ in self._buttons())]) + 0.99)

    def _actions(self) -> list[tuple[Hot, str, str]]:
        """Return the actions with their icon and words; an empty icon is a label."""
        if self.message is None or self.message.status is MessageStatus.STREAMING:
            return []
        found: dict[str, tuple[str, str, str, str, str]] = {}
        for action in actions_for(self.message, below=True):
            copied = action.key == "copy" and self.copied
            words = self.words.copied() if copied else ""
            found[action.key] = (action.key, "check" if copied else action.icon, words, action.tip(self.words), "")
        edit = found.pop("edit")
        more = ("more", "more", "", self.words.more(), "")
        return self._placed([*found.values(), *self._versions(), edit, more])

    def _versions(self) -> list[tuple[str, str, str, str, str]]:
        """Return which version it is and the ways to the others, where there are others."""
        if self.message is None or len(self.versions) < 2 or self.message.id not in self.versions:
            return []
        number = self.versions.index(self.message.id)
        before = self.versions[number - 1] if number else ""
        after = self.versions[number + 1] if number + 1 < len(self.versions) else ""
        return [
            ("version", "previous", "", self.words.previous_version(), before),
            ("", "", f"{number + 1}/{len(self.versions)}", "", ""),
            ("version", "next", "", self.words.next_version(), after),
        ]

    def _placed(self, found: Sequence[tuple[str, str, str, str, str]]) -> list[tuple[Hot, str, str]]:
        height, gap = self.style.px(BAR), self.style.px(2)
        label = QFontMetricsF(self.style.quiet)
        widths = [
            icons.button_width(self.style, words, height) if icon else label.horizontalAdvance(words) + 2 * gap
            for _, icon, words, _, _ in found
        ]
        top = self._actions_top() + self.style.px(4)
        x = -float(self.style.px(5))
        if self._boxed:
            x = self.width - x - sum(widths) - gap * (len(widths) - 1)
        placed = []
        for (key, icon, words, tip, value), width in zip(found, widths, strict=True):
            left = self.width - x - width if self.rtl else x
            placed.append((Hot(key, QRectF(left, top, width, height), value, tip=tip), icon, words))
            x += width + gap
        return placed

    def caption(self) -> str:
        """Return who answered, and how fast."""
        message = self.message
        if message is None or self._boxed:
            return ""
        parts = [message.model.rpartition("/")[2] or message.model]
        speed = message.usage.tokens_per_second if message.usage else None
        parts += [self.words.speed(speed)] if speed else []
        return " · ".join(part for part in parts if part)

    # --- painting
    def paint(self, canvas: Canvas) -> None:
        painter, style = canvas.painter, canvas.style
        failed = self.message is not None and self.message.status is MessageStatus.FAILED
        state = self._state_box()
        painter.setFont(style.quiet)
        if not state.isEmpty():
            painter.setPen(style.color("text" if failed else "muted"))
            painter.drawText(state, WRAPPED, isolated(self.state_words()))
        if failed:
            size = style.px(18)
            left = self.width - size if self.rtl else 0
            icons.paint(painter, "warning", QRectF(left, state.top() - style.px(1), size, size), style.color("danger"))
        for hot, icon, words in self._buttons():
            hovered = canvas.hover == hot
            framed = hot.action in _ICONS
            icons.button(
                canvas,
                hot.rect,
                icon,
                words,
                hover=hovered,
                pressed=hovered and canvas.pressed,
                token="text",
                framed=framed,
            )
        self._paint_detail(canvas)
        if canvas.active:
            self._paint_actions(canvas)

    def _paint_detail(self, canvas: Canvas) -> None:
        box = self._detail_box()
        if box.isEmpty():
            return
        painter, style = canvas.painter, canvas.style
        painter.setPen(style.color("faint"))
        painter.setBrush(style.color("code_panel"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), style.theme.radius, style.theme.radius)
        painter.setPen(style.color("muted"))
        room = box.adjusted(style.px(12), style.px(12), -style.px(12), -style.px(12))
        self._detail_lines(room.width()).draw(painter, room.topLeft())

    def _paint_actions(self, canvas: Canvas) -> None:
        painter, style = canvas.painter, canvas.style
        actions = self._actions()
        for hot, icon, words in actions:
            if not icon:
                painter.setPen(style.color("muted"))
                painter.setFont(style.quiet)
                painter.drawText(hot.rect, int(Qt.AlignmentFlag.AlignCenter), words)
                continue
            usable = hot.action != "version" or bool(hot.value)
            hovered = usable and canvas.hover == hot
            painter.setOpacity(1.0 if usable else 0.4)
            icons.button(canvas, hot.rect, icon, words, hover=hovered, pressed=hovered and canvas.pressed)
            painter.setOpacity(1.0)
        if self.message is None or self.message.status is MessageStatus.STREAMING:
            return
        used = max(
            (abs(hot.rect.left() - self.width if self.rtl else hot.rect.right()) for hot, _, _ in actions), default=0
        )
        top = self._actions_top() + style.px(4)
        room = QRectF(0 if self.rtl else used + style.px(8), top, self.width - used - style.px(8), style.px(28))
        painter.setPen(style.color("muted"))
        painter.setFont(style.quiet)
        words = QFontMetricsF(style.quiet).elidedText(self.caption(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignTrailing), isolated(words))

    def hot_at(self, point: QPointF) -> Hot | None:
        places = [hot for hot, _, _ in [*self._buttons(), *self._actions()]]
        usable = (hot for hot in places if hot.action and (hot.action != "version" or hot.value))
        return next((hot for hot in usable if hot.rect.contains(point)), None)
