"""Errors that are fit to be shown. Anything else that is raised is a bug.

    ChatError
    ├── ProviderError            a provider could not answer
    │   ├── ProviderUnreachable  nothing listens there, no network, no such host
    │   │   ├── AddressWrong     something answers there, but not the API that was asked for
    │   │   ├── PageInstead      a web page answers: often the login page of a network
    │   │   ├── NoNetwork        the name of the host cannot be looked up: mostly there is no network
    │   │   ├── ConnectTimeout   nobody takes the connection
    │   │   ├── ProxyFailed      the proxy between us refuses or is gone
    │   │   │   └── ProxyLoginNeeded  it wants a user name and a password (407)
    │   │   ├── AuthoritiesUnreadable  the file of trusted certificates cannot be read
    │   │   └── CertificateBad   its certificate is not one that this computer trusts:
    │   │       ├── CertificateExpired  it is too old, or the clock is wrong
    │   │       ├── CertificateUnknown  nobody known has signed it, as where a company reads along
    │   │       └── CertificateForeign  it is for another name
    │   ├── ProviderTimeout      it took the question and said nothing
    │   ├── ProviderFailed       it answered with an error of its own (5xx and the like)
    │   │   ├── Overloaded       it has too much to do just now (529, or as its vendor names it)
    │   │   └── ModelStopped     the program that runs the model has ended
    │   ├── AnswerBroken         the answer broke off, or was no answer at all
    │   │   └── ConnectionLost   the connection did
    │   │       └── ConnectionLostAsleep  the computer slept meanwhile
    │   ├── AnswerEmpty          it finished without a word
    │   ├── AnswerWithheld       its safety rules let no answer through
    │   ├── RequestRefused       it did not like the request (400, 422)
    │   │   └── RequestTooLarge  the request has too many bytes (413)
    │   ├── AccessBlocked        something before the provider keeps us out (403 with a web page)
    │   ├── RegionRefused        it does not serve this country (451)
    │   ├── PromptTooLong        more than the model's context holds
    │   ├── KeyMissing           it wants a key and there is none
    │   │   └── KeychainUnusable there is one in the keychain, which cannot be used now
    │   ├── KeyRefused           it does not accept the key (401, 403)
    │   ├── RateLimited          too many requests for now (429)
    │   │   └── NoCredit         no credit left, or a limit on spending is reached (402)
    │   ├── ModelTooLarge        the model needs more memory than is free
    │   ├── PullFailed           a model could not be fetched to the end
    │   │   └── DiskShort        there is no room for it on the disk
    │   └── ServerOutdated       the model needs a newer version of its server
    ├── ModelUnknown             no provider has that model
    │   ├── ModelRetired         its vendor has taken it out of service
    │   └── ModelAbsent          it is not on its server, and can be fetched
    ├── NoEmbeddings             the model makes no vectors of texts
    ├── ModelAmbiguous           more than one provider has a model of that name
    ├── BudgetSpent              the month's budget is spent, and is to stop what costs
    ├── NoModel                  no model is chosen and none can be found
    ├── ProviderUnknown          no provider of that name
    ├── StoreError               the data on disk
    │   ├── StoreUnreadable      it is no database, or a damaged one
    │   ├── StoreNewer           a newer Parley wrote it
    │   ├── StoreReadOnly        the data folder cannot be written to
    │   ├── StoreFull            the disk is full
    │   │   └── DiskLow          the last of it is kept for the owner
    │   ├── StoreOnNetwork       the data folder is on a network share
    │   ├── DataFolderGone       the data was moved to a folder that is not there
    │   └── StoreBusy            another program holds the database
    ├── ConversationUnknown      no conversation of that id
    ├── ConversationForeign      it is another account's, where an API demands that this is told
    ├── MessageUnknown           no message of that id
    ├── MessageStreaming         the message is still being written
    ├── FolderUnknown            no folder of that id
    ├── FolderNameless           a folder without a name
    ├── FileUnknown              no file of that id
    ├── FilesFull                an account's files take up as much as they may
    ├── PromptEmpty              there is nothing to send
    ├── SettingUnknown           no setting of that name
    ├── SettingInvalid           a value that the setting does not take
    ├── SettingsUnreadable       the settings file is damaged
    ├── KeysUnreadable           the file of provider keys is damaged, or others can read it
    ├── AccountUnknown       no account of that e-mail or number
    ├── AccountExists        another account has that e-mail
    ├── AccountDisabled      the owner has switched it off
    ├── EmailInvalid         this is no e-mail address
    ├── PasswordInvalid      a password that cannot be one
    ├── OwnerStays           what cannot be done to the owner's account
    ├── LoginWrong           e-mail or password is wrong; nobody is told which
    ├── LoginDelayed         too many of them were wrong
    ├── TokenRefused         a token that is none, or no longer
    ├── TokenUnknown         no token of that number
    ├── AdminRefused         an admin's token for an account that is no admin
    ├── ModelForbidden       the account may not use that model
    ├── TokensSpent          the account has used up its month's tokens
    ├── AssistantUnknown     no assistant of that name
    ├── AssistantExists      another assistant has that name, or one that is written alike
    ├── AssistantNameless    a name without a letter or a digit
    ├── MoodUnknown          no mood of that name
    ├── LibraryClosed            models are fetched and removed at the computer itself
    ├── CredentialsRequired      no provider is ready that the account may use
    ├── IdempotencyKeyReused     it was sent with another request before
    ├── IdempotencyKeyInUse      a request with the same key is being answered
    ├── AddressTaken             the server's port is in use
    ├── ServerOff            the server would have to be on
    ├── EncryptionNeeded     a request over the network without encryption
    ├── PairingRefused       a code for pairing that is wrong, used or too old
    ├── CertificatesUnusable the authority that devices trust is damaged
    ├── AwakeRefused         the system does not let us keep the computer awake
    ├── AnnounceFailed       the server could not be announced on the network
    ├── FileProblem              a file named by the user cannot be read or written
    └── InternalError            a bug of ours, where something must be shown; the log has the traceback

A sentence says what happened and what to do, in plain English; front ends translate by `code`.
"""

