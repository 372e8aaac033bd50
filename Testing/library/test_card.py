"""The model card's schema: what it keeps, what it refuses, and that a refusal is one readable sentence."""

import json

import pytest
from bundle_examples import make_card
from pydantic import ValidationError

from SASANLib.card_file import card_json, parse_card
from SASANLib.errors import SASANError

CARD = json.loads(card_json(make_card()))
# Fields with a default, which a card may leave out (the networks' defaults are the paper's).
OPTIONAL = {"weights", "snomed", "scheme", *CARD["network"]}


def refusal(content: object) -> str:
    """The message that this card is refused with; always one line and in plain words."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    with pytest.raises(SASANError) as caught:
        parse_card(text, "some/model.json")
    message = caught.value.message
    assert "some/model.json" in message
    assert message.endswith(".") and "\n" not in message
    assert "pydantic" not in message and "input_value" not in message and "Value error" not in message
    assert caught.value.hint
    return message


def paths(node, path=()):
    """Every path to a field of a dict in nested JSON."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        if isinstance(key, str):
            yield (*path, key)
        yield from paths(child, (*path, key))


def changed(path, value=None, *, delete=False):
    content = json.loads(json.dumps(CARD))
    node = content
    for key in path[:-1]:
        node = node[key]
    if delete:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return content


REQUIRED = [
    p
    for p in paths(CARD)
    if p[-1] not in OPTIONAL and p[0] not in ("metrics", "schema_version") and p[:2] != ("training", "objective")
]


def test_written_and_read_back_it_is_equal():
    card = make_card()
    assert parse_card(card_json(card), "x") == card


@pytest.mark.parametrize("path", REQUIRED, ids=lambda p: ".".join(map(str, p)))
def test_a_missing_field_is_named(path):
    message = refusal(changed(path, delete=True))
    # a mapping without its kind cannot be told apart any further
    assert ("kind" if path[-1] == "kind" else f"{path[-1]} is missing") in message
    assert path[0] in message


@pytest.mark.parametrize("part", [(), ("domains", "a"), ("labels", 0), ("network",), ("training",)])
def test_an_unknown_field_is_named(part):
    assert "colour_scheme is unknown" in refusal(changed((*part, "colour_scheme"), 1))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("name",), "../evil", "name: must be lower-case words"),
        (("name",), "Brain", "name: must be lower-case words"),
        (("version",), "1.0", "version: must be three numbers"),
        (("title",), " ", "title: must not be empty"),
        (("title",), "two\nlines", "title: must be a single line"),
        (("description",), "\x1b[2J", "description: must not contain control characters"),
        (("citation",), "abc\u202edef", "citation: must not contain control characters"),
        (("metrics", 0, "metric"), "\x1b[2J", "must not contain control characters"),
        (("domains", "a", "modality"), "PET", "domains.a.modality: input should be 'MR' or 'CT'"),
        (("domains", "a", "units"), "mm", "domains.a.units"),
        (("domains", "a", "name"), "T1-w", "domains.a.name: must be letters and digits"),
        (("domains", "b", "name"), "mr", "domains: a and b must have different names"),
        (("domains", "a", "mapping", "kind"), "pickle", "domains.a.mapping"),
        (("domains", "a", "mapping", "reference_mean"), float("inf"), "mapping must hold finite numbers"),
        (("domains", "a", "statistics", "mean"), float("nan"), "finite number"),
        (
            ("domains", "a", "statistics", "cases"),
            "3",
            "domains.a.statistics.cases: input should be a valid integer",
        ),
        (
            ("domains", "a", "statistics", "histogram"),
            [0.5] * 64,
            "histogram must be fractions that sum to 1",
        ),
        (("domains", "a", "statistics", "histogram"), [1.0], "histogram"),
        (
            ("domains", "a", "statistics", "body_sd"),
            {"low": 2, "high": 1},
            "body_sd: low must not be above high",
        ),
        (("grid", "planes"), [], "grid.planes"),
        (("grid", "planes"), ["oblique"], "grid.planes[0]: input should be 'axial'"),
        (("grid", "planes"), ["axial", "axial"], "planes must not repeat"),
        (("grid", "size"), 100, "grid.size: input should be a multiple of 16"),
        (("grid", "spacing_mm"), 0, "grid.spacing_mm"),
        (("labels", 0, "value"), 0, "labels[0].value"),
        (("labels", 0, "value"), 2, "labels must have the values 1 to 2, each once"),
        (("labels", 0, "color"), [0, 0, 256], "labels[0].color[2]"),
        (
            ("labels", 1, "snomed", "type", "value"),
            "bone",
            "labels[1].snomed.type.value: must be a SNOMED CT number",
        ),
        (("network", "context_slices"), 2, "context_slices must be odd"),
        (("network", "maps"), 10**6, "network.maps"),
        (("training", "config_sha256"), "abc", "training.config_sha256: must be 64"),
        (
            ("weights",),
            {"file": "../x.safetensors", "sha256": "0" * 64, "dtype": "float16"},
            "weights.file: must be",
        ),
        (
            ("weights",),
            {"file": "model.pt", "sha256": "0" * 64, "dtype": "float16"},
            "weights.file: must be a plain",
        ),
    ],
)
def test_a_wrong_value_is_named(path, value, words):
    assert words in refusal(changed(path, value))


def test_more_than_one_fault_is_counted():
    content = changed(("title",), 1)
    content["anatomy"] = 2
    assert "title" in refusal(content) and "(and 1 more)" in refusal(content)


@pytest.mark.parametrize("version", ["1.1", "2.0", "10.0"])
def test_an_unknown_schema_version_asks_for_an_update(version):
    content = {"schema_version": version, "everything": "else changed"}
    with pytest.raises(SASANError) as caught:
        parse_card(json.dumps(content).encode(), "some/model.json")
    assert f"schema version {version}" in caught.value.message and "newer SASAN" in caught.value.message
    assert caught.value.hint.startswith("Update the extension")


@pytest.mark.parametrize("version", [None, 1.0, "newest", "\x1b[2J"])
def test_a_schema_version_that_is_none(version):
    assert "schema_version is missing or not a version" in refusal(changed(("schema_version",), version))


@pytest.mark.parametrize("text", [b"", b"{", b"\x80\x04K.", b"\xff\xfe{}", b"[" * 100_000])
def test_not_json(text):
    assert "is not JSON" in refusal(text)


def test_json_but_no_object():
    assert "is not a JSON object" in refusal([1, 2])


def test_a_model_without_labels_is_allowed():
    assert make_card(labels=[]).labels == ()


def test_it_cannot_be_changed():
    with pytest.raises(ValidationError):
        make_card().name = "other"


def test_directions():
    card = make_card()
    assert card.directions == ("mr-to-ct", "ct-to-mr")
    assert card.direction("mr-to-ct") == ("a", "b")
    assert card.direction("CT-to-MR") == ("b", "a")
    assert card.domains["b"] is card.domains.b


@pytest.mark.parametrize("name", ["mr-to-mr", "mr", "", "ct-to-mr "])
def test_an_unknown_direction_names_the_known_ones(name):
    with pytest.raises(SASANError, match="no direction") as caught:
        make_card().direction(name)
    assert repr(name) in caught.value.message
    assert "mr-to-ct or ct-to-mr" in caught.value.hint
