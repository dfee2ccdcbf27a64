"""Pastes: rich text becomes Markdown, code and plain text stay what they are, files are refused in words."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QMenu

from parley.ui.composer.composer import Composer
from parley.ui.composer.drafts import FOLD_CHARACTERS
from parley.ui.composer.html_markdown import LARGEST, markdown_of
from tests.ui.conftest import Desk
from tests.ui.test_window import past_chat

WEB = (
    '<meta charset="utf-8"><h2>Title</h2><p>Some <strong>bold</strong>, <em>slanted</em> and '
    '<a href="https://example.org/a_b">linked</a> words, 3*4 and snake_case.<br>A line</p>'
    "<ul><li>one</li><li>two<ul><li>inner</li></ul></li></ul><ol><li>first</li><li>second</li></ol>"
    '<pre><code class="language-python">def f():\n    return 1 * 2\n</code></pre><p>with <code>x_y</code></p>'
    '<p><img src="http://192.0.2.1/x.png" alt="A picture"> <a href="javascript:alert(1)">press</a></p>'
    "<script>alert(1)</script><style>p { color: red }</style>"
)
WEB_MARKDOWN = """\
## Title

Some **bold**, *slanted* and [linked](https://example.org/a_b) words, 3*4 and snake_case.
A line

- one
- two
  - inner

1. first
2. second

```python
def f():
    return 1 * 2
```

with `x_y`

A picture press"""
GOOGLE = (
    '<b style="font-weight:normal;" id="docs-internal-guid-1"><p><span style="font-weight:400;">Plain, </span>'
    '<span style="font-weight:700;">heavy</span><span style="font-style:italic;"> slanted</span></p></b>'
)
SYMBOL = "<![if !supportLists]><span style='font-family:Symbol'>·<span>&nbsp;&nbsp;</span></span><![endif]>"
WORD = (
    "<html><head><style><!-- p {} --></style></head><body><!--StartFragment--><p class=MsoNormal>With <b>bold"
    f"<o:p></o:p></b></p><p class=MsoListParagraphCxSpFirst>{SYMBOL}First</p>"
    f"<p class=MsoListParagraphCxSpLast>{SYMBOL}Second</p><!--EndFragment--></body></html>"
)
CALC = (
    '<html><body><table><colgroup width="85"></colgroup><tr><td><font face="Sans">Name</font></td><td>Price</td></tr>'
    "<tr><td>a|b</td><td>3</td></tr></table></body></html>"
)
EDITOR = (
    "<meta charset='utf-8'><div style=\"color:#d4d4d4;font-family:Consolas, 'Courier New', monospace;\"><div>"
    '<span style="color:#569cd6;font-weight:bold">def</span><span> f():</span></div></div>'
)
QT = (
    '<html><head><meta name="qrichtext" content="1" /></head><body><p style="margin:0;">one</p><p>two</p></body></html>'
)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        (WEB, WEB_MARKDOWN),
        (GOOGLE, "Plain, **heavy** *slanted*"),
        (WORD, "With **bold**\n\n- First\n- Second"),
        (CALC, "| Name | Price |\n| --- | --- |\n| a\\|b | 3 |"),
        ("<blockquote><p>quoted</p></blockquote>", "> quoted"),
    ],
)
def test_rich_text_becomes_markdown(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


@pytest.mark.parametrize(
    "html",
    [
        EDITOR,
        "<pre style=\"font-family:'JetBrains Mono'\"><b>def</b> f</pre>",
        "<pre><code>all code</code></pre>",
        QT,
        "<div>just words</div>",
        "<table><tr><td>one cell</td></tr></table>",
        "",
        "<b></b>",
    ],
)
def test_where_markdown_says_no_more_the_plain_text_is_taken(html: str) -> None:
    assert markdown_of(html) == ""


@pytest.mark.timeout(60)  # a hang, not a figure: the parser alone takes minutes for some of these
@pytest.mark.parametrize(
    "piece",
    ["<div>", "<b", "<!", '<a href="x>', "<a '>", '<span style="font-weight:bold">x', "<b><i>", "<![>", "<?a>", "\0"],
)
def test_hostile_html_holds_nothing_up(piece: str) -> None:
    html = piece * (LARGEST // len(piece))
    assert markdown_of(html) == ""
    assert markdown_of(html * 2 + "<b>x</b>") == ""


def clip(*, html: str = "", text: str = "", format: str = "") -> QMimeData:
    data = QMimeData()
    if html:
        data.setHtml(html)
    if text:
        data.setText(text)
    if format:
        data.setData(format, b"{}")
    QApplication.clipboard().setMimeData(data)
    return data


def composer(desk: Desk) -> Composer:
    return desk.window.page.composer


async def test_a_rich_paste_is_one_undo(desk: Desk) -> None:
    field = composer(desk).field
    desk.write("before ")
    clip(html=WEB, text="the plain text")
    desk.press("Ctrl+V", on=field)
    desk.write(" typed meanwhile")
    await desk.until(lambda: not desk.window.tasks.busy)
    assert field.toPlainText() == f"before {WEB_MARKDOWN} typed meanwhile"
    desk.press("Ctrl+Z", on=field)
    assert field.toPlainText() == "before  typed meanwhile"


async def test_it_replaces_what_is_selected(desk: Desk) -> None:
    field = composer(desk).field
    desk.write("old words")
    field.selectAll()
    clip(html="<b>new</b>", text="new")
    desk.press("Ctrl+V", on=field)
    await desk.until(lambda: field.toPlainText() == "**new**")
    desk.press("Ctrl+Z", on=field)
    assert field.toPlainText() == "old words"


async def test_code_and_plain_pastes_stay_plain(desk: Desk) -> None:
    field = composer(desk).field
    clip(html="<b>def</b> f", text="def f\n", format="vscode-editor-data")
    desk.press("Ctrl+V", on=field)
    assert field.toPlainText() == "def f\n"
    field.clear()
    clip(html=EDITOR, text="def f():")
    desk.press("Ctrl+V", on=field)
    await desk.until(lambda: field.toPlainText() == "def f():")
    field.clear()
    clip(html=WEB, text="the plain text")
    desk.press("Ctrl+Shift+V", on=field)
    assert field.toPlainText() == "the plain text"


async def test_a_copy_from_the_field_itself_comes_back_as_it_was(desk: Desk) -> None:
    field = composer(desk).field
    field.setPlainText("one\ntwo\n\nthree")
    field.selectAll()
    desk.press("Ctrl+C", on=field)
    desk.press("Ctrl+V", on=field)
    await desk.until(lambda: not desk.window.tasks.busy)
    assert field.toPlainText() == "one\ntwo\n\nthree"


async def test_a_long_rich_paste_is_folded(desk: Desk) -> None:
    clip(html="<b>long</b> " * (FOLD_CHARACTERS // 5), text="long " * (FOLD_CHARACTERS // 5))
    desk.press("Ctrl+V", on=composer(desk).field)
    await desk.until(lambda: len(composer(desk).draft.pasted) == 1)
    assert composer(desk).draft.pasted[0].startswith("**long** **long**")


async def test_files_and_pictures_are_refused_in_words(desk: Desk) -> None:
    field, notices = composer(desk).field, desk.window.page.notices
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/tmp/secret.txt")])
    data.setText("file:///tmp/secret.txt")
    QApplication.clipboard().setMimeData(data)
    desk.press("Ctrl+V", on=field)
    assert notices.texts == ["Files and pictures cannot be attached yet. Text can be pasted."]
    desk.press("Escape", on=notices)
    assert field.toPlainText() == ""
    image = QMimeData()
    image.setImageData(QImage(4, 4, QImage.Format.Format_RGB32))
    facts = (Qt.DropAction.CopyAction, image, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(field.viewport(), QDragEnterEvent(QPoint(5, 5), *facts))
    QApplication.sendEvent(field.viewport(), QDropEvent(QPointF(5, 5), *facts))
    assert len(notices.texts) == 1, "said again, for it was dismissed"
    web = QMimeData()
    web.setUrls([QUrl("https://example.org/")])
    QApplication.clipboard().setMimeData(web)
    desk.press("Ctrl+V", on=field)
    assert field.toPlainText() == "https://example.org/"


async def test_the_menu_pastes_plain(desk: Desk) -> None:
    field = composer(desk).field
    clip(html=WEB, text="the plain text")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(5, 5), field.viewport().mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(field.viewport(), event)
    menus: list[QMenu] = []

    def opened() -> bool:
        menus[:] = [menu for menu in field.findChildren(QMenu) if menu.isVisible()]
        return bool(menus)

    await desk.until(opened)
    plain = next(action for action in menus[0].actions() if action.text() == "Paste as plain text")
    plain.trigger()
    menus[0].close()
    assert field.toPlainText() == "the plain text"


async def test_while_a_message_is_being_stored_nothing_is_pasted(desk: Desk) -> None:
    composer(desk).set_sending(True)
    clip(html=WEB, text="the plain text")
    desk.press("Ctrl+V", on=composer(desk).field)
    desk.press("Ctrl+Shift+V", on=composer(desk).field)
    await desk.until(lambda: not desk.window.tasks.busy)
    assert composer(desk).draft.empty
    composer(desk).set_sending(False)


async def test_what_is_pasted_is_sent_though_enter_comes_at_once(desk: Desk) -> None:
    desk.write("Look: ")
    clip(html="<b>bold</b>", text="bold")
    desk.press("Ctrl+V", on=composer(desk).field)
    desk.press("Return", on=composer(desk).field)
    await desk.until(lambda: desk.texts[:1] == ["Look: **bold**"])
    await desk.answered()


async def test_a_paste_stays_out_of_another_chat(desk: Desk) -> None:
    place = await past_chat(desk, "Other", "one", "1")
    clip(html="<b>secret</b>", text="secret")
    desk.press("Ctrl+V", on=composer(desk).field)
    desk.window.view.open(place)
    await desk.until(lambda: not desk.window.tasks.busy)
    assert composer(desk).draft.empty
    desk.write("hello")
    desk.press("Return", on=composer(desk).field)
    await desk.until(lambda: desk.texts[-1:] == ["hello"] or len(desk.texts) == 4)
    await desk.answered()
