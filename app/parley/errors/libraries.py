"""The servers that keep models of their own, on this computer or near it, could not do what was asked."""

from parley.errors.providers import ModelUnknown, ProviderError, ProviderFailed


class ModelStopped(ProviderFailed):
    """The program that runs the model has ended, often for want of memory."""

    code = "model_stopped"
    sentence = "The program that runs {model} stopped. Try again; if it stops anew, choose a smaller model."


class ModelTooLarge(ProviderError):
    """The model, with the text that it is to hold, needs more memory than is free."""

    code = "model_too_large"
    sentence = (
        "{model} needs more memory than is free. Close other programs, choose a smaller model, or start a new chat."
    )


class PullFailed(ProviderError):
    """A model could not be fetched to the end. The server keeps what has come."""

    code = "pull_failed"
    sentence = "{model} could not be fetched. What has come is kept: go on when {provider} is online."


class DiskShort(PullFailed):
    """There is no room for the model."""

    code = "disk_short"
    sentence = "There is no room for {model} on the disk of {provider}. Free some, then go on: what has come is kept."


class ServerOutdated(ProviderError):
    """The model needs a newer version of the program that runs it."""

    code = "server_outdated"
    sentence = "{model} needs a newer version of {provider}. Update it from its website, then try again."


class ModelAbsent(ModelUnknown):
    """The server does not have the model, but could fetch it."""

    code = "model_absent"
    sentence = "“{model}” is not on the server. Get it in the settings under Models, or choose another one."
