"""Handlers: what each command of `actions.COMMANDS` does in one window, and whether it can be done now."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices

from parley.options import Options
from parley.services import Services
from parley.ui.actions import COMMANDS
from parley.ui.appearance.look import Look
from parley.ui.areas import Area, Areas, tab_from_above

if TYPE_CHECKING:
    from parley.ui.window import Window

THEMES = {"theme_system": "system", "theme_light": "light", "theme_dark": "dark"}
SEND_KEYS = {"send_enter": "enter", "send_ctrl_enter": "ctrl+enter"}


class Handlers(QObject):
    """Carries out commands. It knows the parts of the window; they do not know it."""

    def __init__(self, services: Services, look: Look, window: "Window") -> None:
        super().__init__(window)
        self._services = services
        self._look = look
        self._window = window
        self._areas = self._made_areas()
        tab_from_above(window.sidebar)
        handlers = self._made_handlers()
        self._handlers = {command.id: handlers[command.id] for command in COMMANDS}  # one without is a bug
        window.view.updated.connect(self.refresh)
        window.sidebar.chosen_changed.connect(self.refresh)

    def carry_out(self, command_id: str) -> None:
        """Do what a command is for."""
        self._handlers[command_id]()

    def refresh(self) -> None:
        """Let the commands fit what they are for: the focused row of the list, else the open chat."""
        window, actions = self._window, self._window.actions_
        chosen = window.sidebar.chosen
        for command in ("pin", "delete"):
            actions[command].setEnabled(chosen is not None)
        actions["rename"].setEnabled(chosen is not None and not window.sidebar.several)
        actions["regenerate"].setEnabled(window.view.can_regenerate)
        actions["copy_conversation"].setEnabled(window.view.tree is not None)
        pinned = chosen is not None and chosen.pinned
        actions["pin"].setText(self.tr("Unpin") if pinned else self.tr("Pin"))
        self._look.dress(actions["pin"], "unpin" if pinned else "pin")

    def show_options(self, options: Options) -> None:
        """Tick what is chosen, and give the commands the keys that are set."""
        actions = self._window.actions_
        actions.rebind(options.shortcuts)
        actions.choose(THEMES, next(name for name, theme in THEMES.items() if theme == options.theme))
        actions.choose(SEND_KEYS, next(name for name, key in SEND_KEYS.items() if key == options.send_key))

    def _made_handlers(self) -> dict[str, Callable[[], object]]:
        window, view, find = self._window, self._window.view, self._window.find_
        update = self._services.settings.update
        handlers: dict[str, Callable[[], object]] = {
            "new_chat": lambda: window.open_chat(None),
            "search": self._search,
            "find": lambda: find.open() if view.shown_id else self._search(),
            "find_next": lambda: find.step(1) if view.shown_id else None,
            "find_previous": lambda: find.step(-1) if view.shown_id else None,
            "choose_model": window.models.open_picker,
            "sidebar": lambda: window.frame.set_folded(not window.frame.folded),
            "full_screen": lambda: window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen),
            "composer": window.page.composer.setFocus,
            "next_area": lambda: self._areas.step(1),
            "previous_area": lambda: self._areas.step(-1),
            "next_chat": lambda: self._step(1),
            "previous_chat": lambda: self._step(-1),
            "stop": view.stop,
            "regenerate": view.regenerate_last,
            "chat_settings": window.chat_settings.toggle,
            "rename": self._rename,
            "pin": lambda: self._with_chosen(window.chats.pin),
            "delete": lambda: self._with_chosen(window.chats.delete),
            "undo": window.undo.undo,
            "copy_conversation": self._copy_conversation,
            "zoom_in": window.zoom.larger,
            "zoom_out": window.zoom.smaller,
            "zoom_reset": window.zoom.reset,
            "settings": window.settings_door.open,
            "server": partial(window.settings_door.open, "server"),
            "manual": window.links.open_manual,
            "shortcuts": partial(window.settings_door.open, "shortcuts"),
            "data_folder": self._open_data_folder,
            "close": window.close,
            "quit": window.leave,
        }
        handlers |= {command: partial(update, theme=theme) for command, theme in THEMES.items()}
        handlers |= {command: partial(update, send_key=key) for command, key in SEND_KEYS.items()}
        return handlers

    def _made_areas(self) -> Areas:
        window, page, tab = self._window, self._window.page, Qt.FocusReason.TabFocusReason
        return Areas(
            [
                Area(window.sidebar, lambda: window.sidebar.list.setFocus(tab)),
                Area(window.find_.bar, lambda: window.find_.bar.setFocus(tab)),
                Area(window.chat_settings.sheet, window.chat_settings.sheet.enter),
                Area(page.body, page.enter_body, lambda: page.first_in_body is not None),
                Area(page.composer, lambda: page.composer.setFocus(tab)),
                Area(page.notices, page.notices.enter),
            ]
        )

    def _step(self, step: int) -> None:
        if conversation := self._window.sidebar.chats.neighbour(self._window.view.shown_id, step):
            self._window.open_chat(conversation.id)

    def _search(self) -> None:
        if self._window.frame.folded:
            self._window.frame.set_folded(False)
        self._window.sidebar.start_search()

    def _rename(self) -> None:
        sidebar = self._window.sidebar
        if sidebar.list.hasFocus() and sidebar.chosen:
            sidebar.rename(sidebar.chosen.id)
        else:
            self._window.page.header.edit_title()

    def _with_chosen(self, act: Callable[..., object]) -> None:
        if chosen := self._window.sidebar.chosen_ids:
            act(*chosen)

    def _copy_conversation(self) -> None:
        if tree := self._window.view.whole_tree:
            self._window.messages.copy_conversation(tree)
            self._window.page.notices.show_notice(self.tr("The whole chat was copied as Markdown."))

    def _open_data_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._services.paths.data)))
