"""`python -m orgbox` is the command `orgbox`."""

from orgbox.cli import main

main()
