"""Colours and measures of the interface: one frozen value each for light, dark and high contrast.

`theme_for` chooses, `apply` dresses the application (Fusion, palette, one style sheet); whoever follows the system
calls both again on `app.styleHints().colorSchemeChanged`. No widget sets a colour of its own: widgets that paint take
the Theme, the others are reached by these properties and names, set with `setProperty` before a widget is shown:
`kind` = "primary" | "quiet" | "danger" (buttons); `muted`, `error` or `title` = True (labels); `card` = True (frames:
raised, rounded); object names "sidebar" and "composer".
"""

from typing import Literal, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

Choice = Literal["system", "light", "dark"]


class Theme(NamedTuple):
    """The tokens. Colours are `#rrggbb`, measures are device-independent pixels at 100 %."""

    name: str
    dark: bool
    window: str
    sidebar: str
    raised: str
    text: str
    muted: str
    faint: str
    """Thin lines that part things; never text."""
    outline: str
    """The edge of something one can write in or press: 3 : 1 against the window."""
    user_box: str
    code_panel: str
    hover: str
    """Behind whatever the pointer is on."""
    selection: str
    """Behind selected text, which keeps its own colour."""
    accent: str
    on_accent: str
    danger: str
    mark: str
    """Behind words that were looked for."""
    mark_current: str
    mark_edge: str
    """Around those of them that one is at."""
    follows_system: bool = False

    step: int = 4
    radius: int = 8
    composer_radius: int = 14
    focus_width: int = 2
    header_height: int = 44
    sidebar_width: int = 260
    icon_size: int = 20
    column_width: int = 760
    """The text column of answers, at most."""
    user_share: float = 0.75
    """How much of the column a user's box may take."""
    answer_step: float = 1.0
    """Points by which answers are larger than the system's font."""
    line_height: float = 1.5
    fade_ms: int = 120

    def color(self, token: str) -> QColor:
        """Return a colour token as a QColor."""
        return QColor(str(getattr(self, token)))


LIGHT = Theme(
    name="light",
    dark=False,
    window="#ffffff",
    sidebar="#f6f6f4",
    raised="#ffffff",
    text="#1d1d1f",
    muted="#6b6b70",
    faint="#e4e4e0",
    outline="#8e8e93",
    user_box="#f0f0ec",
    code_panel="#f7f7f5",
    hover="#ededea",
    selection="#c6e0d7",
    accent="#2f6f5e",
    on_accent="#ffffff",
    danger="#b3372f",
    mark="#fceba6",
    mark_current="#ffe08a",
    mark_edge="#8a5a00",
)
DARK = Theme(
    name="dark",
    dark=True,
    window="#1c1c1e",
    sidebar="#161618",
    raised="#242426",
    text="#ececee",
    muted="#9a9aa2",
    faint="#333338",
    outline="#707078",
    user_box="#2b2b2f",
    code_panel="#202024",
    hover="#313136",
    selection="#2f5348",
    accent="#6fbfa8",
    on_accent="#10201b",
    danger="#f0857c",
    mark="#423c1e",
    mark_current="#54481a",
    mark_edge="#f2cf63",
)
LIGHT_CONTRAST = LIGHT._replace(
    name="light-contrast", text="#000000", muted="#3a3a3d", faint="#767676", outline="#000000", accent="#17493c"
)
DARK_CONTRAST = DARK._replace(
    name="dark-contrast",
    window="#000000",
    sidebar="#000000",
    text="#ffffff",
    muted="#d6d6db",
    faint="#8c8c94",
    outline="#ffffff",
    accent="#9be3cd",
)


def theme_for(choice: Choice, app: QApplication) -> Theme:
    """Return the theme of a choice; `system` asks the desktop for light or dark and for more contrast."""
    hints = app.styleHints()
    dark = choice == "dark" or (choice == "system" and hints.colorScheme() == Qt.ColorScheme.Dark)
    contrast = False
    if hasattr(hints, "accessibility"):  # Qt 6.10
        contrast = hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast
    theme = (DARK_CONTRAST if contrast else DARK) if dark else (LIGHT_CONTRAST if contrast else LIGHT)
    return theme._replace(follows_system=choice == "system")


