"""What made a node, written onto it: attributes that survive in a saved scene and that a user can read."""

import json

#: Node attributes written here begin with this.
PREFIX = "SASAN."

RUN = PREFIX + "run"
ROLE = PREFIX + "role"
NUMBER = PREFIX + "attention_map"
COLORS_OF = PREFIX + "colors_of"

#: Role of the colour tables; the outputs have the roles "synthetic", "segmentation", "attention", …
COLORS_ROLE = "colors"

#: Roles of what comparing a run with a reference made: a volume and a table. They go with the run, but make none.
DIFFERENCE_ROLE, ERRORS_ROLE = "difference", "errors"

#: Node reference from each output to the volume it was made from.
SOURCE_REFERENCE_ROLE = "SASAN.Source"


def new_entries(description):
    """What to record of a run, as text by entry: its provenance, direction, modalities and notices.

    `description` is that of the worker's result. What is not text is written as JSON.
    """
    source, target = description["source"], description["target"]
    entries = {
        **description["provenance"],
        "direction": description["direction"],
        "notices": description.get("notices", []),
        "source_modality": source["modality"],
        "modality": target["modality"],
        "units": target.get("units", ""),
    }
    return {
        key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        for key, value in entries.items()
    }


def record(node, key, run, entries, source):
    """Write the identity of an output (its `key` as in `split_key`, its `run`), `entries` and the source onto it.

    What an earlier run wrote onto the node is removed. `source` None removes the reference to the source.
    """
    forget(node)
    for name, text in entries.items():
        node.SetAttribute(PREFIX + name, text)
    role, number = split_key(key)
    node.SetAttribute(RUN, run)
    node.SetAttribute(ROLE, role)
    if number:
        node.SetAttribute(NUMBER, str(number))
    node.SetNodeReferenceID(SOURCE_REFERENCE_ROLE, source.GetID() if source is not None else None)


def copy_entries(node, other):
    """Give `other` what `record` wrote onto `node`, but for the reference to the source."""
    for name in node.GetAttributeNames():
        if name.startswith(PREFIX):
            other.SetAttribute(name, node.GetAttribute(name))


def forget(node):
    """Remove every attribute that `record` wrote."""
    for name in node.GetAttributeNames():
        if name.startswith(PREFIX):
            node.RemoveAttribute(name)


def leave_run(node):
    """Make a node one that belongs to no run, but still says how its voxels came about."""
    for name in (RUN, ROLE, NUMBER, COLORS_OF):
        if node.GetAttribute(name) is not None:
            node.RemoveAttribute(name)


def split_key(key):
    """("attention", 3) from "attention_3", ("synthetic", 0) from "synthetic"."""
    role, _, number = key.partition("_")
    return (role, int(number)) if number.isdigit() else (key, 0)


def key_of(node):
    """The key of an output ("synthetic", "attention_3", …) or, of a colour table, of what it colours; "" of others."""
    role = node.GetAttribute(ROLE) or ""
    if role == COLORS_ROLE:
        return node.GetAttribute(COLORS_OF) or ""
    number = node.GetAttribute(NUMBER)
    return f"{role}_{number}" if number else role
