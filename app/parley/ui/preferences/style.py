"""The style rules of the settings window, built from the theme."""

from parley.ui.appearance.theme import Theme


def settings_sheet(theme: Theme) -> str:
    """Return the rules for the settings window and what belongs to it."""
    t = theme
    return f"""
QWidget#settings {{ background: {t.window}; }}
QScrollArea, QWidget#settingsPage {{ background: {t.window}; }}
QLabel#settingsTitle {{ font-size: {t.answer_step + 13:g}pt; font-weight: 600; padding-bottom: 8px; }}
QLabel#spendingTotal {{ font-size: {t.answer_step + 13:g}pt; font-weight: 600; }}
QListWidget#spendingTable {{ background: {t.window}; border: none; outline: none; }}
QListWidget#pages {{ background: {t.sidebar}; border: none; padding: 8px; outline: none; }}
QListWidget#pages::item {{ padding: 8px 10px; border-radius: {t.radius}px; border: 2px solid transparent; }}
QListWidget#pages::item:hover {{ background: {t.hover}; }}
QListWidget#pages::item:selected {{ background: {t.hover}; color: {t.text}; }}
QListWidget#pages::item:focus {{ border-color: {t.accent}; }}
QListWidget#pages::item:disabled {{ color: {t.muted}; }}
QListWidget#checks {{ background: {t.raised}; border: 1px solid {t.outline}; border-radius: {t.radius}px;
  padding: 3px; outline: none; }}
QListWidget#checks:focus {{ border: 2px solid {t.accent}; padding: 2px; }}
QListWidget#checks::item {{ padding: 3px; }}
QListWidget#checks::indicator:unchecked {{ width: 11px; height: 11px; border: 1px solid {t.outline};
  border-radius: 2px; }}
QWidget#settingsTop {{ background: {t.window}; border-bottom: 1px solid {t.faint}; }}
QPlainTextEdit {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.outline};
  border-radius: {t.radius}px; padding: 4px; selection-background-color: {t.selection}; }}
QPlainTextEdit:focus {{ border: 2px solid {t.accent}; padding: 3px; }}
QPushButton[kind="choice"] {{ text-align: left; background: {t.raised}; border: 1px solid {t.outline}; }}
QPushButton[kind="choice"]:focus {{ border: 2px solid {t.accent}; padding: 4px 11px; }}
QPushButton[kind="choice"]:hover {{ background: {t.hover}; }}
QPushButton[kind="segment"] {{ background: {t.raised}; border: 1px solid {t.outline}; padding: 5px 10px; }}
QPushButton[kind="segment"]:hover {{ background: {t.hover}; }}
QPushButton[kind="segment"]:checked {{ background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; }}
QPushButton[kind="segment"]:focus {{ border: 2px solid {t.text}; padding: 4px 9px; }}
QSlider {{ background: transparent; border: 2px solid transparent; border-radius: {t.radius}px; }}
QSlider:focus {{ border-color: {t.accent}; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.faint}; margin: 0 4px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: {t.accent};
  border: 1px solid {t.accent}; }}
QSlider[unset="true"]::handle:horizontal {{ background: {t.window}; border-color: {t.outline}; }}
QFrame#provider, QFrame#form {{ background: {t.raised}; border: 1px solid {t.faint}; border-radius: {t.radius}px; }}
"""
