"""python -m tg_parser."""

from tg_parser.cli.app import main

main()
