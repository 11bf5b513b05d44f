"""The panes of the main screen, one a file.

Each is a `Grid`: it is given pictures by the screen and posts messages to it; it owns no
process and changes nothing.
"""
