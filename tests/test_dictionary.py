"""The data dictionary says what the contracts say."""

from __future__ import annotations

from vroegsignaal import contract, dictionary, privacy


def test_the_data_dictionary_is_what_the_contracts_say() -> None:
    assert dictionary.PAGE.read_text(encoding="utf-8") == dictionary.page(), "run `make docs`"


def test_every_type_privacy_class_and_severity_is_explained() -> None:
    assert set(dictionary.TYPES) == set(contract.TYPES)
    assert all(f"\n| {name} | {each.meaning} |" in dictionary.page() for name, each in privacy.CLASSES.items())
    assert set(dictionary.SEVERITIES) == {words.severity for words in contract.wordings().values()}


def test_every_column_and_every_rule_has_its_row() -> None:
    text = dictionary.page()
    for feed in contract.feeds().values():
        assert f"### {feed.name}\n" in text
        assert all(f"| `{column.name}` | " in text for column in feed.columns)
    assert all(text.count(f"\n| `{rule}` | ") == 1 for rule in contract.wordings())
