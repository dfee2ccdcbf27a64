"""Why server mode refuses a request, before anything is asked of the engine."""

from typing import Any, Self

from parley.errors.base import ChatError


class RequestInvalid(ChatError):
    """The request cannot be read. `problem` says what is wrong, `invalid` where: names -> what is wrong with each."""

    code = "request_invalid"
    sentence = "This request cannot be read: {problem}."

    def __init__(self, *, problem: str, detail: str = "", invalid: dict[str, list[str]] | None = None) -> None:
        super().__init__(problem=problem, detail=detail)
        self.invalid = invalid or {}

    @classmethod
    def of_field(cls, name: str, problem: str) -> Self:
        """Return the error of one field."""
        return cls(problem=f"{name}: {problem}", invalid={name: [problem]})


class BodyUnreadable(RequestInvalid):
    """The body is no JSON, or of another type than it has to be."""

    code = "body_unreadable"


class RouteUnknown(ChatError):
    """There is nothing at that address."""

    code = "route_unknown"
    sentence = "There is nothing at {path}."


class MethodRefused(ChatError):
    """The address does not take this method."""

    code = "method_refused"
    sentence = "{path} does not take {method}."


class CredentialMissing(ChatError):
    """A token is needed, and none was sent."""

    code = "credential_missing"
    sentence = "A token is needed: send it as “Authorization: Bearer …” or as “x-api-key”."


class AdminNeeded(ChatError):
    """The token is good, but not an admin's."""

    code = "admin_needed"
    sentence = "This needs an admin's token."


class OriginRefused(ChatError):
    """A web page of another place asks."""

    code = "origin_refused"
    sentence = "Pages of {origin} may not ask this server. Its owner can allow them."


class HostRefused(ChatError):
    """The request is meant for another name than ours."""

    code = "host_refused"
    sentence = "This server does not answer to the name {host}. Its owner can add it."


class TooManyRequests(ChatError):
    """More was asked in a minute than is allowed. `seconds`: when to come again."""

    code = "too_many_requests"
    sentence = "Too many requests. Try again in {seconds} seconds."

    def __init__(self, *, seconds: int, **fields: Any) -> None:
        super().__init__(seconds=seconds, retry_after=seconds, **fields)


class BodyTooLarge(ChatError):
    """More was sent than is taken."""

    code = "body_too_large"
    sentence = "This is too large: at most {megabytes} MB are taken."


class BodySlow(ChatError):
    """The body did not come in time."""

    code = "body_slow"
    sentence = "The request did not come whole within {seconds} seconds."


class ServerBusy(ChatError):
    """More is being asked at once than there is room for. `seconds`: when to come again."""

    code = "server_busy"
    sentence = "This server has too much to do just now. Try again in {seconds} seconds."

    def __init__(self, *, seconds: int, **fields: Any) -> None:
        super().__init__(seconds=seconds, retry_after=seconds, **fields)


class IdempotencyKeyReused(ChatError):
    """The idempotency key was sent with another request before."""

    code = "idempotency_key_reused"
    sentence = "The Idempotency-Key “{key}” was sent with another request before."


class IdempotencyKeyInUse(ChatError):
    """Another process is answering a request with the same idempotency key."""

    code = "idempotency_key_in_use"
    sentence = "A request with the Idempotency-Key “{key}” is being answered. Try again in a moment."


class CredentialsRequired(ChatError):
    """No provider is ready that the account may use."""

    code = "credentials_required"
    sentence = "No provider that you may use is set up. Its owner can add one, or its key, in the settings of Parley."


class SessionsFull(ChatError):
    """As many sessions as are allowed are open."""

    code = "sessions_full"
    sentence = "All {sessions} sessions of this server are in use."


class AnswersFull(ChatError):
    """As many answers as one account, or one socket, may wait for are coming."""

    code = "answers_full"
    sentence = "At most {answers} answers can come at once."


class ServerEnding(ChatError):
    """The server is about to end."""

    code = "server_ending"
    sentence = "This server is ending."


class ServerOff(ChatError):
    """The server would have to be on."""

    code = "server_off"
    sentence = "Turn the server on first."


class EncryptionNeeded(ChatError):
    """A request came over the network without encryption."""

    code = "encryption_needed"
    sentence = "On the network this server takes encrypted connections only: begin its address with https://."


class PairingRefused(ChatError):
    """A code for pairing is wrong, was used, or is too old; nobody is told which."""

    code = "pairing_refused"
    sentence = "This code is not valid, or not any more. Have a new one shown on the computer that runs Parley."


class CertificatesUnusable(ChatError):
    """The authority that was made on this computer is damaged. It is left as it is: devices trust it."""

    code = "certificates_unusable"
    sentence = (
        "The certificates in {path} cannot be used. Put them back from a backup, or move that folder away: "
        "then new ones are made, which every device has to be given anew."
    )


class AwakeRefused(ChatError):
    """The system does not let us keep the computer awake."""

    code = "awake_refused"
    sentence = "This computer cannot be kept awake from here: set that in the system's settings."


class AnnounceFailed(ChatError):
    """The server could not be announced on the network."""

    code = "announce_failed"
    sentence = "This server could not be announced on the network; its address works all the same."


class LibraryClosed(ChatError):
    """Models are to be fetched, made or removed from elsewhere."""

    code = "library_closed"
    sentence = "The models of this computer cannot be changed over the network. Its owner does that in the settings."


class LanRefused(ChatError):
    """The local network may not be served like this."""

    code = "lan_refused"
    sentence = "The local network cannot be served without keys: turn “Ask for a key” on first."
