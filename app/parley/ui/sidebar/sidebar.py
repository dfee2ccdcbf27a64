"""Sidebar: new chat, search over everything, and the list of chats. It emits what a person wants, and does nothing."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QMenu, QStackedWidget, QVBoxLayout, QWidget

from parley.messages import Conversation
from parley.options import Options
from parley.ui.actions import Actions
from parley.ui.appearance.look import Look
from parley.ui.sidebar.conversation_delegate import ConversationDelegate
from parley.ui.sidebar.conversation_list import ConversationList, Shelf
from parley.ui.sidebar.dates import milliseconds_to_midnight
from parley.ui.sidebar.footer import Footer
from parley.ui.sidebar.head import Head
from parley.ui.sidebar.uniform_list import UniformList

if TYPE_CHECKING:
    from parley.ui.sidebar.search_results import NothingFound, Result, SearchResults

PAUSE_MS = 80
"""How long a person must pause typing before the search runs."""

READ_ON_MS = 100
"""After so long the rest of the list's order is read: the first page has been painted by then."""


class Sidebar(QWidget):
    """The left column of the window."""

    opened = Signal(str)
    result_opened = Signal(str, str, str)
    """A conversation, a message in it, and the words it was found by."""
    searched = Signal(str)
    """The words to search for, after a short pause; empty when the search is over."""
    rename_requested = Signal(str, str)
    delete_requested = Signal(list)
    chosen_changed = Signal()
    folded = Signal(bool)
    """The chats from the network are folded away, or no longer."""

    def __init__(self, look: Look, actions: Actions, shelf: Shelf, options: Options, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self._look = look
        self.chats = ConversationList(shelf, self)
        self.chats.folded = options.network_folded
        self._delegate = ConversationDelegate(look, self)
        self.list = UniformList(self)
        self.list.setItemDelegate(self._delegate)
        self._prepare(self.list, self.tr("Chats"))
        self.list.setModel(self.chats)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._head = Head(look, actions, self)
        self.search = self._head.search
        self.footer = Footer(look, actions, self)
        self._pages = QStackedWidget(self)
        self._waiting = self._opens = False
        """Whether a search is under way, and whether the first of what it finds is to be opened."""
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._midnight = QTimer(self, singleShot=True)
        self._read_on = QTimer(self, interval=READ_ON_MS, singleShot=True)
        self._arrange()
        self._connect()
        self._wait_for_midnight()

    @cached_property
    def results(self) -> "SearchResults":
        """Return the list of what was found."""
        from parley.ui.sidebar.search_results import SearchResults

        made = SearchResults(self._look, self)
        self._prepare(made, self.tr("Search results"))
        made.opened.connect(self.result_opened)
        self._pages.addWidget(made)
        return made

    @cached_property
    def _nothing(self) -> "NothingFound":
        from parley.ui.sidebar.search_results import NothingFound

        made = NothingFound(self)
        self._pages.addWidget(made)
        return made

    @property
    def shown_id(self) -> str | None:
        """Return the conversation that is marked as open."""
        return self._delegate.shown_id

    @property
    def chosen(self) -> Conversation | None:
        """Return the conversation that commands are for: the focused row, else the open one. A heading is none."""
        if self._at_heading:
            return None
        focused = self.chats.conversation(self.list.currentIndex()) if self._in_list else None
        return focused or self.chats.find(self.shown_id)

    @property
    def _in_list(self) -> bool:
        """Return whether the keyboard is with the list, be the window active or a menu over it."""
        return self.window().focusWidget() is self.list

    @property
    def _at_heading(self) -> bool:
        """Return whether the keyboard is on the heading that folds."""
        return self._in_list and self.chats.is_network(self.list.currentIndex())

    @property
    def chosen_ids(self) -> list[str]:
        """Return all that commands are for: the rows that are chosen together, else the one."""
        rows = self.list.selectedIndexes() if self.several else []
        several = [id for index in sorted(rows) if (id := self.chats.id_at(index))]
        one = self.chosen.id if self.chosen else "" if self._at_heading else self.shown_id
        return several or ([one] if one else [])

    @property
    def several(self) -> bool:
        """Return whether commands are for more than one."""
        return self._in_list and self.list.several

    @Slot(object)  # else PySide changes the class when it is connected, and Qt dresses and paints the widget anew
    def mark(self, conversation_id: str | None) -> None:
        """Mark a conversation as the open one, and show its row."""
        self.list.update(self.chats.index_of(self.shown_id))
        self._delegate.shown_id = conversation_id
        self._select(conversation_id)
        self.list.update(self.chats.index_of(conversation_id))
        self.list.scrollTo(self.chats.index_of(conversation_id))

    def reload(self) -> None:
        """Read the list anew, and keep what is marked."""
        self.chats.reload()
        self._keep_mark()
        self._read_on.start()

    def put(self, conversation: Conversation) -> None:
        """Show a conversation as it is now."""
        if self.list.state() == QAbstractItemView.State.EditingState:
            QTimer.singleShot(PAUSE_MS, self, lambda: self.put(conversation))
            return
        self.chats.put(conversation)
        self._keep_mark()

    def remove(self, conversation_id: str) -> None:
        """Take a conversation out of the list."""
        self.chats.remove(conversation_id)
        self._keep_mark()

    def rename(self, conversation_id: str) -> None:
        """Let the person change a title in its row."""
        index = self.chats.index_of(conversation_id)
        if index.isValid():
            self._pages.setCurrentWidget(self.list)
            self.list.choose(index)
            self.list.edit(index)

    def start_search(self) -> None:
        """Put the caret into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def show_results(self, results: Sequence["Result"], nothing: str) -> None:
        """Show what was found, or a sentence if nothing was."""
        self._nothing.setText(nothing)
        self._pages.setCurrentWidget(self.results if results else self._nothing)
        self.results.show_results(results)
        self._waiting, opens = False, self._opens
        self._opens = False
        if opens:
            self.results.open_chosen()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._leave_several()
            self.chosen_changed.emit()
        if watched is self.list and isinstance(event, QContextMenuEvent):
            if event.reason() == QContextMenuEvent.Reason.Keyboard:
                self._show_menu(self.list.visualRect(self.list.currentIndex()).center())
                return True
            return False
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if watched is self.search:
            return self._search_key(event)
        if watched is self.list and self.list.state() != QAbstractItemView.State.EditingState:
            return self._list_key(event)
        return watched is vars(self).get("results") and self._results_key(event)

    def _list_key(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._open(self.list.currentIndex())
            case Qt.Key.Key_Left | Qt.Key.Key_Right if self._at_heading:
                opens = (event.key() == Qt.Key.Key_Right) != (self.layoutDirection() == Qt.LayoutDirection.RightToLeft)
                self._fold(folded=not opens)
            case Qt.Key.Key_Delete:
                if self.chosen_ids:
                    self.delete_requested.emit(self.chosen_ids)
            case Qt.Key.Key_Escape if self.several:
                self.list.choose(self.list.currentIndex())
            case _:
                return self._type_into_search(event)
        return True

    def _results_key(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.results.open_chosen()
            case Qt.Key.Key_Escape:
                self.search.clear()
                self.list.setFocus(Qt.FocusReason.TabFocusReason)
            case _:
                return self._type_into_search(event)
        return True

    def _type_into_search(self, event: QKeyEvent) -> bool:
        """Take a letter that is typed at a list as the beginning of a search, or as more of it."""
        commands = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if commands or not event.text().strip() or not event.text().isprintable():
            return False
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self.search.end(False)
        self.search.insert(event.text())
        return True

    def _search_key(self, event: QKeyEvent) -> bool:
        match event.key():
            case Qt.Key.Key_Escape if self.search.text():
                self.search.clear()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._search_now()
                self._opens = self._waiting
                if not self._waiting:
                    self.results.open_chosen()
            case Qt.Key.Key_Down | Qt.Key.Key_Up if self._pages.currentWidget() is self.results:
                self.results.step(1 if event.key() == Qt.Key.Key_Down else -1)
            case Qt.Key.Key_Down:
                self.list.setFocus(Qt.FocusReason.TabFocusReason)
            case _:
                return False
        return True

    def _prepare(self, made: QListView, name: str) -> None:
        made.setAccessibleName(name)
        made.setFrameShape(QFrame.Shape.NoFrame)
        made.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        made.installEventFilter(self)

    def _arrange(self) -> None:
        self.search.installEventFilter(self)
        self._pages.addWidget(self.list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._head)
        column.addWidget(self._pages, 1)
        column.addWidget(self.footer)

    def _connect(self) -> None:
        self.list.opened.connect(self._open)
        self.list.selectionModel().currentChanged.connect(self.chosen_changed)
        self.list.selectionModel().selectionChanged.connect(self.chosen_changed)
        self.chats.renamed.connect(self.rename_requested)
        self.search.textChanged.connect(self._typed)
        self._pause.timeout.connect(self._search_now)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self._midnight.timeout.connect(self._wait_for_midnight)
        self._read_on.timeout.connect(self._read_the_rest)
        self._look.changed.connect(lambda: self.list.viewport().update())

    def _typed(self, words: str) -> None:
        self._waiting = self._opens = False
        if words.strip():
            self._pause.start()
        else:
            self._pause.stop()
            self._pages.setCurrentWidget(self.list)
            self.searched.emit("")

    def _search_now(self) -> None:
        if self._pause.isActive() or self.sender() is self._pause:
            self._pause.stop()
            self._waiting = True
            self.searched.emit(self.search.text())

    def _open(self, index: QModelIndex) -> None:
        if self.chats.is_network(index):
            self._fold(folded=not self.chats.folded)
        elif conversation := self.chats.conversation(index):
            self.opened.emit(conversation.id)

    def _fold(self, *, folded: bool) -> None:
        """Fold the chats from the network away, or show them; the list stays where it is."""
        if folded == self.chats.folded:
            return
        at = self.list.verticalScrollBar().value()
        self.chats.folded = folded
        self.reload()
        self.list.verticalScrollBar().setValue(at)
        if self._in_list:
            self.list.choose(self.chats.network)
        self.folded.emit(folded)

    def _show_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        if self.chats.conversation(index) is None:
            return
        if not self.list.selectionModel().isSelected(index):
            self.list.choose(index)
        self.list.setFocus(Qt.FocusReason.MouseFocusReason)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._actions.fill(menu, "row")
        self.list.hold(index)
        menu.aboutToHide.connect(lambda: self.list.hold(QModelIndex()))
        menu.popup(self.list.viewport().mapToGlobal(place))

    def _keep_mark(self) -> None:
        """Select the open chat, unless the person is among the others; the list stays where it has been scrolled to."""
        if not self._in_list or not self.list.currentIndex().isValid():
            self._select(self.shown_id)
        self.list.viewport().update()

    def _select(self, conversation_id: str | None) -> None:
        index = self.chats.index_of(conversation_id)
        self.list.setAutoScroll(False)
        if index.isValid():
            self.list.choose(index)
        else:
            self.list.selectionModel().clear()
        self.list.setAutoScroll(True)
        self.list.viewport().update()

    def _leave_several(self) -> None:
        """Choose the open chat alone once the keyboard has gone elsewhere: commands are for that again."""
        if self.list.several and not self._in_list and self.list.state() != QAbstractItemView.State.EditingState:
            self._select(self.shown_id)

    def _read_the_rest(self) -> None:
        """Read the order of all other chats, a part at a time."""
        self.chats.fetchMore()
        self._keep_mark()
        if self.chats.canFetchMore():
            self._read_on.start()

    def _wait_for_midnight(self) -> None:
        if self.list.state() == QAbstractItemView.State.EditingState:
            self._midnight.start(PAUSE_MS)
            return
        focused = self.chats.conversation(self.list.currentIndex())
        self.chats.regroup()
        self._select(focused.id if focused else self.shown_id)
        self._midnight.start(milliseconds_to_midnight(datetime.now().astimezone()))
