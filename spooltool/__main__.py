"""`python -m spooltool`: the same as the command `spooltool`."""

from spooltool.cli import main

main()
