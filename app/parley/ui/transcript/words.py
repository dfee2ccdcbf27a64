"""Words: every string that the transcript shows."""

from PySide6.QtCore import QLocale, QObject

from parley.messages import Message, Role
from parley.ui.appearance.painting import isolated

MINUTE = 60


class Words(QObject):
    """The strings, translated when they are asked for."""

    def copy(self) -> str:
        return self.tr("Copy")

    def copied(self) -> str:
        return self.tr("Copied")

    def copy_markdown(self) -> str:
        return self.tr("Copy as Markdown")

    def copy_image(self) -> str:
        return self.tr("Copy image")

    def save_image(self) -> str:
        return self.tr("Save image as…")

    def close(self) -> str:
        return self.tr("Close")

    def show_image(self) -> str:
        return self.tr("Show in full size")

    def image(self) -> str:
        return self.tr("Image")

    def image_broken(self) -> str:
        return self.tr("This image cannot be shown")

    def image_elsewhere(self, host: str) -> str:
        return self.tr("Not loaded. Open it in the browser: %1").replace("%1", host)

    def copy_link(self) -> str:
        return self.tr("Copy link")

    def copy_code(self, language: str) -> str:
        return self.tr("Copy code (%1)").replace("%1", language) if language else self.tr("Copy code")

    def select_all(self) -> str:
        return self.tr("Select all")

    def regenerate(self) -> str:
        return self.tr("Regenerate")

    def regenerate_with(self) -> str:
        return self.tr("Regenerate with…")

    def answer_again(self) -> str:
        return self.tr("Answer again")

    def retry(self) -> str:
        return self.tr("Retry")

    def go_on(self) -> str:
        return self.tr("Continue")

    def edit(self) -> str:
        return self.tr("Edit")

    def info(self) -> str:
        return self.tr("Message information")

    def delete(self) -> str:
        return self.tr("Delete")

    def more(self) -> str:
        return self.tr("More")

    def send(self) -> str:
        return self.tr("Send")

    def save(self) -> str:
        return self.tr("Save")

    def by_key(self, name: str, *, enter: bool) -> str:
        """Return what a button does, with the key that does it too."""
        keys = self.tr("Enter") if enter else self.tr("Ctrl+Enter")
        return self.tr("%1 (%2)").replace("%1", name).replace("%2", keys)

    def save_only(self) -> str:
        return self.tr("Save without answering")

    def cancel(self) -> str:
        return self.tr("Cancel")

    def edited_text(self) -> str:
        return self.tr("Edited message")

    def open_settings(self) -> str:
        return self.tr("Open settings")

    def details(self) -> str:
        return self.tr("Details")

    def stopped(self) -> str:
        return self.tr("Stopped")

    def interrupted(self) -> str:
        return self.tr("Interrupted")

    def cut_off(self) -> str:
        return self.tr("The answer was cut off at the length limit.")

    def filtered(self) -> str:
        return self.tr("The provider withheld the rest because of its safety rules.")

    def save_file(self) -> str:
        return self.tr("Save file as…")

    def saved(self, name: str) -> str:
        return self.tr("Saved %1").replace("%1", isolated(name))

    def used(self, tool: str) -> str:
        return self.tr("Used %1").replace("%1", isolated(tool))

    def did_not_work(self, tool: str) -> str:
        return self.tr("%1 did not work").replace("%1", isolated(tool))

    def failed(self) -> str:
        return self.tr("Something went wrong.")

    def latest(self) -> str:
        return self.tr("Jump to latest")

    def previous_version(self) -> str:
        return self.tr("Previous version")

    def next_version(self) -> str:
        return self.tr("Next version")

    def version(self, number: int, count: int) -> str:
        return self.tr("Version %1 of %2").replace("%1", str(number)).replace("%2", str(count))

    def show_reasoning(self) -> str:
        return self.tr("Show reasoning")

    def hide_reasoning(self) -> str:
        return self.tr("Hide reasoning")

    def thinking(self) -> str:
        return self.tr("Thinking…")

    def thought(self, seconds: float | None) -> str:
        if seconds is None:
            return self.tr("Thought about it")
        if seconds >= MINUTE:
            return self.tr("Thought for %n min", "", round(seconds / MINUTE))
        return self.tr("Thought for %n s", "", max(1, round(seconds)))

    def waiting(self, seconds: int) -> str:
        return self.tr("Waiting for the model, %n s", "", seconds)

    def status(self, words: str, seconds: int | None = None) -> str:
        """Return what a turn says that it waits for, and for how long; its own words where they are not known here."""
        known = {
            "Waiting for the answer before this one": self.tr("Waiting for the answer before this one"),
            "Another Parley is answering in this conversation": self.tr(
                "Another Parley is answering in this conversation"
            ),
            "Loading the model": self.tr("Loading the model"),
            "Too many requests: trying again": self.tr("Too many requests: trying again"),
            "No connection: trying again": self.tr("No connection: trying again"),
            "The connection broke off: trying again": self.tr("The connection broke off: trying again"),
            "The service had an error: trying again": self.tr("The service had an error: trying again"),
            "Saving a file": self.tr("Saving a file"),
            "Another model is asked instead": self.tr("Another model is asked instead"),
        }
        text = known.get(words, words)
        return text if seconds is None else self.tr("{what} in %n s", "", seconds).format(what=text)

    def speed(self, tokens: float) -> str:
        return self.tr("%1 tok/s").replace("%1", QLocale().toString(tokens, "f", 0 if tokens >= 10 else 1))

    def show_all(self, size: int) -> str:
        return self.tr("Show all (%1)").replace("%1", QLocale().formattedDataSize(size))

    def seen_from_here(self) -> str:
        return self.tr("The model sees what is below")

    def transcript(self) -> str:
        return self.tr("Messages")

    def speaker(self, message: Message) -> str:
        return self.tr("You") if message.role is Role.USER else self.tr("Answer")

    def answer_complete(self) -> str:
        return self.tr("Answer complete")