from parley.errors.accounts import (
    AccountDisabled,
    AccountExists,
    AccountUnknown,
    AdminRefused,
    EmailInvalid,
    LoginDelayed,
    LoginWrong,
    ModelForbidden,
    OwnerStays,
    PasswordInvalid,
    TokenRefused,
    TokensSpent,
    TokenUnknown,
)
from parley.errors.assistants import (
    AssistantExists,
    AssistantNameless,
    AssistantUnknown,
    MoodUnknown,
)
from parley.errors.base import ChatError
from parley.errors.data import (
    AddressTaken,
    ConversationForeign,
    ConversationUnknown,
    DataFolderGone,
    DiskLow,
    FileProblem,
    FilesFull,
    FileUnknown,
    FolderNameless,
    FolderUnknown,
    InternalError,
    KeysUnreadable,
    MessageStreaming,
    MessageUnknown,
    PromptEmpty,
    SettingInvalid,
    SettingsUnreadable,
    SettingUnknown,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreNewer,
    StoreOnNetwork,
    StoreReadOnly,
    StoreUnreadable,
)
from parley.errors.libraries import DiskShort, ModelAbsent, ModelStopped, ModelTooLarge, PullFailed, ServerOutdated
from parley.errors.network import (
    AddressWrong,
    AuthoritiesUnreadable,
    CertificateBad,
    CertificateExpired,
    CertificateForeign,
    CertificateUnknown,
    ConnectTimeout,
    NoNetwork,
    PageInstead,
    ProviderUnreachable,
    ProxyFailed,
    ProxyLoginNeeded,
)
from parley.errors.providers import (
    AccessBlocked,
    AnswerBroken,
    AnswerEmpty,
    AnswerWithheld,
    BudgetSpent,
    ConnectionLost,
    ConnectionLostAsleep,
    KeychainUnusable,
    KeyMissing,
    KeyRefused,
    ModelAmbiguous,
    ModelRetired,
    ModelUnknown,
    NoCredit,
    NoEmbeddings,
    NoModel,
    Overloaded,
    PromptTooLong,
    ProviderError,
    ProviderFailed,
    ProviderTimeout,
    ProviderUnknown,
    RateLimited,
    RegionRefused,
    RequestRefused,
    RequestTooLarge,
)
from parley.errors.serving import (
    AdminNeeded,
    AnnounceFailed,
    AnswersFull,
    AwakeRefused,
    BodySlow,
    BodyTooLarge,
    BodyUnreadable,
    CertificatesUnusable,
    CredentialMissing,
    CredentialsRequired,
    EncryptionNeeded,
    HostRefused,
    IdempotencyKeyInUse,
    IdempotencyKeyReused,
    LanRefused,
    LibraryClosed,
    MethodRefused,
    OriginRefused,
    PairingRefused,
    RequestInvalid,
    RouteUnknown,
    ServerBusy,
    ServerEnding,
    ServerOff,
    SessionsFull,
    TooManyRequests,
)

