"""Errors that are fit to be shown. Anything else that is raised is a bug.

    ChatError
    ├── ProviderError            a provider could not answer
    │   ├── ProviderUnreachable  nothing listens there, no network, no such host
    │   │   ├── AddressWrong     something answers there, but not the API that was asked for
    │   │   ├── NoNetwork        the name of the host cannot be looked up: mostly there is no network
    │   │   ├── ProxyFailed      the proxy between us refuses or is gone
    │   │   └── CertificateBad   its certificate is not one that this computer trusts
    │   ├── ProviderTimeout      it took the question and said nothing
    │   ├── ProviderFailed       it answered with an error of its own (5xx and the like)
    │   │   └── Overloaded       it has too much to do just now (503, 529)
    │   ├── AnswerBroken         the answer broke off, or was no answer at all
    │   │   └── ConnectionLost   the connection did
    │   │       └── ConnectionLostAsleep  the computer slept meanwhile
    │   ├── AnswerEmpty          it finished without a word
    │   ├── AnswerWithheld       its safety rules let no answer through
    │   ├── RequestRefused       it did not like the request (400, 413, 422)
    │   ├── PromptTooLong        more than the model's context holds
    │   ├── KeyMissing           it wants a key and there is none
    │   ├── KeyRefused           it does not accept the key (401, 403)
    │   └── RateLimited          too many requests for now (429)
    │       └── NoCredit         no credit left, or a limit on spending is reached (402)
    ├── ModelUnknown             no provider has that model
    │   └── ModelRetired         its vendor has taken it out of service
    ├── ModelAmbiguous           more than one provider has a model of that name
    ├── BudgetSpent              the month's budget is spent, and is to stop what costs
    ├── NoModel                  no model is chosen and none can be found
    ├── ProviderUnknown          no provider of that name
    ├── StoreError               the data on disk
    │   ├── StoreUnreadable      it is no database, or a damaged one
    │   ├── StoreNewer           a newer Parley wrote it
    │   ├── StoreReadOnly        the data folder cannot be written to
    │   ├── StoreFull            the disk is full
    │   ├── StoreOnNetwork       the data folder is on a network share
    │   ├── DataFolderGone       the data was moved to a folder that is not there
    │   └── StoreBusy            another program holds the database
    ├── ConversationUnknown      no conversation of that id
    ├── MessageUnknown           no message of that id
    ├── MessageStreaming         the message is still being written
    ├── PromptEmpty              there is nothing to send
    ├── SettingUnknown           no setting of that name
    ├── SettingInvalid           a value that the setting does not take
    ├── SettingsUnreadable       the settings file is damaged
    ├── KeysUnreadable           the file of provider keys is damaged, or others can read it
    ├── AddressTaken             the server's port is in use
    ├── FileProblem              a file named by the user cannot be read or written
    └── InternalError            a bug of ours, where something must be shown; the log has the traceback

A sentence says what happened and what to do, in plain English; front ends translate by `code`.
"""

from typing import Any, ClassVar

from parley.messages import Failure


class ChatError(Exception):
    """Base of all errors that people are shown.

    `code` is stable: translations and the dialects of server mode hang on it. `sentence` is a format
    string over the keyword arguments; `detail` carries somebody else's words (a vendor's, the system's).
    """

    code: ClassVar[str] = "error"
    sentence: ClassVar[str] = "Something went wrong."

    def __init__(self, *, detail: str = "", **fields: Any) -> None:
        self.detail = detail
        self.fields = fields
        super().__init__(self.sentence.format(**fields))

    def to_failure(self) -> Failure:
        """Return the value that is kept with a failed message."""
        return Failure(self.code, str(self), self.detail)


class ProviderError(ChatError):
    """A provider could not answer. `provider` is its name as people know it.

    `retry_after`: in so many seconds it may be asked again, as it says itself.
    """

    code = "provider_error"
    sentence = "{provider} could not answer."

    def __init__(self, *, retry_after: float | None = None, **fields: Any) -> None:
        super().__init__(**fields)
        self.retry_after = retry_after


class ProviderUnreachable(ProviderError):
    """Nothing listens at the address, the host is unknown, or there is no network."""

    code = "provider_unreachable"
    sentence = "{provider} cannot be reached at {address}. Check that it is running and that the address is right."


