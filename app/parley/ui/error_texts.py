"""One table: the code of a ChatError -> its sentence in the person's language.

A sentence has the same `{fields}` as the English one of `errors`. A failure that was stored with a message keeps
its English sentence only: its fields are read back from it, and where that fails the stored sentence stands.
"""

import re
from string import Formatter

from PySide6.QtCore import QCoreApplication

from parley.errors import ChatError
from parley.messages import Failure
from parley.ui.error_sentences import SENTENCES

CONTEXT = "ErrorTexts"

MENDED_IN_SETTINGS = frozenset(
    {
        "address_taken",
        "address_wrong",
        "authorities_unreadable",
        "budget_spent",
        "certificate_unknown",
        "key_missing",
        "key_refused",
        "keychain_unusable",
        "lan_refused",
        "no_model",
        "page_instead",
        "provider_unknown",
        "proxy_failed",
        "proxy_login_needed",
    }
)
"""Errors that end once a person has changed a setting: mostly something about a provider."""

MENDED_IN_BEHAVIOUR = frozenset({"authorities_unreadable", "certificate_unknown", "proxy_failed", "proxy_login_needed"})
"""Those of them that concern the way to all providers: it is set on another page."""

MENDED_AT_THE_SERVER = frozenset({"address_taken", "lan_refused"})
"""Those that concern this computer as a server."""

MENDED_BY_ANOTHER_MODEL = frozenset({"model_retired", "model_unknown"})
"""Errors of an answer that another model would not have."""


def page_to_mend(code: str) -> str:
    """Return the page of the settings on which an error can be mended."""
    if code == "budget_spent":
        return "spending"
    if code in MENDED_AT_THE_SERVER:
        return "server"
    return "behaviour" if code in MENDED_IN_BEHAVIOUR else "providers"


def error_text(error: ChatError) -> str:
    """Return the sentence to show for an error."""
    try:
        return _translated(error.code).format(**error.fields) or str(error)
    except (KeyError, ValueError):
        return str(error)


def failure_text(failure: Failure) -> str:
    """Return the sentence to show for a failure that was stored with a message."""
    fields = _fields(str(SENTENCES.get(failure.code, "")), failure.sentence)
    return failure.sentence if fields is None else _plain(_translated(failure.code)).format(**fields)


def _translated(code: str) -> str:
    sentence = SENTENCES.get(code)
    return QCoreApplication.translate(CONTEXT, str(sentence)) if sentence else ""


def _fields(template: str, sentence: str) -> dict[str, str] | None:
    """Return what stands in a sentence at the places of its template's fields, or None if it is not made from it."""
    pattern = ""
    for literal, name, _, _ in Formatter().parse(template):
        pattern += re.escape(literal)
        if name:
            pattern += f"(?P<{name}>.*?)" if f"<{name}>" not in pattern else f"(?P={name})"
    found = re.fullmatch(pattern, sentence, re.DOTALL)
    return found.groupdict() if found and template else None


def _plain(template: str) -> str:
    """Return a template without format specifications: the values are text already."""
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", template)
