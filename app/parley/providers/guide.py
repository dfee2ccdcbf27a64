"""The Guide: answers from the user manual, word by word, when no language model is at hand.

It is no language model and says so. It is handed the manual's search and knows nothing of files or the store.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

from parley.events import Event, Finished, TextDelta
from parley.messages import Role
from parley.models import Model
from parley.providers.base import ProviderRequest

PROVIDER = "guide"
MODEL = "manual"
GUIDE_MODEL = Model(
    PROVIDER, MODEL, label="Guide to Parley", vision=False, tools=False, reasoning=False, parameters=frozenset()
)

WORD_SECONDS = 0.005
PASSAGES = 3
PASSAGE_LENGTH = 900
QUERY_LENGTH = 400

INTRODUCTION = (
    "I am the Guide. I am not a language model: I look up your question in Parley’s manual and show you what it says."
)

EXAMPLES = (
    "You could ask me, for instance:\n\n"
    "- How do I get a model?\n"
    "- How do I search my conversations?\n"
    "- How do I make a backup?\n"
)

GET_A_MODEL = """\
To chat, Parley needs a language model. Any of these three ways will do:

1. **Ollama**, on this computer, free and private. Install it from <https://ollama.com/download> and start it; \
Parley finds it by itself. Then get a model in the settings under **Models**, or with `ollama pull llama3.2` in a \
terminal.
2. **LM Studio**, on this computer, with a window of its own. Install it from <https://lmstudio.ai>, download a model \
in it, and start its server (*Developer*, then *Start server*). Parley finds it by itself. The same goes for \
llama.cpp, vLLM, Jan and LocalAI.
3. **A service on the internet**, such as OpenAI, Anthropic or Google. Paste your key in the settings under \
**Providers**; it is kept in the keychain if there is one. Or put it into the environment before you start Parley \
(`OPENAI_API_KEY`, `ANTHROPIC_API_KEY`, `GEMINI_API_KEY` and so on). What you write is then \
sent to that service, which may charge for it.

Then choose the model with the button below the text field; `parley models` shows the same list in a terminal.
"""

CLOSING = "*These are passages of the manual. I am not a language model, so I cannot say more than it does.*"

_GREETING = re.compile(
    r"\W*(hi|hello|hey|hallo|hola|bonjour|salut|ciao|ol[aá]|moin|help|test|good (morning|day|evening)|thanks?( you)?)"
    r"(?:\s+\w+)?\W*",
    re.IGNORECASE,
)
_WANTS_A_MODEL = re.compile(
    r"\b(get|install|add|need|want|find|download|pull|connect|set ?up|use|choose|no|which|what|where|without|start)\b"
    r".*\b(models?|llms?|ais?|ollama|lm ?studio|llama|gpt|chatgpt|(api )?keys?|provider)\b"
    r"|\bmodels?\b.*\b(get|install|missing|from|download)\b",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r"\s*\S+\s*")
_PICTURE = re.compile(r"^!\[[^\]]*\]\([^)]*\)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """A passage of the manual: its page, the section's title and anchor there, and its Markdown."""

    page: str
    title: str
    anchor: str
    text: str


SearchManual = Callable[[str, int], Sequence[Section]]
"""Find the best sections for the words of a question, at most so many."""


class Guide:
    """The provider that is always there."""

    def __init__(self, search: SearchManual) -> None:
        self._search = search

    @property
    def id(self) -> str:
        return PROVIDER

    @property
    def name(self) -> str:
        return "Guide"

    @property
    def local(self) -> bool:
        return True

    async def models(self) -> list[Model]:
        return [GUIDE_MODEL]

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Event, None]:
        """Yield what the manual says about the newest question."""
        asked = [message.text for message in request.messages if message.role is Role.USER]
        answer = self._answer(" ".join(asked[-1].split())[:QUERY_LENGTH] if asked else "")
        for word in _WORD.findall(answer):
            yield TextDelta(word)
            await asyncio.sleep(WORD_SECONDS)
        yield Finished()

    def _answer(self, question: str) -> str:
        wants_model = bool(_WANTS_A_MODEL.search(question))
        greeted = not re.search(r"\w", question) or bool(_GREETING.fullmatch(question))
        found = [] if greeted else list(self._search(question, PASSAGES))
        if wants_model:
            parts = [GET_A_MODEL]
            parts += ["More in the manual: " + ", ".join(_link(section) for section in found) + "."] if found else []
            return "\n".join((*parts, "\n*I am the Guide, not a language model: I answer from Parley’s manual.*"))
        if not found:
            missing = "" if greeted else "The manual has nothing about that.\n\n"
            return f"{missing}{INTRODUCTION}\n\n{EXAMPLES}\n{GET_A_MODEL}"
        passages = [f"### {_link(section)}\n\n{_passage(section.text)}" for section in found]
        return "\n\n".join((*passages, CLOSING))


def _link(section: Section) -> str:
    target = f"help:{section.page}#{section.anchor}" if section.anchor else f"help:{section.page}"
    title = section.title.replace("[", "(").replace("]", ")")
    return f"[{title}]({target})"


def _passage(text: str) -> str:
    """Return the beginning of a section, cut between paragraphs so that lists and code stay whole; no pictures."""
    kept = ""
    for paragraph in re.split(r"\n{2,}", _PICTURE.sub("", text).strip()):
        if kept and len(kept) + len(paragraph) > PASSAGE_LENGTH:
            return kept + ("\n```" if kept.count("```") % 2 else "") + "\n\n…"
        kept = f"{kept}\n\n{paragraph}" if kept else paragraph
    return kept
