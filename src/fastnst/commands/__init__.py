"""The command line: a module for each command, its options, then one call into a room below.

In: `sys.argv`. Out: an exit code. `fastnst.__main__` lists the commands and imports one of them.
"""
