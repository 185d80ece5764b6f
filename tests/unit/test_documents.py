"""JSON and YAML that are read: values of JSON, nothing endless, nothing that builds objects."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_exec.errors import InvalidRequest
from jupyter_exec.model.documents import MAX_NODES, dump_yaml, load_json, load_yaml

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
)
LADDER = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 400))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "100000 values"),
        ("a: &a [*a]", "refers to what it lies in"),
        ("a: &a {b: *a}", "refers to what it lies in"),
        (LADDER, "deep"),
        ("[" * 5000 + "]" * 5000, "YAML"),
        ("[" * 150 + "]" * 150, "deep"),
        ("a: !!python/object/apply:os.system ['touch pwned']", "YAML"),
        ("a: !!python/name:os.system", "YAML"),
        ("!!binary aGk=", "no place in JSON"),
        ("!!set {a, b}", "no place in JSON"),
        ("? [a, b]\n: c", "YAML"),
        ("? null\n: c", "key"),
        ("a: .inf", "no number"),
        ("a: [", "YAML"),
        ("a: 1\n--- \nb: 2", "YAML"),
        (b"\xff\xfe\x00", "YAML"),
        ("a: \x00", "YAML"),
    ],
)
def test_yaml_that_is_no_document(text, reason):
    with pytest.raises(InvalidRequest, match=reason):
        load_yaml(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 150 + "]" * 150, "[" * 100_000, '"\\ud800"', "NaN", "1e999", "{", '{"\\udc00":1}'],
)
def test_json_that_is_no_document(text):
    with pytest.raises(InvalidRequest, match="not JSON"):
        load_json(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | TEXTS | st.sampled_from(["yes", "0.10", "1e-5", "12:30", "2026-01-01", "~", "a: b\n c"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=10,
    )
)  # fmt: skip
@example({"a": "line\nline\n", "b": " trailing \n", "c": "\x85\u2028"})
@settings(deadline=None)
def test_what_is_written_as_yaml_is_read_again(value):
    assert load_yaml(dump_yaml(value)) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: !!bool zz", "'zz' is no bool (line 1)"),
        ('a: !!bool ""', "is no bool"),
        ('a: 1\nb: !!int ""', "'' is no int (line 2)"),
        ('a: !!int "-"', "'-' is no int"),
        ('a: !!float ""', "'' is no float"),
        ('a: "\\UFFFFFFFF"', "is not YAML"),
    ],
)
def test_a_yaml_scalar_that_is_none_is_a_fault_of_the_text(text, says):
    with pytest.raises(InvalidRequest) as caught:
        load_yaml(text)
    assert says in caught.value.message


MISPLACED = "cannot stand here; look at the indentation, and at the line before"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run:\n  xs: ['a', 'b'\n  c: 1\n", "line 2, column 7: expected ',' or ']'"),
        ("{a: 1", "line 1, column 1: expected ',' or '}'"),
        ("x: [\n 'a'\n 'b'\n]\n", "line 3, column 2: expected ',' or ']', not a text"),
        ("a: 'x\nb: 1\n", "line 1, column 4: this text has no closing quote"),
        ("a: 1\nfoo\nb: 2\n", "line 2, column 1: could not find expected ':'"),
        ("a: b: c\n", "line 1, column 5: mapping values are not allowed here"),
        ("- a\nb: 1\n", f"line 2, column 1: a key {MISPLACED}"),
        ("a: 1\n---\nb\n", "line 2, column 1: a second document begins here; only one can be read"),
        ("ä: 1\nb: \a", "line 2, column 4: the character U+0007 has no place in YAML"),
    ],
)
def test_what_is_no_yaml_is_told_in_one_line(text, says):
    for each in (text, text.encode()):
        with pytest.raises(InvalidRequest) as caught:
            load_yaml(each)
        assert caught.value.message == f"the text is not YAML: {says}"


def test_a_byte_that_is_no_text_is_told_with_its_place():
    with pytest.raises(InvalidRequest) as caught:
        load_yaml("ä: 1\nb: ".encode() + b"\xff\n")
    says = "line 2, column 4: the byte 0xFF is not utf-8: invalid start byte"
    assert caught.value.message == f"the text is not YAML: {says}"


@pytest.mark.parametrize("value", ["1", "0.5", '"x"', "[]"])
def test_a_flood_of_values_is_refused_soon(value):
    text = f'{{"a": [{",".join([value] * (MAX_NODES + 1))}]}}'
    with pytest.raises(InvalidRequest, match="more than 100,000 values"):
        load_json(text)
