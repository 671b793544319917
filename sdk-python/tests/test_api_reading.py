"""What guards read: JSON, arguments, addresses, what was used."""

from __future__ import annotations

import json
from typing import Any

import pytest
from random_json import random_json

from remit_sdk import UsageError
from remit_sdk.api import UsedInMemory
from remit_sdk.api.answer import ApiRefusal
from remit_sdk.api.arguments import Written, argument_texts_of, read_arguments, same_arguments
from remit_sdk.api.exact_json import ExactNumber, read_exact_json, require_exact_numbers
from remit_sdk.api.target import Template, read_target


def refused(code: str, read: Any, *given: Any) -> None:
    with pytest.raises(ApiRefusal) as refusal:
        read(*given)
    assert refusal.value.code == code, given


def test_numbers_keep_every_digit() -> None:
    text = '{"a": [1.10, 12345678901234567890, -0, 1E+2], "b": {"c": true, "d": null, "é": "\\u00e9\\ud83d\\ude00"}}'
    read = read_exact_json(text)
    assert read == {
        "a": ["1.10", "12345678901234567890", "-0", "1E+2"],
        "b": {"c": True, "d": None, "é": "é😀"},
    }
    assert isinstance(read, dict) and isinstance(read["a"], list)
    assert all(isinstance(each, ExactNumber) for each in read["a"])
    huge = "9" * 100_000
    assert read_exact_json(huge) == huge


def test_w12_a_number_that_a_float_would_change_is_refused() -> None:
    for text in ("[9007199254740993, 0.1, 12.50, -0.0, 1e3, 1.5E-7]", "not JSON", "null"):
        require_exact_numbers(text)
    for text in ("[922337203685477.5807]", '{"a": 1e400}', "1e-400", "9007199254740993.0"):
        refused("input.inexact_number", require_exact_numbers, text)


def test_what_two_parsers_could_read_differently_is_refused() -> None:
    for code, texts in {
        "input.duplicate_key": ['{"a":1,"a":1}', '{"x":[{"b":1,"\\u0062":2}]}'],
        "input.forbidden_key": [
            '{"__proto__":1}',
            '{"a":{"__entity":1}}',
            '{"__ex\\u0074n":1}',
            '{"__expr":1}',
        ],
        "input.too_deep": ["[" * 65 + "]" * 65, "[" * 100_000, '{"a":' * 100_000],
        "input.malformed": [
            "",
            " ",
            "\ufeff{}",
            "{",
            "{,}",
            "[1,]",
            "01",
            "1.",
            ".5",
            "+1",
            "NaN",
            "Infinity",
            "-Infinity",
            "'a'",
            '"\n"',
            '"\\x"',
            '"\\ud800"',
            '{"\\udfff":1}',
            '"\\u0000"',
            "{} {}",
            "tru",
            "\x0b1",
            "\u00a01",
        ],
    }.items():
        for text in texts:
            refused(code, read_exact_json, text)
    assert read_exact_json("[" * 64 + "]" * 64)


def test_whatever_is_read_is_what_others_read() -> None:
    for text in random_json(500):
        assert json.loads(text, parse_int=str, parse_float=str) == read_exact_json(text)


def arguments(path: dict[str, str], query: list[tuple[str, str]], body: str | None) -> Any:
    return read_arguments(path, query, None if body is None else read_exact_json(body)).all


def test_arguments_are_the_same_when_every_text_is() -> None:
    read = arguments(
        {"id": "1042", "flag": "true"},
        [("tag", "a"), ("tag", "b"), ("n", "1.0")],
        '{"amount":12.50,"lines":[{"n":1,"x":true}]}',
    )
    decided: dict[str, Any] = {
        "id": "1042",
        "flag": True,
        "tag": ["a", "b"],
        "n": "1.0",
        "amount": "12.50",
        "lines": [{"n": "1", "x": True}],
    }
    assert same_arguments(decided, read)
    for change in [
        {"id": "1043"},
        {"flag": False},
        {"flag": "true "},
        {"tag": ["b", "a"]},
        {"tag": "a"},
        {"tag": ["a", "b", "c"]},
        {"n": "1"},
        {"amount": "12.5"},
        {"amount": True},
        {"lines": [{"n": "1", "x": "true"}]},
        {"lines": [{"n": "1"}]},
        {"lines": [{"n": "1", "x": True}, {}]},
        {"lines": {"n": "1"}},
        {"more": "x"},
        {"id": {"id": "1042"}},
    ]:
        assert not same_arguments({**decided, **change}, read), change
    assert not same_arguments(
        {name: value for name, value in decided.items() if name != "id"}, read
    )
    assert same_arguments({}, {"a": None}) and not same_arguments({"a": "x"}, {"a": None})
    assert not same_arguments({"a": "1"}, {"a": True}) and not same_arguments(
        {"a": True}, {"a": "True"}
    )
    assert not same_arguments({"a": [{"b": "1"}]}, {"a": Written(("1",))})


def test_two_things_of_one_name_are_told() -> None:
    refused("api.misconfigured", arguments, {"a": "1"}, [("a", "1")], None)
    refused("api.misconfigured", arguments, {"a": "1"}, [], '{"a": 1}')
    assert arguments({}, [], "[1]") == {"body": ["1"]}
    assert arguments({}, [], "null") == {}


def test_arguments_of_remit_are_texts() -> None:
    assert argument_texts_of({"a": ["x", True, {"b": "c"}]}) == {"a": ["x", True, {"b": "c"}]}
    for other in (None, [], "x", {"a": 1}, {"a": None}, {"a": [1.5]}):
        assert argument_texts_of(other) is None


def test_targets() -> None:
    read = read_target("/items/a%20b/%C3%A9", "x=1&y&x=%26")
    assert (read.segments, read.query) == (
        ["items", "a b", "é"],
        [("x", "1"), ("y", ""), ("x", "&")],
    )
    assert read_target("/", "").segments == []
    for path, search in [
        ("", ""),
        ("items", ""),
        ("//x", ""),
        ("/x/", ""),
        ("/a;b", ""),
        ("/a%2", ""),
        ("/a%zz", ""),
        ("/%ff", ""),
        ("/%c0%af", ""),
        ("/é", ""),
        ("/a\n", ""),
        ("/a", "x=1+1"),
        ("/a", "=1"),
        ("/a", "x=1&"),
        ("/a", "x=%ff"),
        ("/a", "x=\n"),
        ("http://x/a", ""),
    ]:
        refused("request.ambiguous_target", read_target, path, search)


def test_templates() -> None:
    template = Template("/items/{item}/orders")
    assert template.match(["items", "lamp", "orders"]) == {"item": "lamp"}
    for segments in (
        ["items", "lamp"],
        ["items", "lamp", "orders", "x"],
        ["Items", "lamp", "orders"],
    ):
        assert template.match(segments) is None
    for path in ("items", "/a{b}", "/a//b", "/:a", "/*", "/{a}{b}", "/{}"):
        with pytest.raises(UsageError):
            Template(path)


def test_something_is_used_once_and_forgotten_later() -> None:
    now = [0.0]
    used = UsedInMemory(lambda: now[0])
    assert used.use("a", 10.0) and not used.use("a", 10.0) and used.use("b", 10.0)
    now[0] = 11.0
    assert used.use("c", 20.0) and used.use("a", 20.0)
    assert set(used._used) == {"a", "c"}
