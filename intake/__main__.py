"""`python -m intake`: the same as the command `intake`."""

from intake.cli import main

main(prog_name="intake")
