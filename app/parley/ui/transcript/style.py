"""Style: a theme, a font and a zoom factor made into fonts, pixels, colours and the style sheet of documents."""

from typing import NamedTuple

from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QFontMetricsF

from parley.render import Above
from parley.render.code import DARK, LIGHT, Shade
from parley.ui.appearance.theme import Theme

CODE_SHARE = 0.92
"""Fixed-width letters look larger than others of their size."""
FORMULA_X = 0.48
"""The height of an x in formulas, in ems."""


class Style(NamedTuple):
    """What everything in the transcript is measured and painted with. A new one means: lay out anew."""

    theme: Theme
    font: QFont
    zoom: float
    answer: QFont
    quiet: QFont
    mono: QFont
    sheet: str
    shades: dict[Shade, QColor]
    line: float
    """The height of one line of an answer."""
    drop: float
    """How far text is moved down: Qt puts all the room of a high line below its letters."""
    em: float
    """The size of formulas, whose small letters are as high as those of an answer."""
    letter: float
    """The average width of its letters."""

    def px(self, pixels: float) -> int:
        """Return a measure at this zoom factor."""
        return round(pixels * self.zoom)

    def gap(self, above: Above) -> int:
        """Return the room above a block."""
        return self.px({Above.BLOCK: 12, Above.HEADING: 20, Above.ITEM: 5, Above.NONE: 0}[above])

    def color(self, token: str) -> QColor:
        """Return a colour of the theme."""
        return self.theme.color(token)


def style_for(theme: Theme, font: QFont, zoom: float) -> Style:
    """Return the style for a theme, the interface's font and a zoom factor."""
    size = font.pointSizeF() if font.pointSizeF() > 0 else QFontInfo(font).pointSizeF()
    answer = QFont(font)
    answer.setPointSizeF((size + theme.answer_step) * zoom)
    quiet = QFont(font)
    quiet.setPointSizeF(size * zoom)
    mono = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    mono.setPointSizeF((size + theme.answer_step) * zoom * CODE_SHARE)
    mono.setStyleHint(QFont.StyleHint.Monospace)
    metrics = QFontMetricsF(answer)
    return Style(
        theme=theme,
        font=QFont(font),
        zoom=zoom,
        answer=answer,
        quiet=quiet,
        mono=mono,
        sheet=_sheet(theme, answer, mono, zoom),
        shades={shade: QColor(color) for shade, color in (DARK if theme.dark else LIGHT).items()},
        line=metrics.height() * theme.line_height,
        drop=metrics.height() * (theme.line_height - 1) / 2,
        em=metrics.xHeight() / FORMULA_X,
        letter=metrics.averageCharWidth(),
    )


def _sheet(theme: Theme, answer: QFont, mono: QFont, zoom: float) -> str:
    def px(pixels: float) -> int:
        return round(pixels * zoom)

    size = answer.pointSizeF()
    height = round(theme.line_height * 100)
    families = ", ".join(f"'{family}'" for family in mono.families() if "'" not in family)
    headings = {"h1": size * 1.25, "h2": size * 1.12, "h3": size, "h4": size, "h5": size, "h6": size}
    return "\n".join(
        [
            f"p {{ margin: {px(12)}px 0; line-height: {height}%; }}",
            *(
                f".{name} {{ margin: {px(20)}px 0 {px(8)}px 0; font-size: {points:.1f}pt; font-weight: 600; }}"
                for name, points in headings.items()
            ),
            "ul, ol { margin: 0; }",
            f"li {{ margin: {px(5)}px 0; line-height: {height}%; }}",
            f"a {{ color: {theme.accent}; text-decoration: underline; }}",
            f"code {{ font-family: {families or 'monospace'}; font-size: {mono.pointSizeF():.1f}pt; }}",
            f"td, th {{ padding-left: {px(12)}px; padding-right: {px(12)}px; line-height: 130%; }}",
            f"td, th {{ padding-top: {px(10)}px; padding-bottom: {px(5)}px; }}",
            f"td {{ border-bottom: 1px solid {theme.faint}; }}",
            f"th {{ font-weight: 600; border-bottom: 1px solid {theme.outline}; }}",
            "table { border-collapse: collapse; }",
        ]
    )
