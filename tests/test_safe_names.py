"""Names of files, as strangers write them."""

import re

import pytest

from parley.files import safe_name


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Users\\ann\\plan.txt", "plan.txt"),
        ("/etc/", "file"),
        ("a\0b.txt", "ab.txt"),
        ("\0", "file"),
        ("", "file"),
        (".", "file"),
        ("...", "file"),
        (".bashrc", "bashrc"),
        (" spaced .txt ", "spaced.txt"),
        ("line\nbreak\r.txt", "linebreak.txt"),
        ("what?*<>|.txt", "what_____.txt"),
        ('quote".txt', "quote_.txt"),
        ("stream.txt:hidden", "stream.txt_hidden"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("Com1.tar.gz", "_Com1.tar.gz"),
        ("lpt².log", "_lpt².log"),
        ("conin$", "_conin$"),
        ("console.txt", "console.txt"),
        ("aux .txt", "_aux.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("cafe\u0301.md", "café.md"),
        ("👩‍👩‍👧 trip 🏖️.png", "👩‍👩‍👧 trip 🏖️.png"),
        ("北京.txt", "北京.txt"),
        ("\ud83d.txt", "_.txt"),
    ],
)
def test_a_safe_name(name: str, kept: str) -> None:
    assert safe_name(name) == kept
    assert safe_name(kept) == kept


@pytest.mark.parametrize("letter", ["x", "é", "北", "👩", "👩‍"])
def test_a_long_name_keeps_its_kind(letter: str) -> None:
    name = safe_name(letter * 300 + ".pdf")
    assert re.fullmatch(rf"({letter[0]}|\u200d)+[^\u200d]?\.pdf", name)
    assert len(name.encode()) <= 184
    assert len(safe_name("x." + letter * 300).encode()) <= 184
