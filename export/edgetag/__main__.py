"""`python -m edgetag` is the `edgetag` command."""

from edgetag.cli.main import main

main()
