"""What Markdown becomes: HTML that shows what was written, links only where they are safe."""

import pytest

from parley.render import Kind, parse
from parley.render.code import DARK, LIGHT, Shade, has_colors, label, shades
from parley.ui.appearance import theme


def html(text: str) -> str:
    return "".join(block.html for block in parse(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>x</b> & <script>", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;script&gt;</p>"),
        ("<div>\n\nx\n</div>", "<p>&lt;div&gt;</p><p>x<br />&lt;/div&gt;</p>"),
        ("a *b* **c** ~~d~~ `e<`", "<p>a <i>b</i> <b>c</b> <s>d</s> <code>e&lt;</code></p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](file:///etc/passwd)", "<p>[x](file:///etc/passwd)</p>"),
        ("[x](data:text/html,y)", "<p>[x](data:text/html,y)</p>"),
        ("[x](data:image/png;base64,y)", "<p><a>x</a></p>"),
        ("[x](mailto:a@b.c)", '<p><a href="mailto:a@b.c">x</a></p>'),
        ('[x](http://a.b/"c)', '<p><a href="http://a.b/%22c">x</a></p>'),
        ("![a **cat**](http://a.b/c.png)", '<p><a href="http://a.b/c.png">a cat</a></p>'),
        ("![](http://a.b/c.png)", '<p><a href="http://a.b/c.png">http://a.b/c.png</a></p>'),
        ("![cat](data:image/png;base64,AAAA)", "<p>cat</p>"),
        ("see (https://a.b/c_d(e)).", '<p>see (<a href="https://a.b/c_d(e)">https://a.b/c_d(e)</a>).</p>'),
        ("`http://a.b`", "<p><code>http://a.b</code></p>"),
        ("# A\n### B", "<h1>A</h1><h3>B</h3>"),
        ("one\ntwo", "<p>one<br />two</p>"),
        ("- [x] done", '<ul style="list-style-type: none"><li>☑ done</li></ul>'),
    ],
)
def test_html(text: str, expected: str) -> None:
    assert html(text) == expected


def test_code_in_a_list_and_in_a_quote_is_a_block_of_its_own() -> None:
    blocks = parse("1. do\n\n   ```sh\n   ls\n   ```\n\n> ```\n> x\n> ```")
    assert [(b.kind, b.indent, b.quote, b.code) for b in blocks] == [
        (Kind.TEXT, 0, 0, ""),
        (Kind.CODE, 1, 0, "ls"),
        (Kind.CODE, 0, 1, "x"),
    ]


def test_a_table_of_a_right_to_left_script_says_so() -> None:
    assert parse("| א | b |\n|---|---|\n| 1 | 2 |")[0].html.startswith('<table dir="rtl">')


def test_shades() -> None:
    code = 'def f():\n    return "x"  # 1'
    found = {code[start:end]: shade for start, end, shade in shades(code, "python")}
    assert found["def"] is Shade.KEYWORD
    assert found["f"] is Shade.NAME
    assert found["# 1"] is Shade.COMMENT
    assert not has_colors("no such language")
    assert list(shades("x", "")) == []


def test_labels() -> None:
    assert [label(name) for name in ("py", "rust", "text", "C++", "")] == ["Python", "Rust", "", "C++", ""]


def _luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("palette", "look"), [(LIGHT, theme.LIGHT), (DARK, theme.DARK)])
def test_code_can_be_read(palette: dict[Shade, str], look: theme.Theme) -> None:
    assert all(contrast(color, look.code_panel) >= 4.5 for color in palette.values())
    assert set(palette) == set(Shade)


@pytest.mark.parametrize("look", [theme.LIGHT, theme.DARK, theme.LIGHT_CONTRAST, theme.DARK_CONTRAST])
def test_words_can_be_read(look: theme.Theme) -> None:
    grounds = (look.window, look.sidebar, look.raised, look.user_box, look.code_panel, look.hover)
    assert min(contrast(color, ground) for ground in grounds for color in (look.text, look.muted, look.danger)) >= 4.5
    assert contrast(look.on_accent, look.accent) >= 4.5
    assert contrast(look.accent, look.window) >= 4.5
    assert contrast(look.outline, look.window) >= 3
    assert contrast(look.text, look.selection) >= 4.5


def test_links_to_the_manual_are_links() -> None:
    """The Guide's answers name the pages that they come from."""
    (block,) = parse("### [Where keys are kept](help:models#where-keys-are-kept)")
    assert '<a href="help:models#where-keys-are-kept">Where keys are kept</a>' in block.html
