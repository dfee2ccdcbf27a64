"""The base of all errors that people are shown."""

from typing import Any, ClassVar

from parley.messages import Failure


class ChatError(Exception):
    """Base of all errors that people are shown.

    `code` is stable: translations and the dialects of server mode hang on it. `sentence` is a format
    string over the keyword arguments; `detail` carries somebody else's words (a vendor's, the system's).
    `retry_after`: in so many seconds the same may be asked again, where that is known.
    """

    code: ClassVar[str] = "error"
    sentence: ClassVar[str] = "Something went wrong."

    def __init__(self, *, detail: str = "", retry_after: float | None = None, **fields: Any) -> None:
        self.detail = detail
        self.retry_after = retry_after
        self.fields = fields
        super().__init__(self.sentence.format(**fields))

    def to_failure(self) -> Failure:
        """Return the value that is kept with a failed message."""
        return Failure(self.code, str(self), self.detail)