class AddressWrong(ProviderUnreachable):
    """Something answers at the address, but not the API that was asked for (404, a web page)."""

    code = "address_wrong"
    sentence = "Something answers at {address}, but not as {provider} should. Check the address, its path above all."


class NoNetwork(ProviderUnreachable):
    """The name of the host cannot be looked up."""

    code = "no_network"
    sentence = "The address {address} of {provider} cannot be found. Check that this computer is online."


class ProxyFailed(ProviderUnreachable):
    """The proxy that the environment names refuses, or cannot be reached."""

    code = "proxy_failed"
    sentence = "The proxy on the way to {provider} does not let the request through. Check the proxy’s settings."


class CertificateBad(ProviderUnreachable):
    """The server's certificate is not trusted, or is not for this address."""

    code = "certificate_bad"
    sentence = (
        "The certificate of {address} is not trusted, so nothing was sent. "
        "If your network has a certificate authority of its own, name its file in SSL_CERT_FILE."
    )


class ProviderTimeout(ProviderError):
    """The provider took the question and then said nothing for `seconds`."""

    code = "provider_timeout"
    sentence = "{provider} has said nothing for {seconds:g} seconds. It may be busy or loading the model."


class ProviderFailed(ProviderError):
    """The provider answered with an error of its own."""

    code = "provider_failed"
    sentence = "{provider} had an error of its own ({status}). Trying again may help."


class Overloaded(ProviderFailed):
    """The provider has too much to do just now."""

    code = "overloaded"
    sentence = "{provider} is overloaded just now ({status}). Try again in a while, or choose another model."


class AnswerBroken(ProviderError):
    """The stream broke off, or what came cannot be read."""

    code = "answer_broken"
    sentence = "The answer from {provider} broke off. What had come is kept."


class ConnectionLost(AnswerBroken):
    """The connection broke off."""

    code = "connection_lost"
    sentence = "The connection to {provider} broke off. What had come is kept."


class ConnectionLostAsleep(ConnectionLost):
    """The computer slept during the answer, and nothing came after it woke."""

    code = "connection_lost_asleep"
    sentence = "The connection to {provider} was lost while the computer slept. What had come is kept."


class AnswerEmpty(ProviderError):
    """The provider finished without a word."""

    code = "answer_empty"
    sentence = "{provider} finished without an answer."


class AnswerWithheld(ProviderError):
    """The provider's safety rules stopped the question or the answer."""

    code = "answer_withheld"
    sentence = "{provider} withheld its answer because of its safety rules. Put the question another way."


class RequestRefused(ProviderError):
    """The provider does not take the request as it is."""

    code = "request_refused"
    sentence = "{provider} refused the request ({status})."


class PromptTooLong(ProviderError):
    """More text than the model's context holds."""

    code = "prompt_too_long"
    sentence = "This is more text than {model} can take in. Shorten it, or start a new chat."


class KeyMissing(ProviderError):
    """The provider wants a key and none is known."""

    code = "key_missing"
    sentence = "{provider} needs a key. Give it in the settings, or set it in the environment."


class KeyRefused(ProviderError):
    """The provider does not accept the key."""

    code = "key_refused"
    sentence = "Your key was refused by {provider}. Check it where you set it: in the settings, or in the environment."


class RateLimited(ProviderError):
    """Too many requests for now."""

    code = "rate_limited"
    sentence = "{provider} takes no more requests for now. Wait a little, then try again."


class NoCredit(RateLimited):
    """The account has no credit left, or has reached a limit on spending."""

    code = "no_credit"
    sentence = "Your account with {provider} has no credit left, or has reached its limit. Look at it on their site."


class ModelUnknown(ChatError):
    """No provider has the model."""

    code = "model_unknown"
    sentence = "There is no model named “{model}”. Choose another one."


class ModelRetired(ModelUnknown):
    """The vendor has taken the model out of service."""

    code = "model_retired"
    sentence = "The model “{model}” is no longer in service. Choose another one."


class ModelAmbiguous(ChatError):
    """More than one provider has a model of that name."""

    code = "model_ambiguous"
    sentence = "“{model}” is offered by more than one provider. Say which: {choices}."


