"""The desktop as a program: one instance, its event loop, its start and its life in the background."""
