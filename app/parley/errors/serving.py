"""Why server mode refuses a request, before anything is asked of the engine."""

from parley.errors.base import ChatError


class RequestInvalid(ChatError):
    """The request cannot be read. `problem` says what is wrong, `fields` where: names -> what is wrong with each."""

    code = "request_invalid"
    sentence = "This request cannot be read: {problem}."

    def __init__(self, *, problem: str, detail: str = "", invalid: dict[str, list[str]] | None = None) -> None:
        super().__init__(problem=problem, detail=detail)
        self.invalid = invalid or {}


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


class BodyTooLarge(ChatError):
    """More was sent than is taken."""

    code = "body_too_large"
    sentence = "This is too large: at most {megabytes} MB are taken."


class BodySlow(ChatError):
    """The body did not come in time."""

    code = "body_slow"
    sentence = "The request did not come whole within {seconds} seconds."


class SessionsFull(ChatError):
    """As many sessions as are allowed are open."""

    code = "sessions_full"
    sentence = "All {sessions} sessions of this server are in use."


class ServerEnding(ChatError):
    """The server is about to end."""

    code = "server_ending"
    sentence = "This server is ending."


class LanRefused(ChatError):
    """The local network may not be served like this."""

    code = "lan_refused"
    sentence = "The local network cannot be served without keys: turn “Ask for a key” on first."