__all__ = [
    "AccessBlocked",
    "AccountDisabled",
    "AccountExists",
    "AccountUnknown",
    "AddressTaken",
    "AddressWrong",
    "AdminNeeded",
    "AdminRefused",
    "AnnounceFailed",
    "AnswerBroken",
    "AnswerEmpty",
    "AnswerWithheld",
    "AnswersFull",
    "AssistantExists",
    "AssistantNameless",
    "AssistantUnknown",
    "AuthoritiesUnreadable",
    "AwakeRefused",
    "BodySlow",
    "BodyTooLarge",
    "BodyUnreadable",
    "BudgetSpent",
    "CertificateBad",
    "CertificateExpired",
    "CertificateForeign",
    "CertificateUnknown",
    "CertificatesUnusable",
    "ChatError",
    "ConnectTimeout",
    "ConnectionLost",
    "ConnectionLostAsleep",
    "ConversationForeign",
    "ConversationUnknown",
    "CredentialMissing",
    "CredentialsRequired",
    "DataFolderGone",
    "DiskLow",
    "DiskShort",
    "EmailInvalid",
    "EncryptionNeeded",
    "FileProblem",
    "FileUnknown",
    "FilesFull",
    "FolderNameless",
    "FolderUnknown",
    "HostRefused",
    "IdempotencyKeyInUse",
    "IdempotencyKeyReused",
    "InternalError",
    "KeyMissing",
    "KeyRefused",
    "KeychainUnusable",
    "KeysUnreadable",
    "LanRefused",
    "LibraryClosed",
    "LoginDelayed",
    "LoginWrong",
    "MessageStreaming",
    "MessageUnknown",
    "MethodRefused",
    "ModelAbsent",
    "ModelAmbiguous",
    "ModelForbidden",
    "ModelRetired",
    "ModelStopped",
    "ModelTooLarge",
    "ModelUnknown",
    "MoodUnknown",
    "NoCredit",
    "NoEmbeddings",
    "NoModel",
    "NoNetwork",
    "OriginRefused",
    "Overloaded",
    "OwnerStays",
    "PageInstead",
    "PairingRefused",
    "PasswordInvalid",
    "PromptEmpty",
    "PromptTooLong",
    "ProviderError",
    "ProviderFailed",
    "ProviderTimeout",
    "ProviderUnknown",
    "ProviderUnreachable",
    "ProxyFailed",
    "ProxyLoginNeeded",
    "PullFailed",
    "RateLimited",
    "RegionRefused",
    "RequestInvalid",
    "RequestRefused",
    "RequestTooLarge",
    "RouteUnknown",
    "ServerBusy",
    "ServerEnding",
    "ServerOff",
    "ServerOutdated",
    "SessionsFull",
    "SettingInvalid",
    "SettingUnknown",
    "SettingsUnreadable",
    "StoreBusy",
    "StoreError",
    "StoreFull",
    "StoreNewer",
    "StoreOnNetwork",
    "StoreReadOnly",
    "StoreUnreadable",
    "TokenRefused",
    "TokenUnknown",
    "TokensSpent",
    "TooManyRequests",
]
