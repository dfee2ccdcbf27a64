"""Problems: what an error means on the wire. Each dialect has words of its own for each kind."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from math import ceil
from typing import Self

from parley import errors
from parley.errors import ChatError
from parley.messages import Failure

logger = logging.getLogger(__name__)


class Kind(Enum):
    """What went wrong, as far as a client can do something about it."""

    BAD_REQUEST = auto()
    BODY_UNREADABLE = auto()
    UNAUTHENTICATED = auto()
    LOGIN_WRONG = auto()
    FORBIDDEN = auto()
    NOT_FOUND = auto()
    MODEL_UNKNOWN = auto()
    METHOD_REFUSED = auto()
    BODY_SLOW = auto()
    CONFLICT = auto()
    TOO_LARGE = auto()
    RATE_LIMITED = auto()
    QUOTA_SPENT = auto()
    INTERNAL = auto()
    PROVIDER_FAILED = auto()
    UNAVAILABLE = auto()
    DISK_FULL = auto()


STATUSES: Mapping[Kind, int] = {
    Kind.BAD_REQUEST: 400,
    Kind.BODY_UNREADABLE: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.LOGIN_WRONG: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.MODEL_UNKNOWN: 404,
    Kind.METHOD_REFUSED: 405,
    Kind.BODY_SLOW: 408,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.RATE_LIMITED: 429,
    Kind.QUOTA_SPENT: 429,
    Kind.INTERNAL: 500,
    Kind.PROVIDER_FAILED: 502,
    Kind.UNAVAILABLE: 503,
    Kind.DISK_FULL: 507,
}
"""The status of each kind, where a dialect has none of its own."""

KINDS: Mapping[type[ChatError], Kind] = {
    errors.AccountDisabled: Kind.FORBIDDEN,
    errors.AccountExists: Kind.CONFLICT,
    errors.AccountUnknown: Kind.NOT_FOUND,
    errors.AddressTaken: Kind.INTERNAL,
    errors.AdminNeeded: Kind.FORBIDDEN,
    errors.AdminRefused: Kind.FORBIDDEN,
    errors.AnnounceFailed: Kind.INTERNAL,
    errors.AnswersFull: Kind.RATE_LIMITED,
    errors.AnswerWithheld: Kind.BAD_REQUEST,
    errors.AssistantExists: Kind.CONFLICT,
    errors.AssistantNameless: Kind.BAD_REQUEST,
    errors.AssistantUnknown: Kind.NOT_FOUND,
    errors.AwakeRefused: Kind.INTERNAL,
    errors.BodySlow: Kind.BODY_SLOW,
    errors.BodyTooLarge: Kind.TOO_LARGE,
    errors.BodyUnreadable: Kind.BODY_UNREADABLE,
    errors.BudgetSpent: Kind.QUOTA_SPENT,
    errors.CertificatesUnusable: Kind.INTERNAL,
    errors.ChatError: Kind.INTERNAL,
    errors.ConversationForeign: Kind.FORBIDDEN,
    errors.ConversationUnknown: Kind.NOT_FOUND,
    errors.CredentialMissing: Kind.UNAUTHENTICATED,
    errors.CredentialsRequired: Kind.UNAVAILABLE,
    errors.EmailInvalid: Kind.BAD_REQUEST,
    errors.EncryptionNeeded: Kind.FORBIDDEN,
    errors.FileProblem: Kind.BAD_REQUEST,
    errors.FileUnknown: Kind.NOT_FOUND,
    errors.FilesFull: Kind.TOO_LARGE,
    errors.FolderNameless: Kind.BAD_REQUEST,
    errors.FolderUnknown: Kind.NOT_FOUND,
    errors.HostRefused: Kind.FORBIDDEN,
    errors.IdempotencyKeyInUse: Kind.CONFLICT,
    errors.IdempotencyKeyReused: Kind.BAD_REQUEST,
    errors.InternalError: Kind.INTERNAL,
    errors.KeyMissing: Kind.UNAVAILABLE,
    errors.KeysUnreadable: Kind.INTERNAL,
    errors.LanRefused: Kind.INTERNAL,
    errors.LibraryClosed: Kind.FORBIDDEN,
    errors.LoginDelayed: Kind.RATE_LIMITED,
    errors.LoginWrong: Kind.LOGIN_WRONG,
    errors.MessageStreaming: Kind.CONFLICT,
    errors.MessageUnknown: Kind.NOT_FOUND,
    errors.MethodRefused: Kind.METHOD_REFUSED,
    errors.ModelAmbiguous: Kind.BAD_REQUEST,
    errors.ModelForbidden: Kind.FORBIDDEN,
    errors.ModelUnknown: Kind.MODEL_UNKNOWN,
    errors.MoodUnknown: Kind.BAD_REQUEST,
    errors.NoEmbeddings: Kind.BAD_REQUEST,
    errors.NoModel: Kind.UNAVAILABLE,
    errors.OriginRefused: Kind.FORBIDDEN,
    errors.Overloaded: Kind.UNAVAILABLE,
    errors.OwnerStays: Kind.FORBIDDEN,
    errors.PairingRefused: Kind.LOGIN_WRONG,
    errors.PasswordInvalid: Kind.BAD_REQUEST,
    errors.PromptEmpty: Kind.BAD_REQUEST,
    errors.PromptTooLong: Kind.BAD_REQUEST,
    errors.ProviderError: Kind.PROVIDER_FAILED,
    errors.ProviderUnknown: Kind.MODEL_UNKNOWN,
    errors.ProviderUnreachable: Kind.UNAVAILABLE,
    errors.RateLimited: Kind.RATE_LIMITED,
    errors.RequestInvalid: Kind.BAD_REQUEST,
    errors.RequestRefused: Kind.BAD_REQUEST,
    errors.RequestTooLarge: Kind.TOO_LARGE,
    errors.RouteUnknown: Kind.NOT_FOUND,
    errors.ServerBusy: Kind.UNAVAILABLE,
    errors.ServerEnding: Kind.UNAVAILABLE,
    errors.ServerOff: Kind.UNAVAILABLE,
    errors.SessionsFull: Kind.UNAVAILABLE,
    errors.SettingInvalid: Kind.BAD_REQUEST,
    errors.SettingUnknown: Kind.BAD_REQUEST,
    errors.SettingsUnreadable: Kind.INTERNAL,
    errors.StoreBusy: Kind.UNAVAILABLE,
    errors.StoreError: Kind.INTERNAL,
    errors.StoreFull: Kind.DISK_FULL,
    errors.TokenRefused: Kind.UNAUTHENTICATED,
    errors.TokenUnknown: Kind.NOT_FOUND,
    errors.TokensSpent: Kind.QUOTA_SPENT,
    errors.TooManyRequests: Kind.RATE_LIMITED,
}
"""Each error, or the nearest one above it in the tree."""

OUR_FILES = "The computer that answers cannot use its own files. Its log tells more."


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal on its way to a client: what it means, its code and sentence, and somebody else's words about it.

    `seconds`: when to try again, where that is known. `invalid`: what is wrong with each field.
    """

    kind: Kind
    code: str
    sentence: str
    detail: str = ""
    seconds: int | None = None
    invalid: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Return somebody else's words as strangers may hear them: not those of a bug, or of the system."""
        return "" if self.kind in (Kind.INTERNAL, Kind.DISK_FULL) else self.detail

    @classmethod
    def of(cls, error: ChatError) -> Self:
        """Return the problem that an error is."""
        invalid = error.invalid if isinstance(error, errors.RequestInvalid) else {}
        kind, sentence = _heard(type(error), str(error))
        if sentence is OUR_FILES:
            logger.warning("%s", error)
        return cls(kind, error.code, sentence, error.detail, _whole(error.retry_after), invalid)

    @classmethod
    def from_failure(cls, failure: Failure, retry_after: float | None = None) -> Self:
        """Return the problem that a reply ended with."""
        error = next((each for each in _all(ChatError) if each.code == failure.code), ChatError)
        kind, sentence = _heard(error, failure.sentence)
        return cls(kind, failure.code, sentence, failure.detail, _whole(retry_after))


