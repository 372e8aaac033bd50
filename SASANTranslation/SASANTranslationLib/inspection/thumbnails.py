"""Small pictures of attention maps, as PNG bytes: drawn without Qt and without a slice view."""

from SASANTranslationLib import attention, geometry, presentation
from SASANTranslationLib.inspection import maps

#: How much of a pixel the map's colour covers.
_OPACITY = 0.7


def thumbnail(node, background, extent, point, size=96):
    """A map over `background` in the axial slice through `point`, seen as in Slicer; PNG bytes, `size` squared.

    `extent` is a `views.Extent` of the anatomy, which fills the picture. The patient's right is on the left.
    """
    import numpy as np

    width, depth, _ = extent.size
    millimetres = max(width, depth, 1e-6) / size
    offsets = (np.arange(size) - (size - 1) / 2) * millimetres
    right, anterior = extent.center[0] - offsets, extent.center[1] - offsets
    points = np.empty((size, size, 4))
    points[..., 0], points[..., 1], points[..., 2:] = right[None, :], anterior[:, None], (point[2], 1)

    grey, inside = _sample(background, points)
    low, high = background.GetDisplayNode().GetWindowLevelMin(), background.GetDisplayNode().GetWindowLevelMax()
    grey = np.clip((grey - low) / max(high - low, 1e-6), 0, 1) * 255 * inside
    marked, inside = _sample(node, points)
    coverage = _OPACITY * ((marked > maps.threshold(node)) & inside)[..., None]
    pixels = (1 - coverage) * grey[..., None] + coverage * np.array(maps.color(node))
    return png(np.round(pixels).astype(np.uint8))


def strongest_point(node, anatomy):
    """A world point (mm) in the middle of where a map marks most: in that axial slice, a voxel that it marks.

    Only the anatomy counts, as the volume node `anatomy` shows it. Returns None for a map that marks nothing there, or
    that a transform has squeezed flat.
    """
    import numpy as np
    from slicer.util import arrayFromVolume, arrayFromVTKMatrix

    array = arrayFromVolume(node)
    coarse = presentation.sampled(array)
    step = coarse.strides[0] // array.strides[0]
    indices = np.argwhere((coarse > maps.threshold(node)) & attention.inside(anatomy, node))
    if not len(indices) or not geometry.spans_a_volume(node):
        return None
    matrix = arrayFromVTKMatrix(geometry.ijk_to_world(node))
    points = indices[:, ::-1] * step @ matrix[:3, :3].T + matrix[:3, 3]
    thickness = max(step * np.abs(matrix[2, :3]).max(), 1e-6)
    slices = np.floor((points[:, 2] - points[:, 2].min()) / thickness).astype(int)
    in_slice = points[slices == np.bincount(slices).argmax()]
    nearest = np.linalg.norm(in_slice - in_slice.mean(axis=0), axis=1).argmin()
    return tuple(in_slice[nearest].tolist())


def png(pixels):
    """Encode a uint8 RGB picture (height, width, 3), first row on top, as PNG bytes."""
    import numpy as np
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    height, width = pixels.shape[:2]
    image = vtk.vtkImageData()
    image.SetDimensions(width, height, 1)
    # VTK's first row is the lowest.
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(pixels[::-1]).reshape(-1, 3), deep=True))
    writer = vtk.vtkPNGWriter()
    writer.WriteToMemoryOn()
    writer.SetInputData(image)
    writer.Write()
    return bytes(memoryview(writer.GetResult()))


def _sample(volume, points):
    """The nearest voxels of a volume at world `points` (h, w, 4), and which of the points lie inside; 0 outside."""
    import numpy as np
    from slicer.util import arrayFromVolume, arrayFromVTKMatrix

    array = arrayFromVolume(volume)
    to_world = arrayFromVTKMatrix(geometry.ijk_to_world(volume))
    try:
        from_world = np.linalg.inv(to_world) if np.isfinite(to_world).all() else None
    except np.linalg.LinAlgError:
        from_world = None
    if from_world is None:  # a transform has squeezed it flat: no point lies in it
        return np.zeros(points.shape[:2], np.float32), np.zeros(points.shape[:2], bool)
    voxels = np.floor((points @ from_world.T)[..., 2::-1] + 0.5)
    inside = ((voxels >= 0) & (voxels < array.shape)).all(axis=-1)
    k, j, i = np.moveaxis(np.where(inside[..., None], voxels, 0).astype(int), -1, 0)
    return np.where(inside, array[k, j, i], 0).astype(np.float32), inside
