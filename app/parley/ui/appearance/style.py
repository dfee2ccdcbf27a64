"""The style rules of the window's own widgets, built from the theme; the rules for all widgets are in `theme.py`."""

from parley.ui.appearance.theme import Theme


def window_sheet(theme: Theme) -> str:
    """Return the rules for the main window and what belongs to it."""
    t = theme
    return f"""
QScrollBar::handle:disabled {{ background: transparent; }}
QSplitter::handle {{ background: {t.faint}; }}
QWidget#header {{ background: {t.window}; border-bottom: 1px solid {t.faint}; }}
QWidget#drawer {{ background: {t.sidebar}; border: 1px solid {t.faint}; }}
QWidget#shade {{ background: rgba(0, 0, 0, {110 if t.dark else 60}); }}
QWidget#sidebar QListView {{ background: {t.sidebar}; }}
QWidget#sidebar QLineEdit#search {{ background: {t.window}; border: 1px solid {t.faint}; padding: 5px 4px; }}
QWidget#sidebar QLineEdit#search:focus {{ border: 2px solid {t.accent}; padding: 4px 3px; }}
QLineEdit#rename {{ border: 2px solid {t.accent}; padding: 0 8px; border-radius: {t.radius}px; }}
QPushButton#newChat, QPushButton#openSettings, QPushButton#openServer {{
  text-align: left; padding: 6px 6px; min-height: 22px; }}
QLabel#chatTitle {{ font-weight: 600; border: 2px solid transparent; border-radius: {t.radius}px; padding: 2px 6px; }}
QLabel#chatTitle:focus {{ border-color: {t.accent}; }}
QFrame#composer {{ margin: 1px; border: 1px solid {t.outline}; }}
QFrame#composer[focused="true"] {{ margin: 0; border: 2px solid {t.accent}; }}
QFrame#composer QPlainTextEdit {{ background: transparent; border: none; selection-background-color: {t.selection};
  selection-color: {t.text}; }}
QToolButton#send {{ background: {t.accent}; border-radius: 18px; padding: 0; }}
QToolButton#send:hover {{ background: {t.accent}; }}
QToolButton#send:focus {{ border: 2px solid {t.text}; }}
QToolButton#send:disabled {{ background: {t.user_box}; }}
QToolButton#stop {{ background: {t.user_box}; border-radius: 18px; padding: 0; }}
QToolButton#stop:hover {{ background: {t.hover}; }}
QPushButton#modelButton {{ text-align: left; color: {t.muted}; padding: 4px 5px; }}
QPushButton#modelButton:hover {{ color: {t.text}; }}
QPushButton#aside {{ padding: 4px 10px; }}
QPushButton#statusLine {{ padding: 0; min-height: 0; }}
QFrame#chip {{ background: {t.code_panel}; border: 1px solid {t.faint}; border-radius: {t.radius}px; }}
QFrame#queue {{ background: {t.code_panel}; border: 1px solid {t.faint}; border-radius: {t.radius}px; }}
QFrame#queue QScrollArea, QFrame#queue QScrollArea > QWidget > QWidget {{ background: transparent; }}
QFrame#findBar {{ background: {t.window}; border: none; border-bottom: 1px solid {t.faint}; }}
QLineEdit#findField {{ padding: 3px 6px; }}
QLineEdit#findField:focus {{ border: 2px solid {t.accent}; padding: 2px 5px; }}
QFrame#notice {{ background: {t.raised}; border: 1px solid {t.faint}; border-radius: {t.radius}px; }}
QFrame#notice[error="true"] {{ border-color: {t.danger}; }}
QPlainTextEdit#noticeDetail {{ background: transparent; color: {t.muted}; border: none;
  selection-background-color: {t.selection}; selection-color: {t.text}; }}
QPushButton[kind="link"] {{ background: transparent; border: 2px solid transparent; color: {t.accent};
  font-weight: 600; padding: 3px 6px; }}
QPushButton[kind="link"]:hover {{ background: {t.hover}; }}
QPushButton[kind="link"]:focus {{ border-color: {t.accent}; }}
QLabel#welcome {{ font-size: {t.answer_step + 15:g}pt; font-weight: 600; }}
QPushButton[kind="question"] {{ background: {t.window}; border: 1px solid {t.faint}; text-align: left;
  padding: 9px 14px; border-radius: {t.radius}px; }}
QPushButton[kind="question"]:hover {{ background: {t.hover}; }}
QPushButton[kind="question"]:focus {{ border: 2px solid {t.accent}; padding: 8px 13px; }}
QProgressBar {{ background: {t.user_box}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
QFrame#popup {{ background: {t.raised}; border: 1px solid {t.outline}; border-radius: {t.radius}px; }}
QFrame#popup QListView {{ background: {t.raised}; border: none; }}
QTextBrowser#manual {{ background: {t.window}; border: none; }}
QLabel#detail {{ background: {t.code_panel}; border-radius: {t.radius}px; padding: 8px; }}
"""
