"""A run as a script: the same translation with the scripting interface, and on the command line."""

import json
import shlex

from SASANTranslationLib.frames import frames_of
from SASANTranslationLib.options import OUTPUTS


def python_script(nodes):
    """The text that repeats the run of `nodes` (`TranslationNodes`), from the provenance on its volumes."""
    model, direction, device = (nodes.entry(key) for key in ("model", "direction", "device"))
    fused = len(json.loads(nodes.entry("planes"))) > 1
    outputs = tuple(name for name in OUTPUTS if getattr(nodes, name))
    source = nodes.source.GetName() if nodes.source is not None else "INPUT"
    given = {"model": model, "direction": direction, "outputs": outputs, "fusePlanes": fused}
    given.update({"segmentationNode": nodes.segments is not None, "device": device})
    if any(frames_of(node) is not None for node in nodes.outputs):
        given["allFrames"] = True
    arguments = "".join(f"    {name}={value!r},\n" for name, value in given.items())

    command = ["sasan", "translate", "INPUT.nrrd", "--output", "results", "--model", model, "--direction", direction]
    command += ["--device", device, *(["--planes", "all"] if fused else [])]
    if "uncertainty" not in outputs:
        command.append("--no-flips")
    return (
        "# In Slicer's Python console:\n"
        "from SASANTranslation import SASANTranslationLogic\n\n"
        "nodes = SASANTranslationLogic().translate(\n"
        f"    slicer.mrmlScene.GetFirstNodeByName({source!r}),\n"
        f"{arguments})\n\n"
        "# Or on the command line, for files:\n"
        f"# {shlex.join(command)}\n"
    )
