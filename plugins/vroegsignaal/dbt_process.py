"""The process in which dbt runs: dbt as it is, but for errors of the database, which repeat no value of a row."""

from __future__ import annotations

import psycopg2

from vroegsignaal.discreet import discreet_psycopg2


def main() -> None:
    """Run dbt's command line."""
    # dbt has no setting for it, and logs an error before it tells anybody.
    psycopg2.connect = discreet_psycopg2(psycopg2.connect)
    from dbt.cli.main import cli

    cli()


if __name__ == "__main__":
    main()
