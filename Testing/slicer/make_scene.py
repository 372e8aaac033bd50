"""From translations in the scene, a Slicer scene file and a picture. Needs neither a display nor OpenGL."""

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "SASANTranslation"))

import english  # noqa: F401
import numpy as np
import slicer
from canvas import Canvas
from overview import draw_overview
from slicer_session import Session

from SASANTranslationLib.errors import TranslationError
from SASANTranslationLib.views import show_translation


def save_demo(runs, folder):
    """Write scene.mrb and overview.png of the runs (`TranslationNodes`) in the scene into `folder`.

    The scene opens with the first run in view, and is read back to make sure that it is whole. Returns the two
    paths. Raises `TranslationError` or `OSError` when one cannot be written.
    """
    folder = Path(folder).resolve()  # MRML reads and writes absolute paths only
    scene_path, picture_path = folder / "scene.mrb", folder / "overview.png"
    show_translation(runs[0])
    save_scene(scene_path)
    _stack([draw_overview(nodes) for nodes in runs]).write_png(picture_path)
    check_scene(scene_path, contents())
    return scene_path, picture_path


def save_scene(path):
    """Write the current scene to a .mrb file, atomically. Raises `TranslationError` when that fails."""
    # The name of the archive is that of the folder in it, so the temporary one is told apart by its folder.
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        written = Path(temporary) / path.name
        if not slicer.mrmlScene.WriteToMRB(str(written)):
            raise TranslationError(f"{path} cannot be written.", "Is the disk full?", kind="disk")
        os.replace(written, path)


def contents():
    """The volumes of the current scene: sorted (class, name, dimensions)."""
    nodes = slicer.util.getNodesByClass("vtkMRMLVolumeNode")
    return sorted((node.GetClassName(), node.GetName(), node.GetImageData().GetDimensions()) for node in nodes)


def check_scene(path, expected):
    """Read a .mrb into a scene of its own; raises `TranslationError` unless it has the `expected` contents."""
    current = slicer.mrmlScene
    try:
        with Session() as session:
            whole = session.scene.ReadFromMRB(str(path), True) and contents() == expected
    finally:
        slicer.mrmlScene = current
    if not whole:
        raise TranslationError(f"{path} does not read back as it was written.", "Is the disk full?", kind="disk")


def _stack(canvases):
    """One picture of all runs, one above the other."""
    heights = [canvas.pixels.shape[0] for canvas in canvases]
    whole = Canvas(max(canvas.pixels.shape[1] for canvas in canvases), sum(heights))
    for canvas, top in zip(canvases, np.cumsum([0, *heights[:-1]]), strict=True):
        whole.paste(canvas.pixels, 0, int(top))
    return whole
