"""The user manual in a window of its own. Its pages are Markdown files that ship with the program."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QImage, QShowEvent, QTextBlockFormat, QTextCursor, QTextDocument, QTextTable
from PySide6.QtWidgets import QDialog, QTextBrowser, QVBoxLayout, QWidget

from parley.paths import resources
from parley.ui.appearance.look import Look

FIRST_PAGE = "index"
SCHEME = "help"
MARGIN = 28
LINE_HEIGHT = 140
CELL_PADDING = 6


def page_of(link: str) -> tuple[str, str]:
    """Return the page and the anchor of a link such as `help:models#getting-a-model`."""
    page, _, anchor = link.removeprefix(f"{SCHEME}:").strip("/").partition("#")
    return page or FIRST_PAGE, anchor


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading, as the Guide's links have it."""
    kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -")
    return "-".join(kept.split())


class Pages(QTextBrowser):
    """A browser without a network, that shows pictures no wider than itself."""

    def loadResource(self, kind: int, url: QUrl | str) -> Any:
        if kind != QTextDocument.ResourceType.ImageResource:
            return super().loadResource(kind, url)
        image = QImage(self.document().baseUrl().resolved(QUrl(url)).toLocalFile())
        scale = self.devicePixelRatioF()
        room = int((self.viewport().width() - 2 * MARGIN) * scale)
        if image.width() > room > 0:
            image = image.scaledToWidth(room, Qt.TransformationMode.SmoothTransformation)
        image.setDevicePixelRatio(scale)
        return image


class ManualWindow(QDialog):
    """Shows one page after another."""

    link_opened = Signal(str)
    """A link that leads out of the manual."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Manual"))
        self.setModal(False)
        self.resize(720, 680)
        self._look = look
        self._anchor = ""
        self.page = ""
        self.text = Pages(self)
        self.text.setObjectName("manual")
        self.text.setAccessibleName(self.tr("Manual"))
        self.text.setOpenLinks(False)
        self.text.setOpenExternalLinks(False)
        self.text.anchorClicked.connect(self._follow)
        self.text.document().setDocumentMargin(MARGIN)
        # Pictures are made as wide as the page before it is known how long that gets.
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)

    def open_link(self, link: str) -> None:
        """Show the page of a `help:` link, at its anchor."""
        page, self._anchor = page_of(link)
        if page != self.page:
            self._load(page)
        self.show()
        self.raise_()
        self.activateWindow()
        self._scroll()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._scroll()

    def _load(self, page: str) -> None:
        folder = resources() / "help"
        path = folder / f"{Path(page).name}.md"
        self.page = page
        self.text.document().setBaseUrl(QUrl.fromLocalFile(str(folder) + "/"))
        if path.is_file():
            self.text.setMarkdown(path.read_text(encoding="utf-8"))
            self._space_out()
        else:
            self.text.setPlainText(self.tr("The manual has no page “{page}”.").format(page=page))

    def _space_out(self) -> None:
        """Give the text the room that answers have."""
        block = self.text.document().begin()
        while block.isValid():
            style = block.blockFormat()
            style.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            if style.headingLevel():
                style.setTopMargin(20)
                style.setBottomMargin(4)
            QTextCursor(block).setBlockFormat(style)
            block = block.next()
        for table in self.text.document().rootFrame().childFrames():
            if isinstance(table, QTextTable):
                self._dress(table)

    def _dress(self, table: QTextTable) -> None:
        """Give a table thin lines and room in its cells, as tables of answers have."""
        style = table.format()
        style.setBorderCollapse(True)
        style.setBorder(1)
        style.setBorderBrush(self._look.theme.color("faint"))
        style.setCellPadding(CELL_PADDING)
        table.setFormat(style)

    def _scroll(self) -> None:
        """Bring the heading of the anchor to the top; Qt gives headings of Markdown no anchors of their own."""
        block = self.text.document().begin()
        layout = self.text.document().documentLayout()
        while self._anchor and block.isValid():
            if block.blockFormat().headingLevel() and anchor_of(block.text()) == self._anchor:
                top = layout.blockBoundingRect(block).top()
                self.text.verticalScrollBar().setValue(int(top) - 12)
                return
            block = block.next()
        self.text.verticalScrollBar().setValue(0)

    def _follow(self, url: QUrl) -> None:
        link = url.toString()
        if link.startswith(f"{SCHEME}:"):
            self.open_link(link)
        elif link.startswith("#"):
            self._anchor = link[1:]
            self._scroll()
        else:
            self.link_opened.emit(link)
