"""Pictures: those that come in answers, in base64 as all wire formats have them."""

from base64 import b64decode

from parley.messages import Image

MEDIA_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


def picture(media_type: object, data: object) -> Image | None:
    """Return the picture in base64, or None if it is none of a kind that can be shown."""
    if not isinstance(media_type, str) or media_type not in MEDIA_TYPES or not isinstance(data, str):
        return None
    try:
        decoded = b64decode(data, validate=True)
    except ValueError:
        return None
    return Image(media_type, decoded) if decoded else None


def picture_at(url: object) -> Image | None:
    """Return the picture that an address holds (`data:image/png;base64,…`). Nothing is fetched from anywhere."""
    if not isinstance(url, str) or not url.startswith("data:"):
        return None
    head, _, data = url.removeprefix("data:").partition(",")
    media_type, _, encoding = head.partition(";")
    return picture(media_type, data) if encoding == "base64" else None
