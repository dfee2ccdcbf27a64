"""Code within text: where it is, room beside it, and the boxes that are painted behind it."""

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont, QTextBlock, QTextCharFormat, QTextCursor, QTextDocument

from parley.ui.transcript.inline import fragments


def give_room(document: QTextDocument, families: Sequence[str], pad: int) -> None:
    """Keep letters off the boxes: the letter before a box and the last one within it are a little wider."""
    wider = QTextCharFormat()
    wider.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
    wider.setFontLetterSpacing(pad)
    block = document.begin()
    while block.isValid():
        for start, end in list(_runs(block, families)):
            for position in (end - 1, start - 1):
                if position >= block.position():
                    cursor = QTextCursor(document)
                    cursor.setPosition(position)
                    cursor.setPosition(position + 1, QTextCursor.MoveMode.KeepAnchor)
                    cursor.mergeCharFormat(wider)
        block = block.next()


def code_boxes(document: QTextDocument, families: Sequence[str], pad: int) -> list[QRectF]:
    """Return what is behind the code, a box for every line that it is on."""
    boxes = []
    layout = document.documentLayout()
    block = document.begin()
    while block.isValid():
        for first, last in _runs(block, families):
            lines = block.layout()
            origin = layout.blockBoundingRect(block).topLeft()
            for index in range(lines.lineCount()):
                line = lines.lineAt(index)
                start = max(first - block.position(), line.textStart())
                end = min(last - block.position(), line.textStart() + line.textLength())
                if start >= end:
                    continue
                left, right = sorted((line.cursorToX(start)[0], line.cursorToX(end)[0]))  # type: ignore[index]
                whole = end == last - block.position()  # its last letter has the room in it
                width = right - left + (pad if whole else 2 * pad)
                boxes.append(QRectF(left - pad, line.y(), width, line.height()).translated(origin))
        block = block.next()
    return boxes


def _runs(block: QTextBlock, families: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where in a paragraph each piece of code begins and ends, in positions of the document."""
    wanted = list(families)
    start = end = -1
    for fragment in fragments(block):
        if list(fragment.charFormat().fontFamilies() or ()) != wanted:
            continue
        if fragment.position() != end:
            if end > start:
                yield start, end
            start = fragment.position()
        end = fragment.position() + fragment.length()
    if end > start:
        yield start, end
