"""What `make demo` runs: a head through the panel's own logic, in the host; volumes, a scene and a picture.

    python Testing/host/make_demo.py [--input VOLUME] [--output FOLDER]

Without an input it is the built-in phantom, whose CT is known, so that the synthetic one can be measured.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import slicer
from slicer_host import Host

HERE = Path(__file__).resolve().parent
PHANTOM = "head_phantom"


def read_input(path):
    """(name, image, known CT or None), the images as `SASANLib.volumes.Volume`."""
    from SASANLib.cases import case_name
    from SASANLib.phantom import head_phantom
    from SASANLib.volumes import read_volume

    if path is None:
        phantom = head_phantom()
        return PHANTOM, phantom.mr, phantom.ct
    return case_name(path), read_volume(path), None


def add_volume(volume, name, modality):
    from SASANTranslationLib.presentation import show_as_modality

    to_ras = slicer.util.vtkMatrixFromArray(volume.affine)
    node = slicer.util.addVolumeFromArray(volume.array, ijkToRAS=to_ras, name=name)
    show_as_modality(node, modality)
    return node


def translate(logic, source):
    """All outputs, from all planes, with a progress bar."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn(source.GetName()), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        return logic.translate(
            source,
            direction="mr-to-ct",
            outputs=("attention", "segmentation", "uncertainty"),
            fusePlanes=True,
            segmentationNode=True,
            progress=lambda fraction, stage, eta: bar.update(task, completed=fraction, description=stage),
            notice=lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True),
        )


def measure(logic, nodes):
    """The synthetic volume against its reference, as a line."""
    answers = []
    logic.compare(nodes, nodes.reference, lambda event, _difference: answers.append(event["metrics"]), answers.append)
    while not answers:
        slicer.app.processEvents()
        time.sleep(0.01)
    if isinstance(answers[0], Exception):
        raise answers[0]
    return "In the body: MAE {mae:.0f} HU, PSNR {psnr:.1f} dB, SSIM {ssim:.2f}".format(**answers[0])


def save_volumes(nodes, folder):
    """Every volume as NRRD, by its role."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {"source": nodes.source, "synthetic": nodes.synthetic, "segmentation": nodes.segmentation}
    named["uncertainty"] = nodes.uncertainty
    named.update({f"attention_{n}": node for n, node in zip(nodes.attention_numbers, nodes.attention, strict=True)})
    if nodes.reference is not None:
        named["ct_known"] = nodes.reference
    for name, node in named.items():
        # Slicer chooses the format by the suffix, so the temporary name keeps it.
        written = folder / f".{name}.nrrd"
        if not slicer.util.saveNode(node, str(written)):
            raise OSError(f"{folder / name}.nrrd cannot be written: is the disk full?")
        os.replace(written, folder / f"{name}.nrrd")
        node.GetStorageNode().SetFileName(str(folder / f"{name}.nrrd"))


def run(output, path):
    """Everything; prints what was made."""
    from make_scene import save_demo

    from SASANTranslationLib.logic import SASANTranslationLogic

    output = output.resolve()
    name, image, known = read_input(path)
    output.mkdir(parents=True, exist_ok=True)
    logic = SASANTranslationLogic()
    try:
        nodes = translate(logic, add_volume(image, name, "MR"))
        if known is not None:
            nodes.reference = add_volume(known, f"{name}: known CT", "CT")
            print(measure(logic, nodes))
    finally:
        logic.stopWorker()
    save_volumes(nodes, output / name)
    print(output / name)
    for written in save_demo([nodes], output):
        print(written)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("demo"), help="folder for the results")
    parser.add_argument("--input", type=Path, help="a head MR (default: the built-in phantom)")
    arguments = parser.parse_args()
    with Host(testing=True) as host:
        host.load_module("SASANTranslation")
        from SASANLib.errors import SASANError
        from SASANTranslationLib.errors import TranslationError

        try:
            run(arguments.output, arguments.input)
        except (TranslationError, SASANError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
