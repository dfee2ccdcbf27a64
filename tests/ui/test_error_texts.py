"""Every error has a sentence that can be translated, and stored failures get theirs back."""

from collections.abc import Iterator
from string import Formatter

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator

from parley.errors import AnswerBroken, ChatError, KeyRefused, ModelAbsent, ProviderTimeout, StoreFull
from parley.messages import Failure
from parley.ui.error_sentences import SENTENCES
from parley.ui.error_texts import error_text, failure_text


def kinds(kind: type[ChatError] = ChatError) -> Iterator[type[ChatError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.code)
def test_every_error_has_its_sentence(kind: type[ChatError]) -> None:
    assert str(SENTENCES[kind.code]) == kind.sentence
    values = dict.fromkeys(fields(kind.sentence), 3)
    error = kind(detail="words", **values)
    assert error_text(error) == str(error)
    assert failure_text(error.to_failure()) == str(error)


def test_no_sentence_is_left_over() -> None:
    assert ModelAbsent in kinds()
    assert set(SENTENCES) == {kind.code for kind in kinds()}


class Backwards(QTranslator):
    """A language in which the sentences are marked."""

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
        return f"¡{text}!" if context == "ErrorTexts" else ""

    def isEmpty(self) -> bool:
        return False


@pytest.fixture
def backwards(qapp: QCoreApplication) -> Iterator[None]:
    translator = Backwards()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


@pytest.mark.usefixtures("backwards")
def test_stored_failures_are_translated_with_their_fields() -> None:
    assert error_text(StoreFull()) == f"¡{StoreFull.sentence}!"
    assert failure_text(KeyRefused(provider="OpenAI").to_failure()).startswith("¡Your key was refused by OpenAI.")
    assert "for 2.5 seconds" in failure_text(ProviderTimeout(provider="Ollama", seconds=2.5).to_failure())
    assert failure_text(Failure("key_refused", "Words of an older Parley.")) == "Words of an older Parley."
    assert failure_text(Failure("of_the_future", "Something new.")) == "Something new."
    assert failure_text(AnswerBroken(provider="{x}").to_failure()).count("{x}") == 1
