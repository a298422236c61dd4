"""A landing area that is no folder of this machine: the same files in S3 storage give the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stepping
from conftest import forget_everything, places, platform, rows
from corpus.workbooks import workbook
from oracle.small_landing import JAN, SIGNAL_COLUMNS, A, Small, signal

from vroegsignaal import intake, landing
from vroegsignaal.embedded import free_port
from vroegsignaal.months import Month

BUCKET = "drops"
LEDGER = "select creditor, delivery, file, status, sha256, rows_read, rows_accepted from raw.drop_ledger order by file"
SIGNALS = "select * from quality.accepted_signals order by drop_id, line_no"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """An empty bucket of S3 storage on this machine, found through the usual AWS settings."""
    # Here, because they are large: the tests of memory share this process.
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "stand-in",
        "AWS_SECRET_ACCESS_KEY": "stand-in",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    try:
        yield client
    finally:
        server.stop()


def test_a_landing_area_in_s3_storage_gives_what_a_folder_gives(
    storage: object, tmp_path: Path, server_home: Path
) -> None:
    small = Small(tmp_path)
    small.signals(JAN, "rood", signal(JAN, 1), signal(JAN, 2, "17693"))
    small.signals(JAN, "rood.2", signal(JAN, 1), signal(JAN, 2, "176,93"))
    (small.config / "dialects.csv").write_text(
        'creditor,encoding,delimiter,decimal_separator,thousands_separator,format\nwit,utf-8,;,",",,xlsx\n'
    )
    columns = [SIGNAL_COLUMNS.split(";"), signal(JAN, 1).split(";")]
    small.put(JAN, "signals/wit.xlsx", workbook(columns))
    small.put(JAN, "signals/wat.txt", "x")
    small.residents(JAN, "1", "2")
    found = {}
    for name in (str(small.landing), f"s3://{BUCKET}/landing"):
        with platform(server_home, **places(small) | {"LANDING": name}) as here:
            forget_everything(here)
            if name.startswith("s3"):
                for file in small.landing.rglob("*.*"):
                    key = f"landing/{file.relative_to(small.landing)}"
                    storage.upload_file(str(file), BUCKET, key)
                assert intake.months_with_news() == []
            stepping.receive(JAN)
            assert intake.receive(Month.parse(JAN)) == {"new": 0, "known": 4}
            assert landing.months(here) == [Month.parse(JAN)]
            unread = landing.unrecognised(here, Month.parse(JAN))
            found[name] = rows(here, LEDGER), rows(here, SIGNALS), unread
    of_folder, of_storage = found.values()
    assert (len(of_folder[0]), len(of_folder[1])) == (4, 4)
    assert of_storage == of_folder
    assert of_storage[2] == [f"{A}/{JAN}/signals/wat.txt"]
