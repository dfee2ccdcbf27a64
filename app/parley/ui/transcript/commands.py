"""Commands: what buttons, menus and keys do to a message, each under its key."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from parley.messages import Message
from parley.render.code import label
from parley.ui.error_texts import page_to_mend
from parley.ui.transcript import accessible
from parley.ui.transcript.actions import actions_for
from parley.ui.transcript.cell import Cell, Hot
from parley.ui.transcript.codecell import CodeCell
from parley.ui.transcript.copying import copy_message, copy_plain, copy_selected
from parley.ui.transcript.furniture import Foot
from parley.ui.transcript.places import corner, hot_at, placed_at
from parley.ui.transcript.row import Row
from parley.ui.transcript.textcell import TextCell

if TYPE_CHECKING:
    from parley.ui.transcript.view import Transcript

COPIED_MS = 1600
MOST_ENTRIES = 8


class Commands(QObject):
    """Runs a command by its key; opens menus."""

    def __init__(self, view: "Transcript") -> None:
        super().__init__(view)
        self._view = view
        self.menu: QMenu | None = None
        self.row: Row | None = None
        """The message whose menu is open: its actions stay in sight."""
        self._by_key: dict[str, Callable[[Row, Cell | None, Hot | None], None]] = {
            "copy": self._copy_message,
            "copy-markdown": lambda row, *_: copy_plain(row.message.markdown),
            "copy-code": self._copy_code,
            "edit": lambda row, *_: view.editors.begin(row.message.id),
            "more": self._more,
            "retry": lambda row, *_: view.retry_requested.emit(row.message.id),
            "settings": lambda row, *_: view.settings_requested.emit(page_of(row.message)),
            "regenerate": lambda row, *_: view.regenerate_requested.emit(row.message.id),
            "answer": lambda row, *_: view.regenerate_requested.emit(row.message.id),
            "version": lambda row, cell, hot: view.version_requested.emit(hot.value) if hot else None,
            "link": lambda row, cell, hot: view.link_clicked.emit(hot.value, hot.words) if hot else None,
            "show-image": lambda row, cell, _: self._show_image(cell),
            "reasoning": lambda row, *_: self._change(row, Row.fold),
            "details": lambda row, *_: self._change(row, _unfold_details),
            "show-all": lambda row, *_: self._change(row, _show_all),
        }
        for key in ("continue", "regenerate-with", "save-file", "info", "delete"):
            self._by_key[key] = lambda row, *_, key=key: view.requested.emit(key, row.message.id)

    def run(self, key: str, row: Row, cell: Cell | None = None, hot: Hot | None = None) -> None:
        """Do what a key says to a message."""
        self._by_key[key](row, cell, hot)
        self._view.viewport().update()

    # --- copying
    def copy_selection(self) -> None:
        """Copy what is selected as text."""
        copy_selected(self._view)

    def copy_markdown(self) -> None:
        """Copy what is selected as it was written."""
        text = self._view.selection.text(self._view.row_at, len(self._view.messages), markdown=True)
        if text:
            copy_plain(text)

    def select_all(self) -> None:
        """Select all messages."""
        self._view.load_all()
        self._view.selection.select_all(len(self._view.messages))
        self._view.viewport().update()

    def _copy_message(self, row: Row, cell: Cell | None, hot: Hot | None) -> None:
        copy_message(row)
        self._say_copied(row.foot)

    def _copy_code(self, row: Row, cell: Cell | None, hot: Hot | None) -> None:
        if isinstance(cell, CodeCell):
            QGuiApplication.clipboard().setText(cell.block.code)
            self._say_copied(cell)

    def _say_copied(self, cell: CodeCell | Foot) -> None:
        """Say so where the button was, for a moment."""
        cell.copied = True
        accessible.say(self._view, self._view.words.copied())

        def over() -> None:
            cell.copied = False
            self._view.viewport().update()

        QTimer.singleShot(COPIED_MS, self, over)

    def _show_image(self, cell: Cell | None) -> None:
        from parley.ui.transcript.imagecell import ImageCell
        from parley.ui.transcript.imagewindow import ImageWindow

        if isinstance(cell, ImageCell):
            view = self._view
            ImageWindow(cell.image(), cell.block.words, view.words, view.image_not_saved.emit, view).show()

    def _change(self, row: Row, change: Callable[[Row], None]) -> None:
        index = self._view.book.index_of(row.message.id)
        if index >= 0:
            self._view.change_row(index, change)

    # --- menus
    def _add_image(self, menu: QMenu, cell: Cell) -> None:
        """Add what can be done with a cell's image, if it shows one."""
        from parley.ui.transcript.imagecell import ImageCell
        from parley.ui.transcript.imagewindow import copy_image, save_image

        if isinstance(cell, ImageCell) and cell.shown:
            view, words, image = self._view, self._view.words, cell.image()
            failed = view.image_not_saved.emit
            menu.addAction(words.copy_image()).triggered.connect(lambda: copy_image(image))
            menu.addAction(words.save_image()).triggered.connect(lambda: save_image(image, failed, view))

    def _more(self, row: Row, cell: Cell | None, hot: Hot | None) -> None:
        """Open the menu of a message below its button."""
        placed = next((placed for placed in self._view.placed if placed.cell is cell), None)
        if placed is None or hot is None:
            return
        at = corner(self._view, placed) + hot.rect.bottomLeft()
        self.menu_for(row, self._view.viewport().mapToGlobal(at.toPoint()))

    def menu_for(self, row: Row, where: QPoint) -> None:
        """Open the menu of a message: its actions, its code, its links."""
        menu = self._new_menu()
        self._add_actions(menu, row)
        self.row = row
        self._open(menu, where)

    def menu_at(self, point: QPointF, where: QPoint) -> None:
        """Open the menu of a place: what is selected, the link there, then the message's actions."""
        view, words = self._view, self._view.words
        menu = self._new_menu()
        if view.selection:
            for name, keys, act in (
                (words.copy(), "Ctrl+C", self.copy_selection),
                (words.copy_markdown(), "Ctrl+Shift+C", self.copy_markdown),
            ):
                self._entry(menu, name, keys).triggered.connect(act)
        hover = hot_at(view, point)
        if hover and hover[2].action == "link":
            url = hover[2].value
            copy = menu.addAction(words.copy_link())
            copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(url))
        placed = placed_at(view, point)
        if placed:
            self._add_image(menu, placed.cell)
        if placed and not view.selection:
            self._add_actions(menu, placed.row)
        menu.addSeparator()
        menu.addAction(words.select_all()).triggered.connect(self.select_all)
        self._open(menu, where)

    def _add_actions(self, menu: QMenu, row: Row) -> None:
        words = self._view.words
        for action in actions_for(row.message):
            if action.key == "delete":
                menu.addSeparator()
            entry = self._entry(menu, action.words(words), action.keys)
            entry.triggered.connect(lambda _=False, key=action.key: self.run(key, row))
        menu.addSeparator()
        if row.head.present:
            entry = menu.addAction(words.hide_reasoning() if row.head.open else words.show_reasoning())
            entry.triggered.connect(lambda: self.run("reasoning", row))
        if row.foot.detail():
            menu.addAction(words.details()).triggered.connect(lambda: self.run("details", row))
        self._add_versions(menu, row)
        codes = [cell for cell in row.cells if isinstance(cell, CodeCell)]
        links = [link for cell in row.cells if isinstance(cell, TextCell) for link in cell.links()]
        if codes or links:
            menu.addSeparator()
        for cell in codes[:MOST_ENTRIES]:
            entry = menu.addAction(words.copy_code(label(cell.block.language)))
            entry.triggered.connect(lambda _=False, cell=cell: self.run("copy-code", row, cell))
        for url, shown in links[:MOST_ENTRIES]:
            entry = menu.addAction(shown[:60].replace("&", "&&"))
            entry.setToolTip(url)
            entry.triggered.connect(lambda _=False, url=url, shown=shown: self._view.link_clicked.emit(url, shown))

    def _add_versions(self, menu: QMenu, row: Row) -> None:
        words = self._view.words
        for by, name in ((-1, words.previous_version()), (1, words.next_version())):
            if self.version(row, by):
                menu.addAction(name).triggered.connect(lambda _=False, by=by: self.turn(row, by))

    def version(self, row: Row, by: int) -> str:
        """Return the version of a message that comes so many after this one; nothing where there is none."""
        versions = list(row.versions)
        if row.message.id not in versions:
            return ""
        at = versions.index(row.message.id) + by
        return versions[at] if 0 <= at < len(versions) else ""

    def turn(self, row: Row, by: int) -> bool:
        """Ask for the next version of a message, or the one before; say whether there is one."""
        if found := self.version(row, by):
            self._view.version_requested.emit(found)
        return bool(found)

    @staticmethod
    def _entry(menu: QMenu, name: str, keys: str) -> QAction:
        """Add an entry that tells its keys."""
        entry = menu.addAction(name)
        entry.setShortcut(QKeySequence(keys))
        entry.setShortcutVisibleInContextMenu(True)
        return entry

    def _new_menu(self) -> QMenu:
        if self.menu is not None:
            self.menu.deleteLater()
        self.menu = QMenu(self._view)
        self.menu.aboutToHide.connect(self._closed)
        return self.menu

    def _closed(self) -> None:
        self.row = None
        self._view.viewport().update()

    def _open(self, menu: QMenu, where: QPoint) -> None:
        menu.popup(where)


def _unfold_details(row: Row) -> None:
    row.foot.unfolded = not row.foot.unfolded
    row.changed(row.foot)
    row.rebuild(len(row.cells) - 1)


def _show_all(row: Row) -> None:
    row.full = True
    row.show(row.message, row.versions)


def page_of(message: Message) -> str:
    """Return the page of the settings that mends a message's failure."""
    return page_to_mend(message.failure.code if message.failure else "")
