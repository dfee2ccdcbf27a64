"""The right column: one conversation, finding in it, its status, and what is done with its messages."""
