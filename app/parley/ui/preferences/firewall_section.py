"""FirewallSection: what may have to be typed so that other devices get through to this computer."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from parley.firewall import FirewallHint
from parley.ui.preferences.copy_button import CopyButton
from parley.ui.preferences.row import words_label


class FirewallSection(QWidget):
    """Hints below each other, each with its command."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.copies: list[CopyButton] = []
        self._hints: list[FirewallHint] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 10)
        self._column.setSpacing(6)
        self.hide()

    def show_hints(self, hints: Sequence[FirewallHint]) -> None:
        """Show these."""
        self.setVisible(bool(hints))
        if self._hints == list(hints):
            return
        self._hints, self.copies = list(hints), []
        while item := self._column.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        for hint in hints:
            words = self.tr(
                "If other devices do not get through, the firewall {firewall} may be in the way. An administrator "
                "opens it with:"
            )
            command = words_label(hint.command, self)
            command.setObjectName("detail")
            command.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            copy = CopyButton(hint.command, self.tr("the command for {name}").format(name=hint.firewall), self)
            self.copies.append(copy)
            for part in (words_label(words.format(firewall=hint.firewall), self, "muted"), command):
                self._column.addWidget(part)
            self._column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
