"""DownloadBar: how far a model is, and what can be done about it."""

from PySide6.QtCore import QCoreApplication, QLocale, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from parley.errors import ModelUnknown
from parley.providers.library import PullProgress
from parley.ui.error_texts import error_text
from parley.ui.models.downloads import Download
from parley.ui.models.long_words import breakable
from parley.ui.preferences.row import words_label

STEPS = 1000
"""A bar of Qt counts in whole numbers that do not hold the bytes of a model."""

SECONDS, MINUTES = 60, 3600


class DownloadBar(QFrame):
    """The name, a bar, one line of words, and buttons. It only shows and tells."""

    stop_requested = Signal()
    go_on_requested = Signal()
    dismiss_requested = Signal()

    def __init__(self, download: Download, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("provider")
        self.setAccessibleName(self.tr("Getting {model}").format(model=download.name))
        self.download = download
        self._said = ""
        self.name = words_label(breakable(download.name), self, "title")
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.accessibleName())
        self.words = words_label("", self, "muted")
        self.problem = words_label("", self, "error")
        self.detail = words_label("", self, "muted")
        self.stop = self._button(self.tr("Cancel"), self.tr("Cancel getting {model}"), self.stop_requested)
        self.go_on = self._button(self.tr("Go on"), self.tr("Go on getting {model}"), self.go_on_requested)
        self.dismiss = self._button(self.tr("Dismiss"), self.tr("Dismiss {model}"), self.dismiss_requested)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.words, 1)
        for button in (self.stop, self.go_on, self.dismiss):
            below.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 8, 8)
        column.setSpacing(6)
        for part in (self.name, self.bar, self.problem, self.detail):
            column.addWidget(part)
        column.addLayout(below)
        download.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show how it stands."""
        progress, running = self.download.progress, self.download.state == "running"
        self.bar.setRange(0, STEPS if progress.total and progress.stage == "downloading" else 0)
        if progress.total:
            self.bar.setValue(progress.completed * STEPS // progress.total)
        self.bar.setVisible(running)
        error = self.download.error
        self.problem.setText(breakable(error_text(error)) if error else "")
        self.detail.setText(breakable(error.detail) if error else "")
        for label in (self.problem, self.detail):
            label.setVisible(bool(label.text()))
        self.words.setText(self._words())
        had_focus = self.stop.hasFocus() or self.go_on.hasFocus()
        self.stop.setVisible(running)
        self.go_on.setVisible(not running and not isinstance(error, ModelUnknown))
        self.dismiss.setVisible(not running)
        if had_focus:
            next(button for button in (self.stop, self.go_on, self.dismiss) if not button.isHidden()).setFocus()
        self._announce(self.problem.text() if error else self.words.text() if not running else "")

    def _words(self) -> str:
        if self.download.state == "failed":
            return ""
        if self.download.state == "stopped":
            return self.tr("Stopped. What has come is kept.")
        return progress_text(self.download.progress)

    def _announce(self, text: str) -> None:
        """Say what is new to those who do not see it."""
        if text and text != self._said:
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))
        self._said = text

    def _button(self, text: str, name: str, signal: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setProperty("kind", "link")
        button.setAccessibleName(name.format(model=self.download.name))
        button.clicked.connect(signal)
        return button


def progress_text(progress: PullProgress) -> str:
    """Return in the person's language how far a model is."""

    def tr(text: str) -> str:
        return QCoreApplication.translate("Downloads", text)

    if progress.stage == "preparing":
        return tr("Asking for it…")
    if progress.stage != "downloading":
        return tr("Checking what has come…")
    words = [tr("{done} of {whole}").format(done=bytes_text(progress.completed), whole=bytes_text(progress.total))]
    if progress.speed:
        words.append(tr("{speed} per second").format(speed=bytes_text(int(progress.speed))))
    if (left := progress.seconds_left) is not None:
        words.append(_time_left(left))
    elif progress.speed == 0:
        words.append(tr("nothing comes, but Ollama goes on trying"))
    return " · ".join(words)


def bytes_text(count: int) -> str:
    """Return a size as people read it."""
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def _time_left(seconds: float) -> str:
    def tr(text: str) -> str:
        return QCoreApplication.translate("Downloads", text)

    if seconds < SECONDS:
        return tr("less than a minute left")
    if seconds < 2 * SECONDS:
        return tr("a minute left")
    if seconds < MINUTES:
        return tr("{count} minutes left").format(count=round(seconds / SECONDS))
    hours, rest = divmod(round(seconds / SECONDS), 60)
    return tr("{hours} h {minutes} min left").format(hours=hours, minutes=rest)