def status_of(problem: Problem, statuses: Mapping[Kind, int], codes: Mapping[str, int]) -> int:
    """Return the status of a problem: that of its code, else of its kind, where a dialect has one; else the usual."""
    return codes.get(problem.code, statuses.get(problem.kind, STATUSES[problem.kind]))


class TurnFailed(Exception):
    """A turn has failed before anything was answered: the request is refused with that."""

    def __init__(self, failure: Failure, retry_after: float | None = None) -> None:
        super().__init__(failure.sentence)
        self.problem = Problem.from_failure(failure, retry_after)


def kind_of(error: type[ChatError]) -> Kind:
    """Return what an error means: what its class is listed as, or the nearest one above it."""
    return next(KINDS[each] for each in error.__mro__ if each in KINDS)


def _heard(error: type[ChatError], sentence: str) -> tuple[Kind, str]:
    """Return what an error means, and its sentence as strangers may hear it: not where our own files lie."""
    kind = kind_of(error)
    return kind, OUR_FILES if "{path}" in error.sentence and STATUSES[kind] >= 500 else sentence


def _whole(seconds: float | None) -> int | None:
    """Return whole seconds, rounded up: who comes earlier is refused again."""
    return None if seconds is None else max(1, ceil(seconds))


def _all(error: type[ChatError]) -> list[type[ChatError]]:
    return [error, *(below for each in error.__subclasses__() for below in _all(each))]
