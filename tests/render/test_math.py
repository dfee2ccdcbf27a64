"""Formulas: what is one and what is money, code or an escaped bracket; what is drawn, and what is refused in time."""

import re
from concurrent.futures import ThreadPoolExecutor
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.render import Block, Kind, Splitter, add, parse
from parley.render.math import INK, LONGEST, Drawing, Formula, draw, formula_of


def formulas(text: str) -> list[str]:
    """Return the formulas of a text as they were written, those in lines and those by themselves."""
    found: list[str] = []
    for block in parse(text):
        found += [block.code] if block.kind is Kind.MATH else re.findall("<math>(.*?)</math>", block.html, re.DOTALL)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "$x$", "a $x$ b", "($x$)", "$x$.", "$x$-axis", "the $n$th", "2$x$", "**$x$**", r"\(x\)", r"\( x \)", "$a\nb$",
        r"a \(x\) b", r"$\$$", r"$a\$b$", "$a_1 * b_2$", "$[x](y)$", "$$x$$ and more", r"so \[x = 1\] holds", "- $x$",
        "> $x$", "# $x$", "| $x$ |\n|---|\n| y |",
    ],
)  # fmt: skip
def test_formulas_in_a_line(text: str) -> None:
    assert len(formulas(text)) == 1
    assert all(block.kind is not Kind.MATH for block in parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $6", "$5", "$5-$10", "costs $20,000 and USD$30,000", "a $ b $ c", "$ x$", "$x $", "$x$5", r"\$x$", "$$",
        "$$$", "$ $", "`$x$`", "``$$x$$``", "```\n$$\nx\n$$\n```", "    $$\n    x\n    $$", r"\\(x\\)", r"`\(x\)`",
        "$a `b` c$", r"\[1\]", r"\[not a link\]", r"see \[link\](x)", "$$ in a shell is a number\n\n- a list $$",
        "$$\nx\n\ny\n$$", r"\[", r"\(", "$HOME is 5$6", "[x](http://a.b/$c$)",
    ],
)  # fmt: skip
def test_no_formulas(text: str) -> None:
    assert formulas(text) == []


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("$$x$$", "$$x$$"),
        ("$$\nx\n$$", "$$\nx\n$$"),
        ("$$ x\n+ y $$", "$$ x\n+ y $$"),
        ("\\[\nx\n\\]", "\\[\nx\n\\]"),
        (r"\[ x \]", r"\[ x \]"),
        ("text:\n$$\nx\n$$\nmore", "$$\nx\n$$"),
        ("$$\nx\n$$.", "$$\nx\n$$."),
        ("$$\n- x\n# y\n> z\n$$", "$$\n- x\n# y\n> z\n$$"),
        ("1. so\n   $$\n   x\n   $$\n2. next", "$$\nx\n$$"),
        ("> $$\n> x\n> $$", "$$\nx\n$$"),
        ("   $$x$$", "$$x$$"),
    ],
)
def test_formulas_by_themselves(text: str, formula: str) -> None:
    assert [block.code for block in parse(text) if block.kind is Kind.MATH] == [formula]


@pytest.mark.parametrize(
    "text",
    [
        "a\n\n$$\nx\n$$\n\nb $y$ c $5\n",
        "a\n\\[\nx\n- y\n\\]\nb\n",
        "1. so\n   $$\n   x\n   $$\n2. next\n",
        "> $$\n> x\n> $$\nlazy\n",
        "para\n$$ never closed\n- item\n\nend\n",
        "| a |\n|---|\n| b |\n$$\nx\n$$\n",
        "a $$x$$ b\n$$y$$ c\n$$z$$\n",
    ],
)
def test_every_cut_gives_the_whole(text: str) -> None:
    for cut in range(len(text)):
        splitter, blocks = Splitter(), list[Block]()
        for piece in (text[:cut], text[cut:]):
            splitter.feed(piece)
            add(blocks, splitter.take().done)
        add(blocks, splitter.close())
        assert blocks == parse(text)
    assert [block.html + block.code for block in _stepped(text)] == [block.html + block.code for block in parse(text)]


def _stepped(text: str) -> list[Block]:
    splitter, blocks = Splitter(), list[Block]()
    for letter in text:
        splitter.feed(letter)
        add(blocks, splitter.take().done)
    add(blocks, splitter.close())
    return blocks


