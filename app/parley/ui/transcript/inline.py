"""Formulas within text: from HTML into a document, and out of it again as the words that they were written with."""

import re
from collections.abc import Callable, Sequence
from html import unescape
from math import ceil

from PySide6.QtGui import (
    QFont,
    QFontMetricsF,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFragment,
)

from parley.render.math import Drawing, Formula, formula_of
from parley.ui.transcript.formulas import COLOR, KIND, SIZE, SOURCE, Formulas, is_deep
from parley.ui.transcript.style import Style

_MATH = re.compile("<math>(.*?)</math>", re.DOTALL)
_OBJECT = "\ufffc"
_STRUT = "\u2060"
"""Gives a line that begins with a formula the height of letters; it has no width."""

_PLAIN = str.maketrans({"\u2028": "\n", "\u2029": "\n", "\xa0": " ", _STRUT: ""})
"""What Qt and we have in place of line ends and beside formulas."""


def pictured(html: str, formulas: Formulas) -> tuple[str, list[str], set[Formula]]:
    """Return the HTML with a picture for every formula that is drawn, the sources of those, and which are to come."""
    sources: list[str] = []
    waiting: set[Formula] = set()

    def shown(match: re.Match[str]) -> str:
        source = unescape(match[1])
        formula = formula_of(source)
        drawn = formulas.get(formula)
        if isinstance(drawn, Drawing):
            sources.append(source)
            strut = _STRUT if match.string[match.start() - 1 : match.start()] == ">" else ""
            return f'{strut}<img src="{len(sources) - 1}">'
        words = match[1].replace("\n", " ")
        if drawn is None:
            waiting.add(formula)
            return words
        return f"<code>{words}</code>"

    return (_MATH.sub(shown, html) if "<math>" in html else html), sources, waiting


def put_formulas(
    document: QTextDocument, sources: Sequence[str], formulas: Formulas, style: Style, *, muted: bool
) -> list[int]:
    """Let the pictures of a document be formulas; return their positions."""
    positions = []
    letters = ceil(QFontMetricsF(document.defaultFont()).height())  # as lines of text count them
    document.documentLayout().registerHandler(KIND, formulas.inline)
    block = document.begin()
    while block.isValid():
        for fragment in fragments(block):
            form = fragment.charFormat()
            if not form.isImageFormat():
                continue
            cursor = QTextCursor(document)
            cursor.setPosition(fragment.position())
            cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
            source = sources[int(form.toImageFormat().name())]
            cursor.setCharFormat(_format(form, source, formulas, style, muted=muted))
            positions.append(fragment.position())
        _space_lines(block, letters)
        block = block.next()
    return positions


def _space_lines(block: QTextBlock, letters: float) -> None:
    """Let the room between lines be that of a line of letters, however high a formula makes one."""
    form = block.blockFormat()
    if form.lineHeightType() == QTextBlockFormat.LineHeightTypes.ProportionalHeight.value:
        change = QTextBlockFormat()
        room = letters * (form.lineHeight() / 100 - 1)
        change.setLineHeight(room, QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value)
        QTextCursor(block).mergeBlockFormat(change)


def _format(around: QTextCharFormat, source: str, formulas: Formulas, style: Style, *, muted: bool) -> QTextCharFormat:
    form = QTextCharFormat()
    font = QFont(style.quiet if muted else style.answer)
    if around.fontPointSize() > 0:
        font.setPointSizeF(around.fontPointSize())
    form.setFont(font)
    em = style.em * font.pointSizeF() / style.answer.pointSizeF()
    drawn = formulas.get(formula_of(source))
    if isinstance(drawn, Drawing) and is_deep(drawn, em, QFontMetricsF(font)):
        form.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignMiddle)
    form.setObjectType(KIND)
    form.setProperty(SOURCE, source)
    form.setProperty(SIZE, em)
    form.setProperty(COLOR, style.color("muted" if muted else "text").name())
    if around.isAnchor():
        form.setAnchor(True)
        form.setAnchorHref(around.anchorHref())
    return form


def words_between(cursor: QTextCursor, words: Callable[[str], str]) -> str:
    """Return the letters that a cursor selects, with words in the place of formulas."""
    text = cursor.selectedText().translate(_PLAIN)
    if _OBJECT not in text:
        return text
    pieces = text.split(_OBJECT)
    made = [pieces[0]]
    document, position = cursor.document(), cursor.selectionStart()
    for piece in pieces[1:]:
        found = document.find(_OBJECT, position)
        position = found.selectionEnd()
        source = found.charFormat().property(SOURCE)
        made += [words(str(source)) if source else _OBJECT, piece]
    return "".join(made)


def fragments(block: QTextBlock) -> list[QTextFragment]:
    """Return the pieces of a paragraph that have one format each."""
    found = []
    place = block.begin()
    while not place.atEnd():
        found.append(place.fragment())
        place += 1
    return found
