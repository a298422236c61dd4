"""`python -m pilot --to DIR`: write the pilot's landing area."""

import argparse
from pathlib import Path

from pilot.generate import write_landing


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(prog="pilot", description="Write the landing area of the pilot of 2018-2019.")
    parser.add_argument("--to", type=Path, required=True, help="folder to write to; made when it does not exist")
    write_landing(parser.parse_args().to)


if __name__ == "__main__":
    main()
