"""Status: what the status line says of the conversation on show. While an answer comes it is told four times a second.

A provider counts the tokens of an answer at its end; until then, and where it never does, they are guessed.
"""

from PySide6.QtCore import QLocale, QObject, QTimer

from parley.services import Services
from parley.tokens import guessed
from parley.trees import ConversationTree
from parley.turn import Turn
from parley.ui.chat.conversation_view import ConversationView
from parley.ui.chat.figures import Figures, Tally, figures_of
from parley.ui.chat.status_line import Row, StatusLine, context_size, short_number
from parley.ui.models.model_choice import ModelChoice
from parley.ui.money import money
from parley.ui.transcript import Transcript

TELL_MS = 250
GATHER_MS = 50
LEAST_SECONDS = 0.3
"""From this time on a speed means something."""


class Status(QObject):
    """Follows the conversation, its model, and the answer that is coming."""

    def __init__(
        self, services: Services, view: ConversationView, models: ModelChoice, transcript: Transcript, line: StatusLine
    ) -> None:
        super().__init__(line)
        self._services = services
        self._view = view
        self._models = models
        self._transcript = transcript
        self._line = line
        self.figures = Figures()
        self._tally = Tally()
        self._counted: ConversationTree | None = None
        self._timer = QTimer(self, interval=TELL_MS, singleShot=True)
        self._timer.timeout.connect(self._tell)
        self._gather = QTimer(self, interval=GATHER_MS, singleShot=True)
        self._gather.timeout.connect(self._count)
        view.opened.connect(self._count_later)
        view.updated.connect(self._count_changed)
        models.changed.connect(self._count_later)
        transcript.changed.connect(self._changed)
        transcript.all_loaded.connect(self._count_later)
        self._take()
        self._count_later()

    def _changed(self, message_id: str) -> None:
        if not message_id:
            self._take()
        elif not self._timer.isActive():
            self._timer.start()

    def _take(self) -> None:
        """Take the branch as it is now: of a long one, what has been read, piece by piece."""
        tree = self._view.tree
        self._tally.take(tree.branch() if tree else ())

    def _count_later(self) -> None:
        """Count once what is shown has been painted; of a new chat there is nothing to tell."""
        self._gather.start()
        if self._view.tree is None:
            self._count()

    def _count_changed(self) -> None:
        """Count if the conversation is another one: what a view looks at again is mostly what it was."""
        if self._view.tree is None or self._view.tree is not self._counted:
            self._count_later()

    def _count(self) -> None:
        """Take what the store has."""
        tree = self._counted = self._view.tree
        provider, _, model = self._models.current.partition("/")
        known = self._services.catalog.known(provider, model)
        instruction = tree.conversation.instruction if tree else ""
        self._take()
        context = known.context if known else None
        self.figures = figures_of(self._tally, instruction, context, whole=tree is None or tree.whole)
        self._transcript.show_seen_from(self.figures.first_seen)
        self._tell()

    def _tell(self) -> None:
        turn = self._running()
        if turn:
            self._tell_turn(turn)
        else:
            self._tell_figures()

    def _running(self) -> Turn | None:
        """Return the turn of the answer that is coming, once something of it has come."""
        turns = self._services.engine.turns(self._view.shown_id or "")
        coming = (turn for turn in turns if not turn.ended and self._transcript.shows(turn.reply_id))
        return next((turn for turn in coming if turn.parts), None)

    def _tell_turn(self, turn: Turn) -> None:
        tokens = sum(map(guessed, turn.parts))
        speed = _speed(turn)
        count = self.tr("about %n tokens", "", tokens)
        words = f"{count} · {self._per_second(speed)}" if speed else count
        self._line.show_state(words, short_number(tokens), self.figures.share, self._rows(), self._note())

    def _tell_figures(self) -> None:
        figures = self.figures
        words = short = ""
        if figures.used and figures.context:
            words = self.tr("{used} of {context} context")
            short = self.tr("{share} %").format(share=QLocale().toString(round(100 * (figures.share or 0))))
        elif figures.used:
            words = short = self.tr("{used} tokens")
        context = context_size(figures.context) if figures.context else ""
        used = short_number(figures.used)
        used = self.tr("about {number}").format(number=used) if figures.about else used
        words = words.format(used=used, context=context)
        self._line.show_state(words, short.format(used=used), figures.share, self._rows(), self._note())

    def _rows(self) -> list[Row]:
        figures, number = self.figures, QLocale().toString
        used = self.tr("about {number}").format(number=number(figures.used)) if figures.about else number(figures.used)
        if figures.context:
            share = number(round(100 * (figures.share or 0)))
            used = self.tr("{used} of {context} tokens ({share} %)").format(
                used=used, context=number(figures.context), share=share
            )
        else:
            used = self.tr("{used} tokens").format(used=used)
        rows = [(self.tr("Context"), used)]
        if last := figures.last:
            rows.append((self.tr("Last answer"), self._in_and_out(last.input_tokens, last.output_tokens)))
            if last.tokens_per_second:
                rows.append((self.tr("Speed"), self._per_second(last.tokens_per_second)))
        if figures.total_in or figures.total_out:
            rows.append((self.tr("This conversation"), self._in_and_out(figures.total_in, figures.total_out)))
        if figures.cost:
            rows.append((self.tr("Cost"), money(figures.cost, about=figures.cost_about)))
        return rows

    def _note(self) -> str:
        left_out = self.figures.left_out
        if not left_out:
            return ""
        return self.tr("%n of the oldest messages no longer fit; the model does not see them.", "", left_out)

    def _in_and_out(self, incoming: int | None, outgoing: int | None) -> str:
        words = self.tr("{tokens_in} tokens in, {tokens_out} out")
        number = QLocale().toString
        return words.format(tokens_in=number(incoming or 0), tokens_out=number(outgoing or 0))

    def _per_second(self, speed: float) -> str:
        number = QLocale().toString(speed, "f", 0 if speed >= 10 else 1)
        return self.tr("{number} tokens/s").format(number=number)


def _speed(turn: Turn) -> float | None:
    """Return the tokens a second since the first one came."""
    usage = turn.usage
    if usage.seconds is None or usage.first_token_seconds is None:
        return None
    streamed = usage.seconds - usage.first_token_seconds
    return turn.come / streamed if streamed >= LEAST_SECONDS else None