def test_what_may_still_be_closed_is_shown_as_it_came() -> None:
    splitter = Splitter()
    splitter.feed("so\n$$\nx\n- y\n")
    step = splitter.take()
    assert [block.html for block in (*step.done, *step.tail)] == ["<p>so</p>", "<p>$$<br />x<br />- y</p>"]
    splitter.feed("$$\n\n")
    step = splitter.take()
    assert [block.code for block in (*step.done, *step.tail) if block.kind is Kind.MATH] == ["$$\nx\n- y\n$$"]


def test_html_shows_the_source_only() -> None:
    assert parse("$<img src=x>$")[0].html == "<p><math>$&lt;img src=x&gt;$</math></p>"


@pytest.mark.parametrize(
    ("source", "latex", "display"),
    [("$x$", "x", False), (r"\( x \)", "x", False), ("$$\nx\n$$.", "x.", True), (r"\[x\],", "x,", True)],
)
def test_delimiters(source: str, latex: str, display: bool) -> None:
    assert formula_of(source) == Formula(latex, display)


@pytest.mark.parametrize(
    "latex",
    [
        "x", r"\frac{a}{b}", r"\sqrt[3]{x}", r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"x \\", r"50\%",
        r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", r"\text{Größe } x", r"E = mc^2 \tag{1}", r"\mathbb{R}^n", "α",
        r"\begin{cases} 1 & x > 0 \\ 0 \end{cases}", r"\int_0^\infty e^{-x^2}\,dx", r"\label{a} y", r"\left( x \right)",
    ],
)  # fmt: skip
def test_drawn(latex: str) -> None:
    drawing = draw(Formula(latex, display=True))
    assert INK in drawing.svg
    assert "<use" not in drawing.svg  # Qt cuts those off
    assert 0 < drawing.width < 40
    assert 0 < drawing.ascent + drawing.depth < 10
    assert drawing.depth > -1


def test_a_line_and_a_display_differ() -> None:
    def height(drawing: Drawing) -> float:
        return drawing.ascent + drawing.depth

    assert height(draw(Formula(r"\frac{a}{b}", display=True))) > height(draw(Formula(r"\frac{a}{b}")))


@pytest.mark.parametrize(
    "latex",
    [
        "", r"\frac{1}{", r"\left( x", "x_1_2", "&", "{", r"\begin{matrix}", "x^", r"\\",
        "x" * (LONGEST + 1), "x" * 10_000, "{" * 900, r"\frac{1}{" * 60 + "x" + "}" * 60, r"\sqrt{" * 30 + "}" * 30,
        r"\left(" * 40 + r"\right)" * 40, "x^{" * 100 + "}" * 100, r"\rule{100000em}{1em}", r"\hspace{99999em} x",
        r"\def\a{\b\b}\def\b{\c\c}\a", r"\newcommand{\a}{\a\a}\a", r"\DeclareMathOperator{\a}{b}",
        r"\begin{matrix}" + "&" * 500 + r"\end{matrix}", "\0", "<!DOCTYPE a>" * 3 + "&x;",
    ],
)  # fmt: skip
@pytest.mark.timeout(20)  # a hang, not a figure: undisturbed these would take years
def test_refused(latex: str) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 - the libraries raise what they like
        draw(Formula(latex))


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "text", ["$" * 8000, "$a " * 2600, "$$a " * 2000, r"\(" * 4000, r"\[x=" * 2000, "$$\nx\n" * 3000]
)
def test_nasty_text_is_bearable(text: str) -> None:
    assert parse(text)


PIECES = [" ", r"\\", *r"""
x 1 { } ^ _ & ( ) | ' é \frac \sqrt \left \right [ ] \text \begin{aligned} \end{aligned} \begin{cases} \end{cases}
\sum \limits \hat \mathbb \overset \color \color{red} \tag \hspace \begin{array}{c|c} \hline \end{array} \big \not
\binom \substack \operatorname \% \, \ % # ~ < \boxed \cancel \genfrac \mathrm{ \label{a} \xrightarrow \dots
""".split()]  # noqa: SIM905 - a list of raw strings cannot be read  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.booleans())
def test_odd_latex_is_drawn_or_refused(latex: str, display: bool) -> None:
    with ThreadPoolExecutor(1) as thread:
        drawn = thread.submit(draw, Formula(latex, display))
    if drawn.exception() is None:
        fromstring(drawn.result().svg)
        assert drawn.result().width > 0
