"""StatusLine: one calm line about tokens beside the composer's tools, with a ring; pressed, it tells the details."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QSizePolicy, QStyle, QWidget

from parley.ui.appearance.look import Look
from parley.ui.appearance.painting import isolated

RING = 16
ASIDE = 6
PAD = 7
SHORT = 460
"""Below this width of the composer the line is cut down to the ring and the least words."""
FULL = 0.9
"""From this share of the context on the ring warns."""
TELL_WIDTH = 300
THOUSAND, MILLION = 1_000, 1_000_000

Row = tuple[str, str]


class StatusLine(QPushButton):
    """Words and a ring. `show_state` is cheap; nothing is laid out anew while the words keep their width."""

    def __init__(self, look: Look, composer: QWidget) -> None:
        super().__init__(composer)
        self.setObjectName("statusLine")
        self.setProperty("kind", "quiet")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._look = look
        self._composer = composer
        self._words = self._short = ""
        self._share: float | None = None
        self._rows: Sequence[Row] = ()
        self._note = ""
        self.popup: Details | None = None
        composer.installEventFilter(self)
        self.clicked.connect(self.open_details)
        look.changed.connect(self.update)
        self.setAccessibleName(self.tr("Tokens and context"))
        self.hide()

    @property
    def words(self) -> str:
        """Return what the line says, in full."""
        return self._words

    def show_state(self, words: str, short: str, share: float | None, rows: Sequence[Row], note: str = "") -> None:
        """Say this; nothing if the words are empty. `rows` are the details, with a `note` below them."""
        wide = self.sizeHint().width()
        self._words, self._short, self._share, self._rows, self._note = words, short, share, rows, note
        self.setAccessibleName(words or self.tr("Tokens and context"))
        told = "\n".join(f"{name}: {value}" for name, value in rows)
        self.setAccessibleDescription(f"{told}\n{note}".strip())
        self.setToolTip(f"{told}\n{note}".strip())
        self.setVisible(bool(words))
        if self.sizeHint().width() != wide:
            self.updateGeometry()
        if self.popup and self.popup.isVisible():
            self.popup.show_rows(rows, note)
        self.update()

    def open_details(self) -> None:
        """Show the details above the line."""
        if self.popup is None:
            self.popup = Details(self)
        self.popup.show_rows(self._rows, self._note)
        size = self.popup.sizeHint()
        right_to_left = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        corner = self.mapToGlobal(QPoint(0 if right_to_left else self.width() - size.width(), -size.height() - 4))
        room = self.screen().availableGeometry()
        corner.setX(max(room.left() + 4, min(corner.x(), room.right() - size.width() - 4)))
        self.popup.move(corner)
        self.popup.show()

    def sizeHint(self) -> QSize:
        ring = RING + ASIDE if self._share is not None else 0
        height = max(self.fontMetrics().height(), RING) + 2 * PAD
        return QSize(self.fontMetrics().horizontalAdvance(self._shown) + ring + 2 * PAD, height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.updateGeometry()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self.rect().adjusted(PAD, 0, -PAD, 0)
        if self._share is not None:
            place = room.adjusted(0, (room.height() - RING) // 2, 0, 0)
            place.setSize(QSize(RING, RING))
            place = QStyle.visualRect(self.layoutDirection(), room, place)
            self._paint_ring(painter, QRectF(place).adjusted(1.5, 1.5, -1.5, -1.5))
            words = room.adjusted(RING + ASIDE, 0, 0, 0)
            room = QStyle.visualRect(self.layoutDirection(), room, words)
        painter.setPen(theme.color("text" if self.underMouse() else "muted"))
        side = QStyle.visualAlignment(self.layoutDirection(), Qt.AlignmentFlag.AlignLeft)
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), isolated(self._shown))

    def _paint_ring(self, painter: QPainter, place: QRectF) -> None:
        theme, share = self._look.theme, self._share or 0.0
        painter.setPen(QPen(theme.color("faint"), 2.5))
        painter.drawEllipse(place)
        painter.setPen(QPen(theme.color("danger" if share >= FULL else "accent"), 2.5))
        painter.drawArc(place, 90 * 16, -round(360 * 16 * share))

    @property
    def _shown(self) -> str:
        return self._words if self._composer.width() >= SHORT else self._short


class Details(QFrame):
    """The figures, a row each, and a sentence below them."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(14, 10, 14, 10)
        self._grid.setHorizontalSpacing(20)
        self._labels: list[QLabel] = []

    def show_rows(self, rows: Sequence[Row], note: str) -> None:
        """Show these."""
        texts = [text for row in rows for text in row] + ([note] if note else [])
        if len(texts) != len(self._labels):
            self._arrange(len(rows), note=bool(note))
        for label, text in zip(self._labels, texts, strict=True):
            label.setText(isolated(text))
        self.setAccessibleName(". ".join(texts))
        self.adjustSize()

    def _arrange(self, rows: int, *, note: bool) -> None:
        while self._labels:
            old = self._labels.pop()
            self._grid.removeWidget(old)
            old.deleteLater()
        for number in range(rows):
            for column in (0, 1):
                label = QLabel(self)
                label.setProperty("muted", column == 0)
                self._grid.addWidget(label, number, column)
                self._labels.append(label)
                if column:
                    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if note:
            label = QLabel(self)
            label.setWordWrap(True)
            label.setMaximumWidth(TELL_WIDTH)
            self._grid.addWidget(label, rows, 0, 1, 2)
            self._labels.append(label)


def short_number(number: int) -> str:
    """Return a number as people say it: 412, 2.1k, 32k, 1.2M."""
    locale = QLocale()
    if number < THOUSAND:
        return locale.toString(number)
    sign, size = ("M", MILLION) if number >= MILLION - THOUSAND // 2 else ("k", THOUSAND)
    digits = 1 if number < 9.95 * size and round(number / size * 10) % 10 else 0
    return locale.toString(number / size, "f", digits) + sign


def context_size(tokens: int) -> str:
    """Return the size of a context as its makers say it: 8192 is 8k, and 1048576 is 1M."""
    for sign, size in (("M", 1024 * 1024), ("k", 1024)):
        whole, rest = divmod(tokens, size)
        if whole and not rest:
            return QLocale().toString(whole) + sign
    return short_number(tokens)
