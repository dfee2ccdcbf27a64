"""Where keys are kept, in the person's words."""

from PySide6.QtCore import QCoreApplication

from parley.keychain import KeychainFailed
from parley.keys import Keys
from parley.providers.endpoints import Endpoint


def place_text(keys: Keys, endpoint: Endpoint) -> str:
    """Return where the key of a server comes from, or an empty text if there is none. Raises KeysUnreadable."""
    match keys.where(endpoint.id, endpoint.key_env):
        case "environment":
            words = QCoreApplication.translate("Keys", "Key: from the environment variable {variable}")
            return words.format(variable=keys.variable(endpoint.key_env))
        case "keychain":
            return QCoreApplication.translate("Keys", "Key: in the keychain")
        case "file":
            return QCoreApplication.translate("Keys", "Key: in the file {file}").format(file=keys.path)
    return ""


def keeping_text(keys: Keys, failure: KeychainFailed | None) -> str:
    """Return where new keys are kept, and why not in the keychain."""
    if failure is None:
        return QCoreApplication.translate("Keys", "Keys that you give are kept in the keychain of this computer.")
    words = QCoreApplication.translate(
        "Keys", "Keys that you give are kept in the file {file}, which only you can read."
    )
    return f"{words.format(file=keys.path)} {failure_text(failure)}"


def failure_text(failure: KeychainFailed) -> str:
    """Return why the keychain cannot be used."""
    words = {
        "none": QCoreApplication.translate("Keys", "No keychain can be used here."),
        "locked": QCoreApplication.translate("Keys", "The keychain is locked."),
        "silent": QCoreApplication.translate("Keys", "The keychain does not answer."),
        "failed": QCoreApplication.translate("Keys", "The keychain does not work."),
    }[failure.trouble]
    return f"{words} ({failure.words})" if failure.words else words


def left_text(name: str) -> str:
    """Return that a key is still in the keychain, under this name."""
    words = QCoreApplication.translate(
        "Keys",
        "Parley has forgotten the key, but the keychain cannot be used now: “{name}” of “Parley” is still in it.",
    )
    return words.format(name=name)
