"""A provider, or a model, could not answer."""

from parley.errors.base import ChatError


class ProviderError(ChatError):
    """A provider could not answer. `provider` is its name as people know it."""

    code = "provider_error"
    sentence = "{provider} could not answer."


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


class RequestTooLarge(RequestRefused):
    """The request has more bytes than the provider takes: mostly because of images."""

    code = "request_too_large"
    sentence = "This is more than {provider} takes at once. Send fewer or smaller images, or start a new chat."


class AccessBlocked(ProviderError):
    """Not the provider itself but something before it keeps us out, with a web page."""

    code = "access_blocked"
    sentence = (
        "The way to {provider} is blocked ({status}), by your network or by a guard before their servers. "
        "Try again without VPN, or from another network."
    )


class RegionRefused(ProviderError):
    """The provider does not serve this country, or may not by law."""

    code = "region_refused"
    sentence = "{provider} does not serve this where you are, or may not by law. Choose another provider."


class PromptTooLong(ProviderError):
    """More text than the model's context holds."""

    code = "prompt_too_long"
    sentence = "This is more text than {model} can take in. Shorten it, or start a new chat."


class KeyMissing(ProviderError):
    """The provider wants a key and none is known."""

    code = "key_missing"
    sentence = "{provider} needs a key. Give it in the settings, or set it in the environment."


class KeychainUnusable(KeyMissing):
    """The key is in the keychain of this computer, which is locked, silent or gone."""

    code = "keychain_unusable"
    sentence = (
        "The key of {provider} is in the keychain of this computer, which cannot be used now. "
        "Unlock it and try again, or give the key anew in the settings."
    )


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


class NoEmbeddings(ChatError):
    """The model, or its whole provider, makes no vectors of texts."""

    code = "no_embeddings"
    sentence = "{model} makes no vectors of texts. Choose a model for embeddings."


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
