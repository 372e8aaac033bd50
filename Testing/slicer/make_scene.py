"""From the folder that `sasan demo` or `sasan translate` left, make a Slicer scene and a picture.

    python Testing/slicer/make_scene.py FOLDER

FOLDER holds one or more results (folders with a translation.json), or is one. Writes FOLDER/scene.mrb, reads
it back to make sure that it is whole, and FOLDER/overview.png. Needs slicer-core, and neither a display nor
OpenGL.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "SASANTranslation"))

import numpy as np
import slicer
from canvas import Canvas
from overview import draw_overview
from slicer_session import Session

from SASANTranslationLib.results import ResultsError, load_results
from SASANTranslationLib.views import show_translation


def find_cases(folder):
    """The result folders in `folder`, sorted, or itself."""
    if (folder / "translation.json").is_file():
        return [folder]
    cases = sorted(path.parent for path in folder.glob("*/translation.json"))
    if not cases:
        raise ResultsError(f"{folder} holds no result of a translation: run `sasan demo --output {folder}` first.")
    return cases


def make_scene(folder):
    """Write scene.mrb and overview.png into `folder`; returns their paths."""
    folder = folder.resolve()  # MRML reads and writes absolute paths only
    scene_path, picture_path = folder / "scene.mrb", folder / "overview.png"
    with Session():
        runs = [load_results(case) for case in find_cases(folder)]
        show_translation(runs[0])
        save_scene(scene_path)
        canvases = [draw_overview(nodes) for nodes in runs]
        expected = contents()
    _stack(canvases).write_png(picture_path)
    check_scene(scene_path, expected)
    return scene_path, picture_path


def save_scene(path):
    """Write the current scene to a .mrb file, atomically. Raises `ResultsError` when that fails."""
    # The name of the archive is that of the folder in it, so the temporary one is told apart by its folder.
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        written = Path(temporary) / path.name
        if not slicer.mrmlScene.WriteToMRB(str(written)):
            raise ResultsError(f"{path} cannot be written: is the disk full?")
        os.replace(written, path)


def contents():
    """The volumes of the current scene: sorted (class, name, dimensions)."""
    nodes = slicer.util.getNodesByClass("vtkMRMLVolumeNode")
    return sorted((node.GetClassName(), node.GetName(), node.GetImageData().GetDimensions()) for node in nodes)


def check_scene(path, expected):
    """Read a .mrb into an empty scene; raises `ResultsError` unless it has the `expected` contents."""
    with Session() as session:
        if not session.scene.ReadFromMRB(str(path), True) or contents() != expected:
            raise ResultsError(f"{path} does not read back as it was written.")


def _stack(canvases):
    """One picture of all runs, one above the other."""
    heights = [canvas.pixels.shape[0] for canvas in canvases]
    whole = Canvas(max(canvas.pixels.shape[1] for canvas in canvases), sum(heights))
    for canvas, top in zip(canvases, np.cumsum([0, *heights[:-1]]), strict=True):
        whole.paste(canvas.pixels, 0, int(top))
    return whole


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder that `sasan demo` or `sasan translate` wrote")
    try:
        for path in make_scene(parser.parse_args().folder):
            print(path)
    except (ResultsError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
