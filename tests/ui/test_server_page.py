"""The page of server mode, the button at the foot of the list of chats, and the end of the program."""

import asyncio
import gc
import socket
import time

import pytest
import segno
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QPushButton

from parley.options import Options
from parley.paths import Paths
from parley.server import addresses
from parley.serving import Client
from parley.settings import Settings
from parley.ui.dialogs import Question
from parley.ui.preferences.clients_section import MOST, ClientsSection, ago
from parley.ui.preferences.editors import Line, Number, Switch
from parley.ui.preferences.options_page import OptionRow
from parley.ui.preferences.pairing_section import MARGIN, code_image
from parley.ui.preferences.server_page import ServerPage
from parley.ui.program.garbage import Garbage
from tests.conftest import ScriptedProvider, Until
from tests.ui.conftest import Desk
from tests.ui.serving import Stream, client, control, free_port, serve, token
from tests.ui.test_data_page import dialog, running
from tests.ui.test_settings import click, open_settings


async def server_page(desk: Desk) -> ServerPage:
    page = (await open_settings(desk, "server")).pages["server"]
    assert isinstance(page, ServerPage)
    return page


def button(question: Question, text: str) -> QPushButton:
    return next(each for each in question.findChildren(QPushButton) if each.text() == text)


def box(row: OptionRow) -> QCheckBox:
    assert isinstance(row.editor, Switch)
    return row.editor.box


def set_now(desk: Desk) -> Options:
    return desk.services.settings.options


async def turn(desk: Desk, page: ServerPage, state: str) -> None:
    click(page.switch.switch.box)
    await desk.until(lambda: control(desk).state == state)


async def test_the_button_at_the_foot_leads_to_the_page(guided_desk: Desk) -> None:
    desk = guided_desk
    foot = desk.window.sidebar.footer.server
    assert foot.text() == "Server off"
    click(foot)
    window = desk.window.settings_door.window
    assert window is not None
    assert window.page == "server"


async def test_it_is_turned_on_and_off(guided_desk: Desk) -> None:
    desk = guided_desk
    desk.services.settings.update(server_port=free_port())
    page = await server_page(desk)
    await turn(desk, page, "on")
    address = f"http://127.0.0.1:{desk.services.settings.options.server_port}"
    assert desk.window.sidebar.footer.server.text() == "Server on"
    assert address in desk.window.sidebar.footer.server.toolTip()
    assert next(iter(page.switch.addresses.buttons)) == address
    click(page.switch.addresses.buttons[address])
    assert QApplication.clipboard().text() == address
    assert page.switch.addresses.buttons[address].text() == "Copied"
    async with client(address, await token(desk)) as asking:
        assert (await asking.get("/live")).status_code == 204
        assert (await asking.post("/chat", json={})).status_code == 400
        await desk.until(lambda: "1 request" in page.switch.row.note.text())
    await turn(desk, page, "off")
    assert desk.window.sidebar.footer.server.text() == "Server off"
    assert not page.switch.addresses.isVisible()
    assert page.switch.row.note.text() == ""
    with socket.socket() as again:
        again.bind(("127.0.0.1", desk.services.settings.options.server_port))


