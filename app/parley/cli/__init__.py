"""The command line: the engine's door for terminals and scripts, one small module a noun."""
