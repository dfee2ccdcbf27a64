"""Text that comes in pieces gives the same blocks as the whole, whatever the pieces; and parses little."""

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parley.render import Above, Block, Kind, Splitter, add, parse, parse_slices
from parley.render.blocks import GROUP
from parley.render.markdown import parser
from parley.render.splitter import WINDOW

MIXED = """# Title

A paragraph with **bold**, `code` and a
second line.

- one
- two
  - nested
    1. deep

- three, loose

1. first

   ```py
   print(1)
   ```
   after the code
2. second

> quoted
>> twice
> ```
> code in a quote
> ```

| a | b |
|--:|---|
| 1 | 2 |
| 3 | 4 |

Setext
======

***
    indented code

    more of it
text
#hashtag
# heading
~~~js
tildes
~~~~
-
- after an empty item

  its second paragraph
para
| x | y |
|---|---|
| 1 | 2 |
swallowed row

* * *
* star
---
end with http://example.com/a_(b) and <script>alert(1)</script>
"""
DOCUMENTS = {
    "mixed": MIXED,
    "carriage returns": MIXED.replace("\n", "\r\n"),
    "long list": "\n".join(f"{i}. item {i} **bold**" for i in range(1, 300)),
    "same numbers": "1. a\n1. b\n1. c\n\ntext\n",
    "long table": "|a|b|\n|-|-|\n" + "\n".join(f"| cell {i} | words **x** |" for i in range(400)) + "\n\nend",
    "long quote": "> " + "word " * 2000 + "\n\nnext",
    "long line": "x" * 30_000,
    "long paragraph": "word **bold** and `code` text flows on. " * 200,
    "long code": "```py\n" + "def f(): pass\n" * 500 + "```\nend",
    "unterminated": "text\n\n```\nopen\n  code\n``",
    "fence in a list": "- item\n\n  ```sh\n  ls\n  ```\n- next\n",
    "nested": "\n".join("  " * i + "- x" for i in range(40)),
    "tiny": "a\n\n" * 500,
    "nothing": "",
    "blank": "\n\n \n",
    "closing without an end": "```\r\ncode\r\n```",
    "odd": "a\0b \ud800 c \U0001f600 e\u0301 \u2028 d\x0be",
}


def streamed(text: str, sizes: list[int], seed: int = 0) -> list[Block]:
    chosen = random.Random(seed)
    splitter = Splitter()
    blocks: list[Block] = []
    at = 0
    while at < len(text):
        size = chosen.choice(sizes)
        splitter.feed(text[at : at + size])
        at += size
        add(blocks, splitter.take().done)
    add(blocks, splitter.close())
    return blocks


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("seed", range(4))
def test_pieces_give_the_whole(name: str, seed: int) -> None:
    text = DOCUMENTS[name]
    sizes = [1, 2, 3, 7, 50, 300] if len(text) < 5000 else [13, 700, 3000]
    assert streamed(text, sizes, seed) == parse(text)


ATOMS = [
    "a",
    "word ",
    "\n",
    "\n\n",
    "- ",
    "1. ",
    "2) ",
    "> ",
    "```",
    "~~~",
    "    ",
    "  ",
    "# ",
    "---",
    "===",
    "|",
    "|-|",
]
ATOMS += ["$$", "$", "\\[", "\\]", "\\(", "\\)", "$$x$$"]
ATOMS += ["*", "**", "`", "[x](http://a)", "\t", "\\", "_", "http://b.c", "<b>", "![", "é", "\U0001f600", "\r\n"]


@example("```\r\n```", 42)
@example("```***---\n\na- \t> \n\t``````", 1)
@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(ATOMS), max_size=60).map("".join), st.integers(0, 1000))
def test_any_pieces_give_the_whole(text: str, seed: int) -> None:
    assert streamed(text, [1, 2, 5, 11], seed) == parse(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(ATOMS), max_size=60).map("".join))
def test_windows_find_the_parsers_own_blocks(text: str) -> None:
    """Codes, tables and rules at the top level are those that the parser finds in the whole text at once."""
    kinds = {
        "fence": Kind.CODE,
        "code_block": Kind.CODE,
        "table_open": Kind.TABLE,
        "hr": Kind.RULE,
        "math_block": Kind.MATH,
    }
    tokens = parser().parse(text.replace("\r\n", "\n"))
    expected = [kinds[token.type] for token in tokens if token.type in kinds]
    assert [block.kind for block in parse(text) if block.kind is not Kind.TEXT] == expected


def test_a_link_may_be_defined_below_its_use() -> None:
    assert parse("see [this]\n\n" + "text\n\n" * 2000 + "[this]: http://example.com")[0].html.startswith(
        '<p>see <a href="http://example.com">this</a></p>'
    )


def test_blocks_stay_small() -> None:
    text = "\n\n".join(DOCUMENTS.values())
    assert all(len(block.html) < 6 * GROUP for block in parse(text))


def test_numbers_go_on_where_a_list_was_split() -> None:
    blocks = streamed("5. a\n7. b\n9. c\n", [1])
    assert [f'<ol start="{n}">' in blocks[0].html for n in (5, 6, 7)] == [True, True, True]


def test_parts_of_a_table_share_their_columns() -> None:
    parts = [block for block in parse(DOCUMENTS["long table"]) if block.kind is Kind.TABLE]
    assert len(parts) > 2
    assert len({part.columns for part in parts}) == 1
    assert ["<th" in part.html for part in parts] == [True] + [False] * (len(parts) - 1)
    assert {part.above for part in parts[1:]} == {Above.NONE}


@pytest.mark.parametrize("name", ["mixed", "long list", "long table", "long code", "tiny"])
def test_what_is_final_is_not_parsed_again(name: str) -> None:
    """Each step parses the open tail only: the sum grows with the text, not with its square."""
    text = DOCUMENTS[name] * (20 if name == "mixed" else 2)
    splitter = Splitter()
    for at in range(0, len(text), 200):
        splitter.feed(text[at : at + 200])
        splitter.take()
    splitter.close()
    assert splitter.parsed < 14 * len(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 16_000, "[a](b" * 3000, "![[" * 5000, "*a _b " * 2600, ">" * 5000, "`" * 15_000, "<" * 15_000, "|" * 8000],
)
@pytest.mark.timeout(30)  # a hang, not a figure
def test_nasty_text_is_bearable(text: str) -> None:
    assert parse(text)


def test_a_long_text_comes_in_slices() -> None:
    text = "some words of a line\n\n" * 20_000
    sizes = [sum(len(block.source) for block in blocks) for blocks in parse_slices(text)]
    assert sum(sizes) == len(text)
    assert max(sizes) < 4 * WINDOW < len(text)