async def test_a_busy_port_gives_way_to_the_next_free_one(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await server_page(desk)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        desk.services.settings.update(server_port=port)
        click(page.switch.switch.box)
        await desk.until(page.switch.next_port.isVisible)
        assert str(port) in page.switch.row.problem.text()
        assert not page.switch.switch.box.isChecked()
        assert desk.window.page.notices.texts == [], "it is said on the page"
        assert page.switch.row.problem.text() in desk.window.sidebar.footer.server.toolTip()
        click(page.switch.next_port)
        await desk.until(lambda: control(desk).state == "on")
    assert desk.services.settings.options.server_port > port
    assert str(desk.services.settings.options.server_port) in (control(desk).switch.address or "")
    assert not page.switch.next_port.isVisible()
    assert page.switch.row.problem.text() == ""


async def test_another_port_holds_at_once_and_that_is_said(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await server_page(desk)
    before = await serve(desk)
    said: list[str] = []
    control(desk).changed.connect(lambda: said.append(page.switch.row.note.text()))
    number = page.options["server_port"].editor
    assert isinstance(number, Number)
    port = free_port()
    number.field.setFocus()
    number.field.selectAll()
    QTest.keyClicks(number.field, str(port))
    desk.press("Return", on=number.field)
    await desk.until(lambda: control(desk).switch.address == f"http://127.0.0.1:{port}")
    await desk.until(lambda: control(desk).state == "on")
    assert any("Starting again" in text for text in said)
    assert page.switch.row.note.text().startswith("On.")
    assert before not in page.switch.addresses.buttons
    assert control(desk).wanted


async def test_pages_that_may_ask_are_checked(guided_desk: Desk) -> None:
    page = await server_page(guided_desk)
    row = page.options["server_origins"]
    assert isinstance(row.editor, Line)
    row.editor.field.setFocus()
    QTest.keyClicks(row.editor.field, "not an address/with a path")
    guided_desk.press("Return", on=row.editor.field)
    assert "https://chat.example.org" in row.problem.text()


async def test_a_narrow_list_keeps_the_state_of_the_server(guided_desk: Desk) -> None:
    footer = guided_desk.window.sidebar.footer
    footer.resize(360, footer.height())
    assert footer.settings.text() == "Settings"
    footer.resize(150, footer.height())
    assert footer.settings.text() == ""
    assert footer.settings.accessibleName() == "Settings"
    assert footer.server.text() == "Server off"


async def test_who_is_connected_is_listed(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await server_page(desk)
    assert page.clients.nobody.text() == "Nobody: the server is off."
    address = await serve(desk)
    await desk.until(lambda: page.clients.nobody.text() == "Nobody so far.")
    async with client(address, await token(desk, "my phone"), "Editor/2.0") as asking:
        await asking.post("/chat", json={})
        await asking.post("/chat", json={})
    await desk.until(lambda: page.clients.cards)
    (card,) = page.clients.cards.values()
    assert card.who.text() == "You · my phone"
    assert card.program.text() == "Editor/2.0, from 127.0.0.1"
    await desk.until(lambda: card.doing.text() == "last seen just now · 2 requests")


async def test_the_list_of_clients_is_bounded(guided_desk: Desk) -> None:
    section = ClientsSection(guided_desk.window)
    many = [Client("owner", "", n, f"t{n}", "127.0.0.1", "x" * 900, 0, 1, time.time()) for n in range(MOST + 7)]
    section.show_clients(many, on=True)
    assert len(section.cards) == MOST
    assert section.more.text() == "And 7 more."
    section.show_clients(many[:1], on=True)
    assert len(section.cards) == 1
    assert section.more.isHidden()


def test_times_are_told_as_people_do() -> None:
    assert [ago(seconds) for seconds in (3, 42, 61, 7200, 100_000, 400_000)] == [
        "just now",
        "42 s ago",
        "1 min ago",
        "2 h ago",
        "a day ago",
        "4 days ago",
    ]


async def test_the_network_needs_keys(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await server_page(desk)
    lan, auth = page.options["server_lan"], page.options["server_auth"]
    click(box(auth))
    assert set_now(desk).server_auth is False
    click(box(lan))
    assert set_now(desk).server_lan is False
    assert "Ask for a key" in lan.problem.text()
    assert not box(lan).isChecked()
    click(box(auth))
    click(box(lan))
    assert set_now(desk).server_lan is True
    assert lan.problem.text() == ""
    click(box(auth))
    assert set_now(desk).server_auth is True
    assert box(auth).isChecked()
    assert "Serve the local network" in auth.problem.text()


async def test_plain_http_on_the_network_is_asked_about(guided_desk: Desk) -> None:
    desk = guided_desk
    page = await server_page(desk)
    tls, lan = page.options["server_tls"], page.options["server_lan"]
    click(box(tls))
    assert set_now(desk).server_tls is False, "without the network it harms nobody"
    click(box(lan))
    question = await dialog(desk, Question)
    desk.press("Return", on=button(question, "Cancel"))
    await desk.until(lambda: not question.isVisible())
    assert set_now(desk).server_lan is False
    assert not box(lan).isChecked()
    click(box(lan))
    click(button(await dialog(desk, Question), "Serve without encryption"))
    await desk.until(lambda: set_now(desk).server_lan)
    click(box(tls))
    click(box(tls))
    question = await dialog(desk, Question)
    assert set_now(desk).server_tls is True
    desk.press("Esc", on=question)
    await desk.until(lambda: not question.isVisible())
    assert set_now(desk).server_tls is True


async def test_it_starts_with_the_program_and_says_why_not(qapp: QApplication, paths: Paths, until: Until) -> None:
    port = free_port()
    Settings(paths.settings).update(discover=False, server_start=True, server_port=port)
    desk = Desk(qapp, paths, until)
    await desk.open()
    await until(lambda: desk.window.sidebar.footer.server.text() == "Server on")
    async with client(f"http://127.0.0.1:{port}") as asking:
        assert (await asking.get("/live")).status_code == 204
    await desk.close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        await desk.open()
        await until(lambda: desk.window.page.notices.texts)
        assert str(port) in desk.window.page.notices.texts[0]
        assert desk.window.sidebar.footer.server.text() == "Server off"
        action = next(b for b in desk.window.page.notices.findChildren(QPushButton) if b.text() == "Open settings")
        click(action)
        window = desk.window.settings_door.window
        assert window is not None
        assert window.page == "server"
        page = window.pages["server"]
        assert isinstance(page, ServerPage)
        assert page.switch.next_port.isVisible()
        await desk.close()


async def test_nothing_of_the_server_is_made_before_it_is_asked_for(guided_desk: Desk) -> None:
    await guided_desk.until(lambda: guided_desk.window.background is not None)
    assert "server" not in vars(guided_desk.services)


async def test_leaving_asks_those_who_serve_somebody(
    guided_desk: Desk, provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = guided_desk
    ends: list[int] = []
    desk.window.ended.connect(lambda: ends.append(1))
    address = await serve(desk)
    hold = asyncio.Event()
    provider.says("begun ", hold, "and never ended")
    monkeypatch.setattr(desk.services.catalog, "resolve", _only(provider))
    asking = client(address, await token(desk))
    stream = Stream(asking, {"message": "hello", "provider": "scripted", "model": "one"})
    await desk.until(lambda: "begun" in stream.text)
    await desk.until(lambda: control(desk).guests == 1)
    desk.window.close()
    assert ends == []
    assert desk.window.isVisible()
    question = await dialog(desk, Question)
    desk.press("Esc", on=question)
    await desk.until(lambda: not question.isVisible())
    assert ends == []
    await desk.until(lambda: not desk.window.serving._asking)
    desk.window.activateWindow()
    await desk.until(desk.window.isActiveWindow)
    desk.press("Ctrl+Q", on=desk.window)
    click(button(await dialog(desk, Question), "Quit"))
    await desk.until(lambda: ends == [1])
    await desk.reopen()
    await desk.until(lambda: stream.ended)
    kept = desk.services.store.conversations.page()
    assert [each.channel for each in kept] == ["api"]
    tree = desk.services.store.conversations.tree(kept[0].id)
    assert tree.branch()[-1].text.startswith("begun")
    hold.set()
    await asking.aclose()


def _only(provider: ScriptedProvider) -> object:
    async def resolve(*_: object, **__: object) -> object:
        return provider, "one"

    return resolve


async def test_a_phone_is_paired_by_a_code(guided_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = guided_desk
    ann = await desk.services.credentials.add("ann@example.org", None, name="Ann")
    page = await server_page(desk)
    section = page.pairing
    assert not section.show_button.isEnabled()
    assert section.row.note.text() == "Turn the server on first."
    address = await serve(desk)
    await desk.until(section.show_button.isEnabled)
    assert "Only this computer" in section.row.note.text()
    click(section.show_button)
    first = section.offer
    assert first is not None
    assert section.code.isVisible()
    assert not section.code.image.isNull()
    assert section.left.text().startswith("For one device, 4:59 more") or "5:00" in section.left.text()
    click(section.copy)
    assert QApplication.clipboard().text() == first.url
    click(section.whose)
    next(action for action in section.whose.menu_.actions() if action.text() == "Ann").trigger()
    section.whose.menu_.close()
    second = section.offer
    assert second is not None
    assert second.code != first.code, "it is for somebody else now"
    assert section.left.text().endswith("as Ann.")
    async with client(address) as phone:
        answer = await phone.post("/pair", json={"code": second.code})
        assert answer.status_code == 200
        assert (await phone.post("/pair", json={"code": second.code})).status_code != 200, "one device"
    await desk.until(lambda: [token.account_id for token in desk.services.store.tokens.all()] == [ann.id])
    await desk.until(lambda: not section.code.isVisible())
    assert section.left.text().endswith("has been paired. It is among the tokens of Ann.")
    click(section.show_button)
    third = section.offer
    assert third is not None
    monkeypatch.setattr(time, "time", lambda: third.expires_at + 1)
    await desk.until(lambda: not section.code.isVisible())
    monkeypatch.undo()
    assert section.left.text() == "The code is no longer good."
    click(section.show_button)
    assert section.code.isVisible()
    click(section.hide_button)
    assert not section.code.isVisible()
    assert section.offer is None
    click(section.show_button)
    control(desk).turn(on=False)
    await desk.until(lambda: not section.code.isVisible())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["", "the-very-long-name-of-the-computer-in-the-living-room-of-granny"])
async def test_a_camera_sees_the_whole_code(
    guided_desk: Desk, monkeypatch: pytest.MonkeyPatch, theme: str, name: str
) -> None:
    """In a small window too: what is painted is the code, module by module, and none of it is out of sight."""
    desk = guided_desk
    if name:
        monkeypatch.setattr(addresses, "lan_addresses", list[str])
        monkeypatch.setattr(socket, "gethostname", lambda: name)
        desk.services.settings.update(server_lan=True)
    desk.services.settings.update(theme=theme)
    page = await server_page(desk)
    page.window().resize(360, 400)
    await serve(desk)
    section = page.pairing
    await desk.until(section.show_button.isEnabled)
    page.ensureWidgetVisible(section.show_button, 0, 0)
    click(section.show_button)
    code = section.code
    await desk.until(lambda: code.visibleRegion().boundingRect() == code.rect())
    offer = section.offer
    assert offer is not None
    assert name in offer.url
    wanted = [[bool(dark) for dark in row] for row in segno.make(offer.url, error="m").matrix_iter(border=MARGIN)]
    modules, seen = len(wanted), page.window().grab().toImage()
    corner, scale = code.mapTo(page.window(), code.rect().topLeft()), seen.devicePixelRatio()
    step = code.width() // modules
    assert step >= 3
    first = (code.width() - step * modules) // 2 + step // 2
    places = [first + step * number for number in range(modules)]
    painted = [
        [
            seen.pixelColor(int((corner.x() + x) * scale), int((corner.y() + y) * scale)).lightness() < 128
            for x in places
        ]
        for y in places
    ]
    assert painted == wanted


def test_a_code_has_its_white_margin() -> None:
    image = code_image("https://192.168.1.20:3939/#pair=abcdefghijklmnop")
    assert image.width() == image.height()
    edge = [image.pixelColor(x, MARGIN - 1).lightness() for x in range(image.width())]
    assert set(edge) == {255}
    assert image.pixelColor(MARGIN, MARGIN).lightness() == 0
    assert image.format() == QImage.Format.Format_RGB32


def test_what_imports_much_is_not_searched_for_garbage(garbage: Garbage) -> None:
    looked: list[str] = []

    def look(phase: str, info: object) -> None:
        looked.append(phase)

    before = gc.get_freeze_count()
    gc.callbacks.append(look)
    try:
        with garbage.resting():
            assert not garbage._timer.isActive()
            many = [[number] for number in range(50_000)]
        assert gc.get_freeze_count() - before >= len(many)
        assert looked == []
        assert garbage._timer.isActive()
    finally:
        gc.callbacks.remove(look)
        gc.unfreeze()


SERVES = """
def tell(window, first):
    control, told = window.serving.control, []

    def look():
        if control.state == "on" and not told:
            told.append(1)
            print("on", flush=True)
            if first:
                window.restart_requested.emit()

    control.changed.connect(look)
    if first:
        control.turn(on=True)
"""


async def test_after_a_restart_of_the_window_it_serves_again(paths: Paths) -> None:
    Settings(paths.settings).update(discover=False, server_port=free_port())
    async with running(SERVES, paths.data) as line:
        assert [await line() for _ in range(2)] == ["on", "on"]
