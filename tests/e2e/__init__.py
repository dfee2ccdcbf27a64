"""The installed `parley` as a process, as people and scripts use it."""
