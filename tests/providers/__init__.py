"""Bytes as vendors document them, cut at every awkward place, over real sockets."""
