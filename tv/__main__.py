"""`python -m tv` is the command line."""

from tv.cli import main

main()
