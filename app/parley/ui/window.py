"""Window: builds the widgets and their presenters, and wires the commands. What they do is in modules of their own."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from parley.errors import ChatError, ConversationUnknown
from parley.options import Options
from parley.services import Services
from parley.store import Change
from parley.ui.actions import Actions
from parley.ui.appearance.look import Look
from parley.ui.chat.chat_page import ChatPage
from parley.ui.frame import Frame
from parley.ui.reports import Reports
from parley.ui.sidebar.sidebar import Sidebar
from parley.ui.tasks import Tasks
from parley.ui.window_state import WindowState

if TYPE_CHECKING:
    from parley.ui.appearance.zoom import Zoom
    from parley.ui.budget_notices import BudgetNotices
    from parley.ui.chat.chat_settings import ChatSettings
    from parley.ui.chat.conversation_view import ConversationView
    from parley.ui.chat.find import Find
    from parley.ui.chat.message_commands import MessageCommands
    from parley.ui.chat.status import Status
    from parley.ui.composer.rich_paste import RichPaste
    from parley.ui.composer.spelling import Spelling
    from parley.ui.handlers import Handlers
    from parley.ui.links import Links
    from parley.ui.models.downloads import Download, Downloads
    from parley.ui.models.model_choice import ModelChoice
    from parley.ui.preferences.settings_door import SettingsDoor
    from parley.ui.program.background import Background
    from parley.ui.program.hurry import Hurry
    from parley.ui.serving import Serving
    from parley.ui.sidebar.chats import Chats
    from parley.ui.sidebar.unread import Unread
    from parley.ui.undo import Undo
    from parley.ui.welcome.first_run import FirstRun

REMEMBER_MS = 2000
"""What is on show is written down when it has been for so long: a program that is killed begins there again."""

PATIENCE_MS = 300
"""What takes longer at the end is told."""


class Window(QWidget):
    """The one window of the desktop.

    It is built in three steps: what is seen at once, which is the list of chats and an empty page; with `start`, when
    that has been painted, the chat that was open last, in which one can write; and with `go_on`, when the event loop
    runs, the rest, which `start_rest` makes sooner for who needs it. Each imports what it needs.
    """

    budget_notices: "BudgetNotices"
    chat_settings: "ChatSettings"
    chats: "Chats"
    models: "ModelChoice"
    downloads: "Downloads"
    view: "ConversationView"
    find_: "Find"
    first_run: "FirstRun"
    handlers: "Handlers"
    links: "Links"
    messages: "MessageCommands"
    rich_paste: "RichPaste"
    serving: "Serving"
    settings_door: "SettingsDoor"
    spelling: "Spelling"
    status: "Status"
    undo: "Undo"
    unread: "Unread"
    zoom: "Zoom"

    ended = Signal()
    """The person wants to leave."""

    move_requested = Signal(object)
    """The person wants the data in this folder."""

    restart_requested = Signal()
    """The person wants the window anew, as the settings are now."""

    def __init__(self, services: Services, look: Look) -> None:
        super().__init__()
        self.setObjectName("window")
        self.setMinimumSize(320, 360)
        self._services = services
        self._look = look
        self.tasks = Tasks(self.report)
        self.actions_ = Actions(look, self)
        state = WindowState.from_text(services.settings.options.window)
        self.sidebar = Sidebar(look, self.actions_, services.store.shelves, services.settings.options, self)
        self.page = ChatPage(look, self.actions_, self)
        self.reports = Reports(services, self.page, self)
        self.frame = Frame(self.sidebar, self.page, state.sidebar or look.theme.sidebar_width, self)
        self.background: Background | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.frame)
        self._shown_timer = QTimer(self, singleShot=True, interval=REMEMBER_MS)
        self._unsubscribe: list[Callable[[], None]] = []
        self._started = False
        self._hurry: Hurry | None = None
        self._apply_options(services.settings.options)
        state.put_back(self)
        if state.folded:
            self.frame.set_folded(True)
        self.page.header.set_folded(self.frame.folded)
        self.sidebar.reload()
        self._announce(services.settings.options.last_chat)
        self.page.composer.setFocus()

    def start(self) -> None:
        """Open the chat that was on show last, and let a person write. There need be no event loop."""
        from parley.ui.appearance.zoom import Zoom
        from parley.ui.chat.conversation_view import ConversationView
        from parley.ui.composer.rich_paste import RichPaste
        from parley.ui.models.model_choice import ModelChoice
        from parley.ui.program.first_paint import lay_out_around
        from parley.ui.program.hurry import Hurry
        from parley.ui.sidebar.chats import Chats
        from parley.ui.sidebar.unread import Unread
        from parley.ui.undo import Undo

        services = self._services
        self.undo = Undo(self.page.notices, self.tasks)
        self.chats = Chats(services, self.sidebar, self.undo, self.tasks)
        self.models = ModelChoice(services, self._look, self.page.model_button, self, self.tasks)
        self.view = ConversationView(services, self.page, self.models, self.tasks)
        self.unread = Unread(services, self.view, self.page.transcript, self.tasks)
        self.zoom = Zoom(services.settings, self.page)
        self.zoom.show_options(services.settings.options)
        self.rich_paste = RichPaste(self.page.composer.field, self.page.notices, self.tasks)
        self.actions_.connect_all(self._carry_out)
        self._unsubscribe = [services.store.subscribe(self._change)]
        self._open_last()
        self._connect()
        lay_out_around(self.page.composer.field)  # so that one paint shows chat and draft
        if self.view.shown_id is None:
            self.start_rest()
        else:
            self._hurry = Hurry(self.windowHandle(), self.start_rest)

    def go_on(self) -> None:
        """Begin what has been waiting for the event loop, and make the rest of the window."""
        self.tasks.begin()
        self.tasks.start(self._make_rest())

    async def _make_rest(self) -> None:
        from parley.ui.program.loading import load_rest

        await load_rest()
        self.start_rest()

    def start_rest(self) -> None:
        """Make what the first chat is drawn without, unless that has been done: after its paint, or for a command."""
        if self._started:
            return
        self._started = True
        if self._hurry:
            self._hurry.deleteLater()
        from parley.ui.budget_notices import BudgetNotices
        from parley.ui.chat.chat_settings import ChatSettings
        from parley.ui.chat.find import Find
        from parley.ui.chat.message_commands import MessageCommands
        from parley.ui.chat.status import Status
        from parley.ui.composer.spelling import Spelling
        from parley.ui.handlers import Handlers
        from parley.ui.links import Links
        from parley.ui.models.downloads import Downloads
        from parley.ui.preferences.settings_door import SettingsDoor
        from parley.ui.program.settings_watch import SettingsWatch
        from parley.ui.serving import Serving
        from parley.ui.welcome.first_run import FirstRun

        services = self._services
        self.actions_.dress()
        self.status = Status(services, self.view, self.models, self.page.transcript, self.page.status_line)
        self.messages = MessageCommands(services, self._look, self.page.transcript, self.undo, self.tasks, self)
        self.find_ = Find(self._look, self.actions_, self.page)
        self.chat_settings = ChatSettings(
            services, self._look, self.actions_, self.page, self.view, self.models, self.tasks
        )
        self.links = Links(self._look, self, self.tasks)
        self.downloads = Downloads(self.tasks, self)
        self.serving = Serving(services, self._look.app, self)
        self.settings_door = SettingsDoor(services, self._look, self, self.downloads, self.serving.control)
        self.first_run = FirstRun(services, self.page, self.models, self.downloads, self.tasks)
        self.spelling = Spelling(self.page.composer.field, self._look, self.tasks, services.paths.words)
        self.handlers = Handlers(services, self._look, self)
        self.budget_notices = BudgetNotices(services, self.page.notices, self)
        self._settings_watch = SettingsWatch(services.settings, self.report, self)
        self._unsubscribe += [
            services.settings.subscribe(self._apply_options),
            services.settings.subscribe(self._apply_later_options),
            services.settings.subscribe(lambda _: self.models.refresh()),
            services.settings.subscribe(lambda _: self.budget_notices.look()),
            services.store.subscribe(self.budget_notices.change),
        ]
        self._apply_later_options(services.settings.options)
        self._connect_rest()
        self.handlers.refresh()
        self.tasks.start(self._after_first_paint())

    def come_forward(self) -> None:
        """Show the window over others."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    async def close_down(self) -> None:
        """Stop looking at the store, end our tasks, and let the widgets go. The engine is closed by its owner."""
        self.start_rest()  # so that all there is can be ended
        self._remember()
        await self._save_answers()
        await self.chat_settings.close_down()
        self._settings_watch.stop()
        self._shown_timer.stop()
        while self._unsubscribe:
            self._unsubscribe.pop()()
        self.hide()
        await self.view.outbox.close()
        await self.tasks.close()
        self.settings_door.close()
        self.deleteLater()

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        if self.background and self.background.stay():
            self._remember()
            event.ignore()
            self.hide()
        elif self._started and self.serving.holds:
            event.ignore()
            self.serving.leave()
        else:
            self.ended.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_["full_screen"].setChecked(self.isFullScreen())

    def leave(self) -> None:
        """End the program, whatever closing the window means."""
        self.start_rest()
        self.serving.leave()

    def _connect(self) -> None:
        self.sidebar.opened.connect(self.open_chat)
        self.view.opened.connect(self.sidebar.mark)
        self.view.outbox.not_kept.connect(self.reports.say_not_kept)
        self.chats.deleted.connect(self._deleted)
        self.chats.not_renamed.connect(self.reports.say_not_renamed)
        self.chats.restored.connect(self.open_chat)
        self.frame.folded_changed.connect(self.page.header.set_folded)

    def _connect_rest(self) -> None:
        self.sidebar.result_opened.connect(self.find_.leave)
        self.sidebar.result_opened.connect(self._open_result)
        self.sidebar.searched.connect(lambda words: words or self.find_.let_go())
        self.view.opened.connect(self.find_.leave)
        self.messages.restored.connect(self.open_chat)
        self.messages.resent.connect(self.page.composer.setFocus)
        self.page.transcript.link_clicked.connect(self.links.follow)
        self.page.transcript.image_not_saved.connect(self.reports.say_image_not_saved)
        self.settings_door.move_requested.connect(self._remember)
        self.settings_door.move_requested.connect(self.move_requested)
        self.settings_door.restart_requested.connect(self.restart_requested)
        self.first_run.link_opened.connect(self.links.follow)
        self.first_run.settings_requested.connect(self.settings_door.open)
        self.first_run.finished.connect(self.page.composer.setFocus)
        self.page.transcript.settings_requested.connect(self.settings_door.open)
        self.page.composer.mend_requested.connect(lambda: self.settings_door.open("providers"))
        self.budget_notices.settings_requested.connect(lambda: self.settings_door.open("spending"))
        self.settings_door.link_opened.connect(self.links.follow)
        self.settings_door.models_listed.connect(lambda: self.tasks.start(self.models.look_for_models()))
        self.downloads.finished.connect(self._fetched)
        self.models.providers_requested.connect(lambda: self.settings_door.open("providers"))
        self.view.opened.connect(self._shown_timer.start)
        self._shown_timer.timeout.connect(self._remember)

    def _carry_out(self, command_id: str) -> None:
        self.start_rest()
        self.handlers.carry_out(command_id)

    def open_chat(self, conversation_id: str | None, message_id: str = "", words: str = "") -> None:
        """Show a conversation, at one of its messages and the words in it if given; None begins a new chat."""
        self.frame.close_drawer()
        try:
            self.view.open(conversation_id, message_id, words)
        except ChatError as error:
            self.report(error)

    def _announce(self, conversation_id: str) -> None:
        """Show in list and header which chat is about to be opened, so that they need not change when it is."""
        self.sidebar.mark(conversation_id)
        if conversation := self.sidebar.chats.conversation(self.sidebar.chats.index_of(conversation_id)):
            self.page.header.show_title(conversation.title, editable=True)
            self.setWindowTitle(conversation.title)

    def _open_last(self) -> None:
        """Show the chat that was on show when the window was closed; a new one if it is gone."""
        field = self.page.composer.field
        typed = field.toPlainText()  # before anybody listened: it belongs to what is being opened
        field.clear()
        try:
            self.view.open(self._services.settings.options.last_chat or None)
        except ChatError as error:
            self.view.open(None)
            if not isinstance(error, ConversationUnknown):
                self.report(error)
        if self.view.shown_id != self.sidebar.shown_id:
            self.sidebar.mark(self.view.shown_id)
        field.insertPlainText(typed)

    def _open_result(self, conversation_id: str, message_id: str, words: str) -> None:
        """Open a hit; the keyboard stays where the next one can be chosen."""
        here = QApplication.focusWidget()
        self.open_chat(conversation_id, message_id, words)
        if here in (self.sidebar.search, self.sidebar.results) and here.isVisible():
            here.setFocus()

    def _deleted(self, conversation_id: str) -> None:
        if conversation_id == self.view.shown_id:
            self.open_chat(None)

    def _change(self, change: Change) -> None:
        self.chats.change(change)
        self.view.change(change)
        self.unread.change(change)

    def _apply_options(self, options: Options) -> None:
        self._look.choose(options.theme)
        self.page.composer.set_send_key(options.send_key)

    def _apply_later_options(self, options: Options) -> None:
        """Apply what `start` has made something for."""
        self.handlers.show_options(options)
        self.zoom.show_options(options)
        self.page.transcript.editors.set_send_key(options.send_key)
        self.spelling.choose(options.spelling)

    async def _after_first_paint(self) -> None:
        from parley.ui.program.warm_up import warm_up

        self._go_to_background()
        await warm_up()
        self.serving.begin()
        self.budget_notices.look()
        await self.models.look_for_models()
        await self._services.tidy()

    def _go_to_background(self) -> None:
        """Begin what is of use while nobody looks at the window."""
        from parley.ui.program.background import Background

        self.background = Background(self._services, self._look, self.unread, self)
        self.background.show_requested.connect(self.come_forward)
        self.background.open_requested.connect(self._open_in_front)
        self.background.quit_requested.connect(self.leave)
        self.unread.start()

    def _open_in_front(self, conversation_id: str | None) -> None:
        self.come_forward()
        self.open_chat(conversation_id)

    async def _save_answers(self) -> None:
        """Stop the answers that are coming, keep what there is of them, and say so if that takes a while."""
        self.page.setEnabled(False)
        notice = self.tr("Saving what has come…")
        QTimer.singleShot(PATIENCE_MS, self, lambda: self.page.notices.show_notice(notice))
        await self.serving.control.close_down()
        await self._services.engine.close()

    def _remember(self) -> None:
        state = WindowState.from_text(self._services.settings.options.window)
        state = state.with_(self, self.frame.sidebar_width, not self.frame.wanted)
        try:
            self.zoom.save()
            self._services.settings.update(window=state.to_text(), last_chat=self.view.shown_id or "")
        except ChatError as error:
            self.report(error)

    def _fetched(self, download: "Download") -> None:
        """A model has been fetched: say so to those who look at something else."""
        self.tasks.start(self.models.look_for_models(refresh=True))
        self.reports.say_fetched(download.name, self.models.open_picker)

    def report(self, error: ChatError) -> None:
        """Show an error that belongs to no place of its own."""
        self.reports.report(error)
