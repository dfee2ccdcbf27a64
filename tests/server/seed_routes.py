"""The routes that the documents of the five systems name, as they name them."""

MINGLY = (
    ("GET", "/health"),
    ("GET", "/info"),
    ("GET", "/providers"),
    ("POST", "/chat"),
    ("POST", "/chat/stream"),
    ("GET", "/conversations"),
    ("POST", "/conversations"),
    ("GET", "/conversations/:id"),
)

MINGLEEGO = (
    ("POST", "/api/interactions/chat"),
    ("POST", "/api/interactions/chat/sse"),
    ("POST", "/api/interactions/chat/file"),
)

QINAYA = (
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/logout"),
    ("POST", "/api/v1/auth/token"),
    ("GET", "/api/v1/auth/me"),
    ("GET", "/api/v1/preferences"),
    ("PUT", "/api/v1/preferences"),
    ("GET", "/api/v1/conversations"),
    ("POST", "/api/v1/conversations"),
    ("GET", "/api/v1/conversations/{id}"),
    ("PUT", "/api/v1/conversations/{id}"),
    ("DELETE", "/api/v1/conversations/{id}"),
    ("POST", "/api/v1/conversations/{id}/pin"),
    ("POST", "/api/v1/conversations/{id}/unpin"),
    ("POST", "/api/v1/conversations/{id}/regenerate"),
    ("GET", "/api/v1/conversations/{id}/messages"),
    ("POST", "/api/v1/conversations/{id}/messages"),
    ("GET", "/api/v1/conversations/{id}/stream"),
    ("DELETE", "/api/v1/messages/{id}"),
)

ASTA = (
    ("POST", "/api/chat"),
    ("GET", "/api/chat/conversations"),
    ("GET", "/api/chat/messages"),
    ("DELETE", "/api/chat/conversations/{conversation_id}"),
    ("POST", "/api/chat/conversations/{conversation_id}/truncate"),
)

TYPINGMIND = (
    ("POST", "/api/v1/users"),
    ("GET", "/api/v1/users"),
    ("GET", "/api/v1/ai-characters"),
    ("DELETE", "/api/v1/users/{id}"),
    ("PATCH", "/api/v1/users/{id}"),
    ("POST", "/api/v1/chat/completions"),
    ("GET", "/api/v1/chatlogs"),
)

ROUTES = {"mingly": MINGLY, "mingleego": MINGLEEGO, "qinaya": QINAYA, "asta": ASTA, "typingmind": TYPINGMIND}
"""By the names of the dialects."""

SOCKETS = ("/ws",)
"""Those of Mingly that are no requests, and stand in no OpenAPI document."""