def apply(app: QApplication, theme: Theme, more_rules: str = "") -> None:
    """Dress the application: with one sheet, for every further one costs each widget. Harmless to repeat."""
    if not theme.follows_system:
        app.styleHints().setColorScheme(Qt.ColorScheme.Dark if theme.dark else Qt.ColorScheme.Light)
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(palette(theme))
    sheet = style_sheet(theme) + more_rules
    if app.styleSheet() != sheet:
        app.setStyleSheet(sheet)


def palette(theme: Theme) -> QPalette:
    """Return the palette for Fusion."""
    role = QPalette.ColorRole
    colors = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.raised,
        role.AlternateBase: theme.sidebar,
        role.Text: theme.text,
        role.Button: theme.user_box,
        role.ButtonText: theme.text,
        role.BrightText: theme.danger,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.text,
        role.Accent: theme.accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.hover,
        role.Mid: theme.faint,
        role.Dark: theme.outline,
        role.Shadow: "#000000" if theme.dark else theme.outline,
    }
    made = QPalette()
    for where, color in colors.items():
        made.setColor(where, QColor(color))
    for where in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, where, QColor(theme.muted))
    return made


def style_sheet(theme: Theme) -> str:
    """Return the one small style sheet, with the tokens put in."""
    t = theme
    return f"""
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; padding: 4px 6px; }}
QBalloonTip QLabel {{ color: #000000; }} /* light in every theme: Qt draws it where the system shows no messages */
QLabel[muted="true"] {{ color: {t.muted}; }}
QLabel[error="true"] {{ color: {t.danger}; }}
QLabel[title="true"] {{ font-weight: 600; }}
QPushButton {{ background: {t.user_box}; color: {t.text}; border: 1px solid {t.faint}; border-radius: {t.radius}px;
  padding: 5px 12px; min-height: 20px; }}
QPushButton, QToolButton {{ outline: none; }} /* the style's own frame, inside our ring */
QPushButton:hover {{ background: {t.hover}; }}
QPushButton:pressed {{ background: {t.faint}; }}
QPushButton:disabled {{ color: {t.muted}; background: transparent; }}
QPushButton:focus {{ border: 2px solid {t.accent}; padding: 4px 11px; }}
QPushButton[kind="primary"] {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent};
  font-weight: 600; }}
QPushButton[kind="primary"]:focus {{ border: 2px solid {t.text}; }}
QPushButton[kind="primary"]:disabled {{ background: {t.user_box}; color: {t.muted}; border-color: {t.faint}; }}
QPushButton[kind="danger"] {{ color: {t.danger}; }}
QPushButton[kind="quiet"], QToolButton {{ background: transparent; border: 2px solid transparent; padding: 4px;
  border-radius: {t.radius}px; color: {t.text}; }}
QPushButton[kind="quiet"]:hover, QToolButton:hover {{ background: {t.hover}; }}
QPushButton[kind="quiet"]:pressed, QToolButton:pressed, QToolButton:checked {{ background: {t.faint}; }}
QPushButton[kind="quiet"]:focus, QToolButton:focus {{ border: 2px solid {t.accent}; }}
QPushButton[kind="quiet"]:disabled, QToolButton:disabled {{ color: {t.muted}; }}
QToolButton::menu-indicator {{ image: none; }}
QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox {{ background: {t.raised}; color: {t.text};
  border: 1px solid {t.outline}; border-radius: {t.radius}px; padding: 5px 8px;
  selection-background-color: {t.selection}; selection-color: {t.text}; }}
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus {{
  border: 2px solid {t.accent}; padding: 4px 7px; }}
QFrame[card="true"] {{ background: {t.raised}; border: 1px solid {t.faint}; border-radius: {t.radius}px; }}
QWidget#sidebar {{ background: {t.sidebar}; }}
QFrame#composer {{ background: {t.raised}; border: 1px solid {t.outline}; border-radius: {t.composer_radius}px; }}
QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.faint}; padding: 4px; }}
QMenu::item {{ padding: 6px 24px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.hover}; }}
QMenu::item:disabled {{ color: {t.muted}; }}
QMenu::separator {{ height: 1px; background: {t.faint}; margin: 4px 8px; }}
QScrollBar {{ background: transparent; border: none; margin: 0; }}
QScrollBar:vertical {{ width: 12px; }}
QScrollBar:horizontal {{ height: 12px; }}
QScrollBar::handle {{ background: {t.outline}; border-radius: 3px; margin: 3px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {t.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
