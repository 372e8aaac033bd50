"""What the nodes of a run are called."""

from slicer.i18n import tr as _

from SASANTranslationLib.provenance_attributes import split_key


def node_name(key, source, description):
    """The name of an output: "MRHead → CT (synthetic)", "MRHead attention 1", …"""
    role, number = split_key(key)
    patterns = {
        "synthetic": _("{input} → {target} (synthetic)"),
        "attention": _("{input} attention {number}"),
        "segmentation": _("{input} segmentation"),
        "segments": _("{input} segments"),
        "uncertainty": _("{input} uncertainty"),
    }
    return patterns[role].format(input=source.GetName(), target=description["target"]["name"], number=number)


def table_name(key, source):
    """The name of an output's colour table: "MRHead attention 1 colors", "MRHead labels", …"""
    role, number = split_key(key)
    patterns = {
        "attention": _("{input} attention {number} colors"),
        "segmentation": _("{input} labels"),
        "uncertainty": _("{input} uncertainty colors"),
    }
    return patterns[role].format(input=source.GetName(), number=number)


def folder_name(source, description):
    """The name of a run's folder: "MRHead: MR → CT"."""
    modalities = {"source": description["source"]["name"], "target": description["target"]["name"]}
    return _("{input}: {source} → {target}").format(input=source.GetName(), **modalities)
