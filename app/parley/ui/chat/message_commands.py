"""MessageCommands: what a person does with one message. Connects the transcript's signals with engine and store."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import copyfile

from PySide6.QtCore import QObject, QRect, QStandardPaths, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from parley.errors import ChatError, FileProblem
from parley.messages import Message, Role
from parley.services import Services
from parley.trees import ConversationTree
from parley.ui.appearance.look import Look
from parley.ui.chat.message_info import MessageInfo
from parley.ui.dialogs import ask
from parley.ui.error_texts import MENDED_BY_ANOTHER_MODEL, error_text
from parley.ui.models.model_choice import fill
from parley.ui.models.pickers import ModelPopup
from parley.ui.tasks import Tasks
from parley.ui.transcript import Transcript
from parley.ui.transcript.places import rect_of
from parley.ui.undo import Undo


class MessageCommands(QObject):
    """Edits, resumes, deletes and explains messages. The store's news bring what has changed into the transcript."""

    restored = Signal(str)
    """Something was taken back in this conversation."""

    resent = Signal()
    """An edited message has been sent."""

    def __init__(
        self, services: Services, look: Look, transcript: Transcript, undo: Undo, tasks: Tasks, window: QWidget
    ) -> None:
        super().__init__(window)
        self._services = services
        self._look = look
        self._transcript = transcript
        self._undo = undo
        self._tasks = tasks
        self._window = window
        self._popup: ModelPopup | None = None
        self._asked_for = ""
        """The message that another model is chosen for."""
        self._does: dict[str, Callable[[str], object]] = {
            "continue": lambda message_id: tasks.start(self._resume(message_id)),
            "delete": lambda message_id: tasks.start(self._delete(message_id)),
            "regenerate-with": self._choose_model,
            "info": self.show_info,
            "save-file": lambda message_id: tasks.start(self._save_files(message_id)),
        }
        transcript.requested.connect(lambda key, message_id: self._does[key](message_id))
        transcript.edited.connect(self._edited)
        transcript.edit_cancelled.connect(self._edit_cancelled)

    @property
    def popup(self) -> ModelPopup:
        """Return the list of models to answer again with, made at first use."""
        if self._popup is None:
            self._popup = ModelPopup(self._look, self._window)
            self._popup.chosen.connect(lambda model: self._tasks.start(self._regenerate(self._asked_for, model)))
            self._popup.refresh_requested.connect(lambda: self._tasks.start(self._look_for_models(refresh=True)))
        return self._popup

    def show_info(self, message_id: str) -> None:
        """Show what is known of a message."""
        message = self._message(message_id)
        provider_id = message.model.partition("/")[0]
        names = {provider.id: provider.name for provider in self._services.catalog.providers()}
        info = MessageInfo(self._look, message, names.get(provider_id, provider_id), self._window)
        info.open_at(self._place(message_id), self._window, at_end=message.role is Role.USER)

    def copy_conversation(self, tree: ConversationTree) -> None:
        """Copy the branch on show as Markdown, with its title and who said what."""
        QGuiApplication.clipboard().setText(self.markdown(tree))

    def markdown(self, tree: ConversationTree) -> str:
        """Return the branch on show as Markdown."""
        parts = [f"# {tree.conversation.title}"]
        for message in tree.branch():
            if written := message.markdown.strip():
                model = message.model.partition("/")[2] or message.model
                speaker = self.tr("You") if message.role is Role.USER else model or self.tr("Answer")
                parts += [f"## {speaker}", written]
        return "\n\n".join(parts) + "\n"

    def _message(self, message_id: str) -> Message:
        """Return a message as it is now: while it is being written, with what has come."""
        index = self._transcript.book.index_of(message_id)
        return self._transcript.book.current(index) if index >= 0 else self._services.store.messages.get(message_id)

    def _place(self, message_id: str) -> QRect:
        """Return where a message is in the window, as far as it is in sight."""
        rect = rect_of(self._transcript, message_id)
        return QRect(self._transcript.viewport().mapTo(self._window, rect.topLeft()), rect.size())

    async def _save_files(self, message_id: str) -> None:
        """Ask where to put the files that were made for an answer, one after the other. Raises FileProblem."""
        import asyncio

        store = self._services.store
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
        for file in store.files.of_message(message_id):
            dialog = QFileDialog(self._window, self.tr("Save file as"), str(Path(folder) / file.name))
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            if not await ask(dialog):
                return
            target = dialog.selectedFiles()[0]
            try:
                await asyncio.to_thread(copyfile, store.files.path(file), target)
            except OSError as error:
                raise FileProblem(path=target, problem=error.strerror or str(error)) from error

    # --- editing
    def _edited(self, message_id: str, text: str, resend: bool) -> None:
        self._tasks.start(self._resend(message_id, text) if resend else self._rewrite(message_id, text))

    async def _resend(self, message_id: str, text: str) -> None:
        try:
            await self._services.engine.edit(message_id, text)
        except ChatError as error:
            self._transcript.editors.fail(message_id, error_text(error))
            return
        self._transcript.editors.end(message_id)
        self._transcript.to_latest()
        self.resent.emit()

    async def _rewrite(self, message_id: str, text: str) -> None:
        with self._undo.doing():
            try:
                before = await self._services.store.messages.rewrite(message_id, text)
            except ChatError as error:
                self._transcript.editors.fail(message_id, error_text(error))
                return
            self._transcript.editors.end(message_id)
            self._undo.offer(self.tr("The message was changed."), partial(self._write_back, before))

    async def _write_back(self, before: Message) -> None:
        await self._services.store.messages.rewrite(before.id, before.text)
        self.restored.emit(before.conversation_id)

    def _edit_cancelled(self, message_id: str, text: str) -> None:
        message = self._message(message_id)
        self._undo.offer(self.tr("The edit was discarded."), partial(self._edit_again, message, text))

    async def _edit_again(self, message: Message, text: str) -> None:
        self.restored.emit(message.conversation_id)
        self._transcript.editors.begin(message.id, text)

    # --- answering
    async def _resume(self, message_id: str) -> None:
        await self._services.engine.resume(message_id)
        if message_id == self._transcript.messages[-1].id:
            self._transcript.to_latest()

    def _choose_model(self, message_id: str) -> None:
        self._asked_for = message_id
        fill(self.popup, self._services.catalog, self._message(message_id).model)
        place = self._place(message_id)
        self.popup.open_over(QRect(place.left(), place.bottom() - 32, place.width(), 32), self._window)
        self._tasks.start(self._look_for_models())

    async def _look_for_models(self, refresh: bool = False) -> None:
        self.popup.set_busy(True)
        try:
            await self._services.catalog.models(refresh)
        finally:
            self.popup.set_busy(False)
        if self.popup.isVisible():
            fill(self.popup, self._services.catalog, self._message(self._asked_for).model)

    async def _regenerate(self, message_id: str, model: str) -> None:
        message = self._message(message_id)
        await self._services.engine.regenerate(message_id, model)
        if model and message.failure and message.failure.code in MENDED_BY_ANOTHER_MODEL:
            await self._services.store.conversations.set_model(message.conversation_id, model)
        self._transcript.to_latest()

    # --- deleting
    async def _delete(self, message_id: str) -> None:
        """Put a message into the trash. An answer that is coming is stopped first."""
        with self._undo.doing():
            engine, store = self._services.engine, self._services.store
            turn = engine.turn(message_id)
            if turn and not turn.ended:
                turn.stop()
                await turn.wait()
            message = store.messages.get(message_id)
            tree = store.conversations.tree(message.conversation_id)
            other = _shown_instead(tree, message)
            await store.messages.trash(message_id)
            if other:
                await store.conversations.show_leaf(message.conversation_id, other)
            self._undo.offer(self.tr("The message was deleted."), partial(self._restore, message, back=bool(other)))

    async def _restore(self, message: Message, *, back: bool) -> None:
        store = self._services.store
        await store.messages.restore(message.id)
        if back:
            await store.conversations.show_leaf(message.conversation_id, message.id)
        self.restored.emit(message.conversation_id)


def _shown_instead(tree: ConversationTree, message: Message) -> str:
    """Return the end of the branch to show once a message is gone: where it was the last, that of another version."""
    branch = tree.branch()
    if not branch or branch[-1].id != message.id:
        return ""
    versions = [version.id for version in tree.versions(message)]
    at = versions.index(message.id)
    others = [*versions[:at][::-1], *versions[at + 1 :]]
    return tree.newest_leaf(others[0]) if others else ""
