"""Parley: a local-first desktop chat program whose engine also serves the local network and the command line."""

__version__ = "0.1.0"
