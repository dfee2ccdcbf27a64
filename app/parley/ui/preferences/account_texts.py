"""Words about accounts: what they are called, and what they may use."""

from PySide6.QtCore import QCoreApplication, QLocale

from parley.messages import OWNER
from parley.people import Account, Permissions


def account_name(account: Account) -> str:
    """Return what an account is called: its name, else its address; the owner's without either is “You”."""
    if account.id == OWNER and not (account.name or account.email):
        return QCoreApplication.translate("People", "You")
    return account.name or account.email or QLocale().toString(account.number)


def role_text(account: Account) -> str:
    """Return what an account is."""
    if account.id == OWNER:
        return QCoreApplication.translate("People", "Owner of this computer")
    if account.role == "admin":
        return QCoreApplication.translate("People", "Admin")
    return QCoreApplication.translate("People", "User")


def allowed_text(account: Account) -> str:
    """Return in a few words what an account may use."""
    if account.id == OWNER:
        return QCoreApplication.translate("People", "May use everything.")
    if account.disabled:
        return QCoreApplication.translate("People", "Turned off: may use nothing.")
    return " ".join(part for part in _permissions(account.permissions) if part)


def _permissions(found: Permissions) -> tuple[str, ...]:
    if found.models is None:
        models = QCoreApplication.translate("People", "All models.")
    elif found.models:
        names = ", ".join(sorted(found.models))
        models = QCoreApplication.translate("People", "Models: {names}.").format(names=names)
    else:
        models = QCoreApplication.translate("People", "No models.")
    tools = knowledge = tokens = ""
    if found.tools is None:
        tools = QCoreApplication.translate("People", "All tools.")
    elif found.tools:
        tools = QCoreApplication.translate("People", "Tools: {names}.").format(names=", ".join(sorted(found.tools)))
    if found.knowledge is None:
        knowledge = QCoreApplication.translate("People", "All knowledge.")
    elif found.knowledge:
        names = ", ".join(sorted(found.knowledge))
        knowledge = QCoreApplication.translate("People", "Knowledge: {names}.").format(names=names)
    if found.tokens_a_month is not None:
        number = QLocale().toString(found.tokens_a_month)
        tokens = QCoreApplication.translate("People", "{number} tokens a month.").format(number=number)
    return models, tools, knowledge, tokens
