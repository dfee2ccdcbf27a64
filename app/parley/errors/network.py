"""A provider could not be reached: what is in the way."""

from parley.errors.providers import ProviderError


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


class PageInstead(ProviderUnreachable):
    """A web page answers in place of the API: that of a network where one has to log in, or the site's own."""

    code = "page_instead"
    sentence = (
        "A web page answered instead of {provider}. If your network wants you to log in, open a browser and do that. "
        "Otherwise check the address {address}."
    )


class ConnectTimeout(ProviderUnreachable):
    """Nobody takes the connection: a firewall is in the way, or that computer is off."""

    code = "connect_timeout"
    sentence = (
        "{provider} does not answer at {address}. Check that this computer is online, that the other one is running, "
        "and that no firewall is in the way."
    )


class ProxyFailed(ProviderUnreachable):
    """The proxy between us refuses, or cannot be reached."""

    code = "proxy_failed"
    sentence = (
        "The proxy {proxy} on the way to {provider} does not let the request through. "
        "Check it in the settings, or in the environment."
    )


class ProxyLoginNeeded(ProxyFailed):
    """The proxy wants a user name and a password, or others than it was given."""

    code = "proxy_login_needed"
    sentence = (
        "The proxy {proxy} on the way to {provider} wants a user name and a password. "
        "Give them in the settings, or in the environment."
    )


class AuthoritiesUnreadable(ProviderUnreachable):
    """The file of certificates to trust, which a person or the environment has named, cannot be read."""

    code = "authorities_unreadable"
    sentence = (
        "The file of certificates to trust cannot be read, so nothing was sent to {provider}. "
        "Check it in the settings, or in SSL_CERT_FILE."
    )


class CertificateBad(ProviderUnreachable):
    """The server's certificate is not trusted."""

    code = "certificate_bad"
    sentence = "The certificate of {address} is not trusted, so nothing was sent."


class CertificateExpired(CertificateBad):
    """The certificate is not valid any more, or not yet."""

    code = "certificate_expired"
    sentence = (
        "The certificate of {address} is not valid at this date, so nothing was sent. Check the date and the time of "
        "this computer; if they are right, only whoever runs the server can help."
    )


class CertificateUnknown(CertificateBad):
    """The certificate is signed by itself, or by nobody that this computer knows."""

    code = "certificate_unknown"
    sentence = (
        "The certificate of {address} was signed by nobody that this computer knows, so nothing was sent. "
        "If your network has a certificate authority of its own, name its file in the settings, or in SSL_CERT_FILE."
    )


class CertificateForeign(CertificateBad):
    """The certificate is for another name than that of the address."""

    code = "certificate_foreign"
    sentence = (
        "The certificate that came from {address} is for another name, so nothing was sent. "
        "Check the address. If your network wants you to log in, open a browser and do that."
    )
