"""The manual: it names every option, command and key, its links lead somewhere, and the Guide finds the right page."""

import re
from pathlib import Path

import pytest

from parley.options import visible_options
from parley.paths import resources
from parley.providers.guide import PASSAGES
from parley.store.manual import ManualIndex, read_sections
from parley.store.manual import anchor as anchor_of_the_guide
from parley.ui.actions import COMMANDS
from parley.ui.manual_window import anchor_of, page_of
from parley.ui.transcript.actions import ACTIONS

HELP = resources() / "help"
README = resources().parent / "README.md"
PAGES = sorted(HELP.glob("*.md"))
WRITTEN = {"PgDown": "Page Down", "PgUp": "Page Up", "Del": "Delete"}
LINK = re.compile(r"\]\((help:[^)\s]*)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)\)")
HEADING = re.compile(r"^#{1,3} (.+)$", re.MULTILINE)


def written(keys: str) -> str:
    """Return keys as the manual writes them."""
    for name, words in WRITTEN.items():
        keys = re.sub(rf"\b{name}\b", words, keys)
    return keys


def rows_of(heading: str) -> list[tuple[str, str]]:
    """Return the rows of the table below a heading of the page about the keyboard: keys, and what they do."""
    text = (HELP / "keyboard.md").read_text(encoding="utf-8")
    below = text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip("| ").partition(" | ") for line in below.splitlines() if line.startswith("|")]
    return [(keys, does) for keys, _, does in rows[2:]]


def everything() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def test_every_command_with_keys_is_in_the_table_and_nothing_else() -> None:
    in_the_table = {frozenset(keys.split(" or ")) for keys, _ in rows_of("Shortcuts")}
    assert in_the_table == {frozenset(map(written, command.keys)) for command in COMMANDS if command.keys}


def test_every_command_without_keys_is_named() -> None:
    manual = everything().lower()
    for command in COMMANDS:
        assert command.keys or str(command.text).lower() in manual, command.id


def test_every_key_of_a_message_is_in_the_table() -> None:
    named = {key for keys, _ in rows_of("Keys on a message") for key in keys.split(", ")}
    assert {written(action.keys) for action in ACTIONS if action.keys} <= named


def test_every_option_is_named_as_the_window_has_it() -> None:
    manual = everything()
    for option in visible_options():
        assert f"`{option.name}`" in manual, option.name
        assert str(option.metadata["label"]).lower() in manual.lower(), option.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in LINK.findall(text):
        name, anchor = page_of(link)
        target = HELP / f"{name}.md"
        assert target.is_file(), link
        headings = HEADING.findall(target.read_text(encoding="utf-8"))
        assert not anchor or anchor in map(anchor_of, headings), link
        assert not anchor or anchor in map(anchor_of_the_guide, headings), link
    for words, place in PICTURE.findall(text):
        assert words, place
        assert (HELP / place).is_file(), place


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_begins_with_words_and_is_in_the_contents(page: Path) -> None:
    first = next(read_sections(page))
    assert not first.text.startswith("!["), "a picture says nothing to somebody who listens"
    assert page.stem == "index" or f"(help:{page.stem})" in (HELP / "index.md").read_text(encoding="utf-8")


def test_no_picture_is_left_that_nothing_shows() -> None:
    shown = everything() + README.read_text(encoding="utf-8")
    for picture in (HELP / "images").iterdir():
        assert f"images/{picture.name}" in shown, picture.name


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("How do I get a model?", "models#getting-a-model"),
        ("What can I do with Parley?", "index#what-parley-can-do"),
        ("How do I change the temperature?", "chats#chat-settings"),
        ("How do I send a picture to the model?", "writing#files-and-pictures"),
        ("Where are my chats kept?", "data#where-your-chats-are-kept"),
        ("How do I search my conversations?", "search#searching-all-conversations"),
        ("How do I make a backup?", "data#backup"),
        ("How can I restore a backup?", "data#restoring-a-backup"),
        ("dark theme", "settings#theme-light-and-dark"),
        ("How do I make the text larger?", "settings#zoom-larger-and-smaller-text"),
        ("Can I change the shortcuts?", "settings#shortcuts"),
        ("Where is my API key stored?", "models#where-keys-are-kept"),
        ("How do I use Claude?", "models#a-server-with-a-key"),
        ("rename a chat", "chats#renaming-a-chat"),
        ("delete a chat", "chats#deleting-a-chat"),
        ("How do I edit a message?", "reading#editing-a-message"),
        ("LaTeX formulas", "reading#formulas"),
        ("Can I attach files?", "writing#files-and-pictures"),
        ("spelling in German", "writing#spelling"),
        ("What happens when I close the window?", "background#closing-the-window"),
        ("notifications", "background#notifications"),
        ("How much context is used?", "status#how-much-of-the-context-is-used"),
        ("What did my answers cost?", "money#what-an-answer-costs"),
        ("How do I set a budget?", "money#a-monthly-budget"),
        ("own prices", "money#your-own-prices"),
        ("move the data folder", "data#moving-the-data-folder"),
        ("screen reader", "keyboard#screen-reader"),
        ("my key was refused", "troubleshooting#the-key-was-refused"),
        ("exit code", "command-line#exit-codes"),
        ("How do I add an assistant?", "assistants#adding-an-assistant"),
        ("a friendly tone", "assistants#moods-the-tone-of-answers"),
        ("How do I add a person?", "people#adding-a-person"),
        ("What may others use?", "people#what-a-person-may-use"),
        ("How do I make a token for a program?", "people#tokens-for-programs"),
        ("How do I ask with curl?", "programs#a-question-with-curl"),
        ("websocket", "programs#over-a-websocket"),
        ("Which address do clients of Ollama need?", "clients#clients-of-ollama"),
    ],
)
def test_the_guide_finds_the_right_section(question: str, place: str) -> None:
    found = ManualIndex(HELP).search(question, PASSAGES)
    assert place in [f"{section.page}#{section.anchor}" for section in found]
