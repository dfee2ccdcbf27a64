"""A window that shows one image in full size. Copying an image, and saving it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QKeySequence, QPixmap
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QLabel, QScrollArea, QVBoxLayout, QWidget

from parley.ui.transcript.words import Words


class ImageWindow(QDialog):
    """An image in its own size, scrolled where it is larger than the screen. Escape closes it.

    `failed` is told the name of a file that the image could not be saved in.
    """

    def __init__(self, image: QImage, title: str, words: Words, failed: Callable[[str], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title or words.image())
        label = QLabel(self)
        label.setPixmap(QPixmap.fromImage(image))
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setAccessibleName(title or words.image())
        area = QScrollArea(self)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(label)
        buttons = QDialogButtonBox(self)
        buttons.addButton(words.close(), QDialogButtonBox.ButtonRole.RejectRole)
        copy = buttons.addButton(words.copy_image(), QDialogButtonBox.ButtonRole.ActionRole)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.clicked.connect(lambda: copy_image(image))
        save = buttons.addButton(words.save_image(), QDialogButtonBox.ButtonRole.ActionRole)
        save.setShortcut(QKeySequence.StandardKey.Save)
        save.clicked.connect(lambda: save_image(image, failed, self))
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 12)
        column.addWidget(area)
        column.addWidget(buttons)
        buttons.setContentsMargins(12, 0, 12, 0)
        room = self.screen().availableSize() * 0.9
        self.resize(max(360, min(room.width(), image.width() + 4)), min(room.height(), image.height() + 70))


def copy_image(image: QImage) -> None:
    """Put an image on the clipboard."""
    QGuiApplication.clipboard().setImage(image)


def save_image(image: QImage, failed: Callable[[str], None], parent: QWidget) -> None:
    """Ask where to, and save an image there, or tell which file that could not be."""

    def save(file: str) -> None:
        if not image.save(file):
            failed(file)

    dialog = QFileDialog(parent)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(["PNG (*.png)", "JPEG (*.jpg *.jpeg)"])
    dialog.setDefaultSuffix("png")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(save)
    dialog.open()
