"""SettingsWindow: the pages beside their list, and a search over all of them. There is no OK: what is changed holds."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from parley.options import Options
from parley.services import Services
from parley.ui.appearance.look import Look
from parley.ui.models.downloads import Downloads
from parley.ui.preferences.assistants_page import AssistantsPage
from parley.ui.preferences.choice_button import ChoiceButton
from parley.ui.preferences.data_page import DataPage
from parley.ui.preferences.models_page import ModelsPage
from parley.ui.preferences.options_page import OptionsPage
from parley.ui.preferences.page import Page
from parley.ui.preferences.people_page import PeoplePage
from parley.ui.preferences.providers_page import ProvidersPage
from parley.ui.preferences.server_page import ServerPage
from parley.ui.preferences.shortcuts_page import ShortcutsPage
from parley.ui.preferences.spending_page import SpendingPage
from parley.ui.preferences.style import settings_sheet
from parley.ui.server_control import ServerControl
from parley.ui.tasks import Tasks
from parley.ui.window_state import in_sight

NARROW = 560
"""Below this width the list of pages becomes a menu."""


class SettingsWindow(QWidget):
    """Every setting, in a window beside the chat."""

    link_opened = Signal(str)
    """A link to a page of the manual or of the web."""

    move_requested = Signal(object)
    """The data is to be moved to this folder."""

    restart_requested = Signal()
    """What was changed wants a new start."""

    models_listed = Signal()
    """The providers have been asked for their models."""

    def __init__(
        self, services: Services, look: Look, tasks: Tasks, downloads: Downloads, server: ServerControl, parent: QWidget
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("settings")
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumSize(320, 320)
        self.resize(800, 620)
        self._look = look
        self.pages: dict[str, Page] = self._made_pages(services, look, tasks, downloads, server)
        self.list = QListWidget(self)
        self.list.setObjectName("pages")
        self.list.setAccessibleName(self.tr("Pages"))
        self.list.setFixedWidth(184)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.menu = ChoiceButton(look, self)
        self.menu.set_name(self.tr("Page"))
        self.search = QLineEdit(self)
        self.search.setObjectName("search")
        self.search.setPlaceholderText(self.tr("Search settings"))
        self.search.setAccessibleName(self.tr("Search settings"))
        self.search.setClearButtonEnabled(True)
        sign = self.search.addAction(look.icon("search"), QLineEdit.ActionPosition.LeadingPosition)
        look.dress(sign, "search")
        self.search.installEventFilter(self)
        self._nothing = QLabel(self.tr("Nothing found."), self)
        self._nothing.setProperty("muted", True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter)
        self._nothing.setContentsMargins(24, 32, 24, 0)
        self._stack = QStackedWidget(self)
        for page in self.pages.values():
            self.list.addItem(page.title)
            self._stack.addWidget(page)
        self._stack.addWidget(self._nothing)
        self._arrange()
        self.list.currentRowChanged.connect(self._current_changed)
        self.menu.chosen.connect(self.show_page)
        self.search.textChanged.connect(self._find)
        for keys in (QKeySequence(QKeySequence.StandardKey.Close), QKeySequence(Qt.Key.Key_Escape)):
            QShortcut(keys, self, self.close)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        look.changed.connect(self._apply_style)
        self._apply_style()
        self._unsubscribe = services.settings.subscribe(self._show_options)
        self.show_page(next(iter(self.pages)))

    @property
    def page(self) -> str:
        """Return the name of the page on show."""
        return list(self.pages)[max(0, self.list.currentRow())]

    def show_page(self, name: str) -> None:
        """Show a page."""
        for number, known in enumerate(self.pages):
            if known == name:
                self.list.setCurrentRow(number)

    def come_forward(self, page: str = "") -> None:
        """Show the window, at a page if one is named."""
        self.search.clear()
        if page:
            self.show_page(page)
        if not self.isVisible() and (chat := self.parentWidget()):
            place = self.rect().translated(chat.frameGeometry().center() - self.rect().center())
            self.setGeometry(in_sight(place, self.minimumSize()))
        self.showNormal() if self.isMinimized() else self.show()
        self.raise_()
        self.activateWindow()
        self.list.setFocus()
        self.pages[self.page].entered()

    def close_down(self) -> None:
        """Follow the settings no more, and go."""
        self._unsubscribe()
        self.close()
        self.deleteLater()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self.list.setVisible(not narrow)
        self.menu.setVisible(narrow)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if escape and event.type() == QEvent.Type.ShortcutOverride and self.search.text():
            self.search.clear()
            event.accept()
            return True
        return False

    def _made_pages(
        self, services: Services, look: Look, tasks: Tasks, downloads: Downloads, server: ServerControl
    ) -> dict[str, Page]:
        appearance = OptionsPage(self.tr("Appearance"), "appearance", services, look, tasks, self)
        behaviour = OptionsPage(self.tr("Behaviour"), "behaviour", services, look, tasks, self)
        behaviour.providers_requested.connect(lambda: self.show_page("providers"))
        appearance.restart_requested.connect(self.restart_requested)
        for page in (appearance, behaviour):
            page.end()
        providers = ProvidersPage(services, look, tasks, self)
        providers.listed.connect(self.models_listed)
        models = ModelsPage(services, look, tasks, downloads, self)
        models.listed.connect(self.models_listed)
        models.link_opened.connect(self.link_opened)
        shortcuts = ShortcutsPage(services.settings, look, self)
        data = DataPage(services, look, tasks, self)
        data.move_requested.connect(self.move_requested)
        assistants = AssistantsPage(services, look, tasks, self)
        assistants.providers_requested.connect(lambda: self.show_page("providers"))
        serving = ServerPage(services, look, tasks, server, self)
        serving.link_opened.connect(self.link_opened)
        serving.page_requested.connect(self.show_page)
        return {
            "providers": providers,
            "models": models,
            "appearance": appearance,
            "behaviour": behaviour,
            "assistants": assistants,
            "spending": SpendingPage(services, look, tasks, self),
            "server": serving,
            "people": PeoplePage(services, look, tasks, self),
            "shortcuts": shortcuts,
            "data": data,
        }

    def _arrange(self) -> None:
        top = QWidget(self)
        top.setObjectName("settingsTop")
        top.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(top)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self.menu)
        row.addWidget(self.search, 1)
        below = QHBoxLayout()
        below.setSpacing(0)
        below.addWidget(self.list)
        below.addWidget(self._stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(top)
        column.addLayout(below, 1)

    def _current_changed(self) -> None:
        page = self.pages[self.page]
        self._stack.setCurrentWidget(page)
        self.menu.offer([(name, known.title) for name, known in self.pages.items()], self.page)
        if self.isVisible():
            page.entered()

    def _find(self, text: str) -> None:
        """Leave only what holds the words, and go to a page that has some of it."""
        words = text.casefold().split()
        fitting = [name for name, page in self.pages.items() if page.show_fitting(words) or not words]
        for number, name in enumerate(self.pages):
            self.list.item(number).setHidden(name not in fitting)
        if not fitting:
            self._stack.setCurrentWidget(self._nothing)
            return
        if self.page not in fitting:
            self.show_page(fitting[0])
        self._stack.setCurrentWidget(self.pages[self.page])

    def _show_options(self, options: Options) -> None:
        for page in self.pages.values():
            page.show_options(options)

    def _apply_style(self) -> None:
        self.setStyleSheet(settings_sheet(self._look.theme))
        self.list.ensurePolished()
        self.list.doItemsLayout()  # its rows have been measured in the application's style
