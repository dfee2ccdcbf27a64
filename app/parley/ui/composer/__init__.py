"""Writing: the field, drafts, what waits to be answered, earlier messages, rich text, spelling."""