class BudgetSpent(ChatError):
    """The month's budget is spent, and the person wants it to stop what costs something."""

    code = "budget_spent"
    sentence = "This month’s budget of ${budget} is spent. Raise it in the settings, or choose a model that is free."


class NoModel(ChatError):
    """No model was named, and none can be found."""

    code = "no_model"
    sentence = "No model is chosen. Choose one, or set a default model."


class ProviderUnknown(ChatError):
    """No provider of that name is set up."""

    code = "provider_unknown"
    sentence = "There is no provider named “{provider}”."


class StoreError(ChatError):
    """The data on disk cannot be used as it is."""

    code = "store_error"
    sentence = "The conversations in {path} cannot be opened."


class StoreUnreadable(StoreError):
    """The file is no SQLite database, or a damaged one. It is never replaced."""

    code = "store_unreadable"
    sentence = (
        "The file {path} is damaged or is no Parley database. It has been left as it is. "
        "Restore a backup with “parley restore FILE”, or move the file away to start afresh."
    )


class StoreNewer(StoreError):
    """A newer Parley has written the file."""

    code = "store_newer"
    sentence = (
        "The file {path} was written by a newer Parley. It has been left as it is. "
        "Update Parley, or restore an older backup with “parley restore FILE”."
    )


class StoreReadOnly(StoreError):
    """The data folder cannot be written to."""

    code = "store_read_only"
    sentence = (
        "Parley cannot write to its data folder {path}. Check its permissions, or choose another with --data-dir."
    )


class StoreFull(StoreError):
    """The disk is full."""

    code = "store_full"
    sentence = "The disk is full. Free some space, then try again; nothing that was saved is lost."


class StoreOnNetwork(StoreError):
    """SQLite's write-ahead log needs a local disk."""

    code = "store_on_network"
    sentence = (
        "The data folder {path} is on a network share ({kind}), where a database can be damaged. "
        "Choose a folder on a local disk with --data-dir."
    )


class DataFolderGone(StoreError):
    """The data was moved to a folder that is not there now: its disk is not connected, or it was removed."""

    code = "data_folder_gone"
    sentence = (
        "The data is in {path}, which is not there. Connect the disk that it is on, then start again. "
        "To go back to the folder of before, remove the file {pointer}."
    )


class StoreBusy(StoreError):
    """Another program has held the database for longer than we wait."""

    code = "store_busy"
    sentence = "Another program is holding the database {path}. Close it, then try again."


class ConversationUnknown(ChatError):
    """No conversation of that id."""

    code = "conversation_unknown"
    sentence = "There is no conversation “{conversation}”."


class MessageUnknown(ChatError):
    """No message of that id."""

    code = "message_unknown"
    sentence = "There is no message “{message}”."


class MessageStreaming(ChatError):
    """The message is still being written, and cannot be changed meanwhile."""

    code = "message_streaming"
    sentence = "The answer is still being written. Stop it first."


class PromptEmpty(ChatError):
    """There is nothing to send."""

    code = "prompt_empty"
    sentence = "There is nothing to send."


class SettingUnknown(ChatError):
    """No setting of that name."""

    code = "setting_unknown"
    sentence = "There is no setting “{key}”. “parley settings list” shows them all."


class SettingInvalid(ChatError):
    """A value that the setting does not take."""

    code = "setting_invalid"
    sentence = "“{value}” is no value for {key}: {expected}."


class SettingsUnreadable(ChatError):
    """The settings file is damaged. It is left as it is."""

    code = "settings_unreadable"
    sentence = "The settings file {path} cannot be read. Mend it, or move it away to start with the defaults."


class KeysUnreadable(ChatError):
    """The file of provider keys is damaged, or cannot be kept from others. It is left as it is."""

    code = "keys_unreadable"
    sentence = "The file of keys {path} cannot be used. Mend it, or move it away and enter your keys again."


class AddressTaken(ChatError):
    """The server's port is in use."""

    code = "address_taken"
    sentence = "Port {port} on {host} is in use by another program. Choose another one with --port."


class FileProblem(ChatError):
    """A file that the user named cannot be read or written."""

    code = "file_problem"
    sentence = "{path}: {problem}."


class InternalError(ChatError):
    """A bug of ours, in a place where something must be shown. The log has the traceback."""

    code = "internal"
    sentence = "Parley made a mistake of its own. The log has the details."
