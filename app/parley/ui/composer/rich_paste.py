"""RichPaste: what is pasted or dropped with headings, lists, links, code or tables becomes Markdown in the composer."""

from PySide6.QtCore import QObject
from PySide6.QtGui import QTextCursor

from parley.ui.composer.composer_field import ComposerField
from parley.ui.notices import Notices
from parley.ui.tasks import Tasks

LONGEST_SECONDS = 3.0
"""After that the plain text is taken: hostile HTML must not keep anybody waiting."""


class RichPaste(QObject):
    """Reads HTML in a thread, and puts what it says where it was pasted, whatever is typed meanwhile."""

    def __init__(self, field: ComposerField, notices: Notices, tasks: Tasks) -> None:
        super().__init__(field)
        self._field = field
        self._notices = notices
        self._tasks = tasks
        field.pasted_rich.connect(self._read)
        field.refused.connect(self._say_no)

    def _read(self, html: str, text: str) -> None:
        place = self._field.textCursor()
        joined = place.hasSelection()
        place.removeSelectedText()
        place.setKeepPositionOnInsert(True)  # what is typed meanwhile comes after it
        self._field.set_pasting(True)
        revision = place.document().revision() if joined else -1
        self._tasks.start(self._paste(html, text, place, revision, self._field.filled))

    async def _paste(self, html: str, text: str, place: QTextCursor, revision: int, filled: int) -> None:
        """Put it in. Where nothing has changed since that revision, one undo brings back what it replaces."""
        import asyncio

        try:
            markdown = await asyncio.wait_for(asyncio.to_thread(_markdown_of, html), LONGEST_SECONDS)
        except TimeoutError:
            markdown = ""
        if filled != self._field.filled:
            return  # the field shows another conversation by now: it was not meant for that
        place.setKeepPositionOnInsert(False)
        place.setPosition(place.position())
        joined = place.document().revision() == revision
        if joined:
            place.joinPreviousEditBlock()
        self._field.insert_at(place, markdown or text)
        if joined:
            place.endEditBlock()
        self._field.set_pasting(False)

    def _say_no(self) -> None:
        self._notices.show_notice(self.tr("Files and pictures cannot be attached yet. Text can be pasted."))


def _markdown_of(html: str) -> str:
    from parley.ui.composer.html_markdown import markdown_of  # it imports a parser that is needed here only

    return markdown_of(html)
