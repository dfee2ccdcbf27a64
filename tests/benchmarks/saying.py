"""What the model server is asked to say, as both sides of the conversation know it."""

import json
from dataclasses import asdict, dataclass

from tests.benchmarks import transcript

TOKEN = transcript.TOKEN
PIECE = 2000


@dataclass(frozen=True, slots=True)
class Saying:
    """The last `seconds` of a text at `rate` tokens a second, so that it has `size` letters in the end."""

    text: str
    rate: int
    seconds: float
    size: int = transcript.SIZE
    pause: float = 1.0
    """Seconds between what comes at once and the rest."""

    @property
    def paced(self) -> int:
        """Return how many letters come at the pace."""
        return min(self.size, int(self.rate * self.seconds) * TOKEN)

    @property
    def pieces(self) -> int:
        """Return in how many pieces the rest comes at once."""
        return -(-(self.size - self.paced) // PIECE)

    def to_question(self) -> str:
        return json.dumps(asdict(self))
