"""The errors of accounts, and of what they may use."""

from typing import Any

from parley.errors.base import ChatError


class AccountUnknown(ChatError):
    """No account of that e-mail or number."""

    code = "account_unknown"
    sentence = "There is no account “{account}”."


class AccountExists(ChatError):
    """Another account has that e-mail address."""

    code = "account_exists"
    sentence = "There is an account with the e-mail address {email} already."


class AccountDisabled(ChatError):
    """The owner has switched the account off."""

    code = "account_disabled"
    sentence = "This account has been switched off by the owner of this computer."


class EmailInvalid(ChatError):
    """What was given is no e-mail address."""

    code = "email_invalid"
    sentence = "“{email}” is no e-mail address."


class PasswordInvalid(ChatError):
    """The password is empty, longer than any, or not on one line."""

    code = "password_invalid"
    sentence = "A password is one line of at least one letter and at most {most} bytes."


class OwnerStays(ChatError):
    """The owner's account cannot be removed, switched off or restricted."""

    code = "owner_stays"
    sentence = "The owner’s account cannot be removed, switched off or restricted."


class LoginWrong(ChatError):
    """The e-mail address or the password is wrong."""

    code = "login_wrong"
    sentence = "The e-mail address or the password is wrong."


class LoginDelayed(ChatError):
    """Too many logins have failed. `seconds` is how long to wait."""

    code = "login_delayed"
    sentence = "Too many logins have failed. Try again in {seconds} seconds."

    def __init__(self, *, seconds: int, **fields: Any) -> None:
        super().__init__(seconds=seconds, retry_after=seconds, **fields)


class TokenRefused(ChatError):
    """The token is none of ours, has been revoked, or its account is gone or switched off."""

    code = "token_refused"
    sentence = "This token is not valid."


class TokenUnknown(ChatError):
    """No token of that number."""

    code = "token_unknown"
    sentence = "There is no token “{token}”."


class AdminRefused(ChatError):
    """Only an admin can have a token for the admin's routes."""

    code = "admin_refused"
    sentence = "{account} is no admin, and cannot have an admin’s token."


class ModelForbidden(ChatError):
    """The owner has not allowed this account to use the model."""

    code = "model_forbidden"
    sentence = "You may not use the model “{model}”. Ask the owner of this computer, or choose another one."


class TokensSpent(ChatError):
    """The account has used up the tokens that it may use in a month."""

    code = "tokens_spent"
    sentence = "Your {budget} tokens of this month are spent. Ask the owner of this computer for more."
