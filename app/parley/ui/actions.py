"""The one table of commands. Menus and shortcuts derive from it.

A new command is one row in `COMMANDS` and one handler given to `Actions.connect`.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QStyleOptionMenuItem, QWidget

from parley.options import ShortcutRow
from parley.ui.appearance.look import Look

CONTEXT = "Commands"
LEFT_TO_RIGHT = "\u2066{}\u2069"
"""Isolates what is put in. Written by its number: to compile letters by name Python loads all their names."""
SHOWN_AT_ONCE = ("new_chat", "sidebar")
"""Commands that buttons of the window show with their icons."""


class Command(NamedTuple):
    """What a person can do: its words, its keys and its drawing. `menu` names the menus it stands in."""

    id: str
    text: object
    keys: tuple[str, ...] = ()
    icon: str = ""
    menu: str = ""
    checkable: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("new_chat", QT_TRANSLATE_NOOP("Commands", "New chat"), ("Ctrl+N",), "new-chat", "main"),
    Command("search", QT_TRANSLATE_NOOP("Commands", "Search everything"), ("Ctrl+K", "Ctrl+Shift+F"), "search", "main"),
    Command("find", QT_TRANSLATE_NOOP("Commands", "Find in this chat"), ("Ctrl+F",), "search", "chat"),
    Command("find_next", QT_TRANSLATE_NOOP("Commands", "Next place found"), ("Ctrl+G", "F3")),
    Command("find_previous", QT_TRANSLATE_NOOP("Commands", "Previous place found"), ("Ctrl+Shift+G", "Shift+F3")),
    Command("choose_model", QT_TRANSLATE_NOOP("Commands", "Choose a model"), ("Ctrl+M",), "model", "main"),
    Command("sidebar", QT_TRANSLATE_NOOP("Commands", "Show the list of chats"), ("Ctrl+B",), "sidebar", "main"),
    Command("full_screen", QT_TRANSLATE_NOOP("Commands", "Full screen"), ("F11",), checkable=True, menu="main"),
    Command("composer", QT_TRANSLATE_NOOP("Commands", "Write a message"), ("Ctrl+L",)),
    Command("next_area", QT_TRANSLATE_NOOP("Commands", "Next part of the window"), ("F6",)),
    Command("previous_area", QT_TRANSLATE_NOOP("Commands", "Previous part of the window"), ("Shift+F6",)),
    Command("next_chat", QT_TRANSLATE_NOOP("Commands", "Next chat"), ("Ctrl+PgDown", "Alt+Down")),
    Command("previous_chat", QT_TRANSLATE_NOOP("Commands", "Previous chat"), ("Ctrl+PgUp", "Alt+Up")),
    Command("stop", QT_TRANSLATE_NOOP("Commands", "Stop the answer"), ("Ctrl+.",), "stop"),
    Command("regenerate", QT_TRANSLATE_NOOP("Commands", "Regenerate"), ("Ctrl+R",), "refresh", "chat"),
    Command(
        "chat_settings", QT_TRANSLATE_NOOP("Commands", "Chat settings"), ("Ctrl+Shift+I",), "chat-settings", "chat"
    ),
    Command("copy_conversation", QT_TRANSLATE_NOOP("Commands", "Copy chat as Markdown"), icon="copy", menu="chat"),
    Command("rename", QT_TRANSLATE_NOOP("Commands", "Rename"), ("F2",), "rename", "chat row"),
    Command("pin", QT_TRANSLATE_NOOP("Commands", "Pin"), ("Ctrl+Shift+P",), "pin", "chat row"),
    Command("delete", QT_TRANSLATE_NOOP("Commands", "Delete"), ("Ctrl+Shift+Backspace",), "trash", "chat row"),
    Command("undo", QT_TRANSLATE_NOOP("Commands", "Undo"), ("Ctrl+Z",), "undo"),
    Command("theme_system", QT_TRANSLATE_NOOP("Commands", "Theme of the system"), menu="theme", checkable=True),
    Command("theme_light", QT_TRANSLATE_NOOP("Commands", "Light"), menu="theme", checkable=True),
    Command("theme_dark", QT_TRANSLATE_NOOP("Commands", "Dark"), menu="theme", checkable=True),
    Command("send_enter", QT_TRANSLATE_NOOP("Commands", "Send with Enter"), menu="keys", checkable=True),
    Command("send_ctrl_enter", QT_TRANSLATE_NOOP("Commands", "Send with Ctrl+Enter"), menu="keys", checkable=True),
    Command("zoom_in", QT_TRANSLATE_NOOP("Commands", "Larger"), ("Ctrl++", "Ctrl+="), menu="zoom"),
    Command("zoom_out", QT_TRANSLATE_NOOP("Commands", "Smaller"), ("Ctrl+-",), menu="zoom"),
    Command("zoom_reset", QT_TRANSLATE_NOOP("Commands", "As it was"), ("Ctrl+0",), menu="zoom"),
    Command("settings", QT_TRANSLATE_NOOP("Commands", "Settings"), ("Ctrl+,",), "settings", "settings"),
    Command("server", QT_TRANSLATE_NOOP("Commands", "Server"), icon="server", menu="settings"),
    Command("manual", QT_TRANSLATE_NOOP("Commands", "Manual"), ("F1",), "book", "help"),
    Command("shortcuts", QT_TRANSLATE_NOOP("Commands", "Keyboard shortcuts"), ("Ctrl+/",), "keyboard", "help"),
    Command("data_folder", QT_TRANSLATE_NOOP("Commands", "Open data folder"), icon="folder", menu="help"),
    Command("close", QT_TRANSLATE_NOOP("Commands", "Close the window"), ("Ctrl+W",)),
    Command("quit", QT_TRANSLATE_NOOP("Commands", "Quit"), ("Ctrl+Q",), menu="end"),
)


class Actions(QObject):
    """The QActions of one window, by the id of their command."""

    def __init__(self, look: Look, window: QWidget) -> None:
        super().__init__(window)
        self._look = look
        self._actions = {command.id: self._made(command, window) for command in COMMANDS}
        self._dress(SHOWN_AT_ONCE)

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def dress(self) -> None:
        """Give the commands their icons that only menus show: no first paint waits for those."""
        self._dress(command.id for command in COMMANDS if command.id not in SHOWN_AT_ONCE)

    def _dress(self, names: Iterable[str]) -> None:
        icons = {command.id: command.icon for command in COMMANDS}
        for name in names:
            if icons[name]:
                self._look.dress(self._actions[name], icons[name])

    def connect_all(self, carry_out: Callable[[str], object]) -> None:
        """Call this with the id of each command that a person gives."""
        for name, action in self._actions.items():
            action.triggered.connect(lambda _checked=False, name=name: carry_out(name))

    def fill(self, menu: QMenu, *names: str) -> None:
        """Add the commands of the named menus, with a line between two of them."""
        for name in names:
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addActions(self.of(name))

    def of(self, name: str) -> list[QAction]:
        """Return the actions of one menu."""
        return [self._actions[command.id] for command in COMMANDS if name in command.menu.split()]

    def choose(self, names: Iterable[str], chosen: str) -> None:
        """Tick one of several commands that exclude each other."""
        for name in names:
            self._actions[name].setChecked(name == chosen)

    def rebind(self, rows: Iterable[ShortcutRow]) -> None:
        """Give the commands the keys that a person has chosen, and the others their own."""
        chosen = {row.command: row.keys for row in rows}
        for command in COMMANDS:
            self._actions[command.id].setShortcuts(keys_of(command, chosen.get(command.id)))

    @staticmethod
    def _made(command: Command, window: QWidget) -> QAction:
        action = QAction(QCoreApplication.translate(CONTEXT, str(command.text)), window)
        action.setObjectName(command.id)
        action.setShortcuts(keys_of(command))
        action.setCheckable(command.checkable)
        action.setShortcutVisibleInContextMenu(True)
        action.setMenuRole(QAction.MenuRole.QuitRole if command.id == "quit" else QAction.MenuRole.NoRole)
        window.addAction(action)
        return action


class CommandMenu(QMenu):
    """A menu whose keys read from left to right in a right-to-left window, too: Ctrl+, and not ,+Ctrl."""

    def initStyleOption(self, option: QStyleOptionMenuItem, action: QAction) -> None:
        super().initStyleOption(option, action)
        words, tab, keys = option.text.partition("\t")
        if tab and self.isRightToLeft():
            option.text = f"{words}{tab}{LEFT_TO_RIGHT.format(keys)}"


def keys_of(command: Command, chosen: str | None = None) -> list[QKeySequence]:
    """Return the keys of a command: those that a person has chosen, else its own."""
    return [QKeySequence(keys) for keys in ((chosen,) if chosen else () if chosen == "" else command.keys)]


def show_keys(widget: QWidget, action: QAction, name: str) -> None:
    """Give a widget a tip with its name and with whatever the keys of its action are."""

    def show() -> None:
        keys = key_text(action)
        widget.setToolTip(f"{name} ({keys})" if keys else name)

    action.changed.connect(show)
    show()


def key_text(action: QAction) -> str:
    """Return an action's first shortcut as the system writes it."""
    return native(action.shortcut())


def native(keys: QKeySequence) -> str:
    """Return keys as the system writes them; from left to right also amid words that run from right to left."""
    words = keys.toString(QKeySequence.SequenceFormat.NativeText)
    right_to_left = QGuiApplication.layoutDirection() == Qt.LayoutDirection.RightToLeft
    return LEFT_TO_RIGHT.format(words) if words and right_to_left else words
