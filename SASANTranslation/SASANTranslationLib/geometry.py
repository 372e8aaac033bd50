"""A volume's voxels: whether there are any, and where they lie in the world."""

import math

import vtk


def ijk_to_world(volume, placed_as=None):
    """A volume's voxel indices (i, j, k, 1) to world RAS in mm, as a vtkMatrix4x4; linear transforms applied.

    placed_as: the node whose parent transform counts, when `volume` is a frame of it and outside the scene.
    """
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    parent = (placed_as or volume).GetParentTransformNode()
    if parent is not None:
        to_world = vtk.vtkMatrix4x4()
        parent.GetMatrixTransformToWorld(to_world)
        vtk.vtkMatrix4x4.Multiply4x4(to_world, matrix, matrix)
    return matrix


def has_voxels(volume):
    """Whether a volume node has an image with values; one that is being made or read may have neither."""
    image = volume.GetImageData()
    return image is not None and image.GetPointData().GetScalars() is not None and 0 not in image.GetDimensions()


def spans_a_volume(volume):
    """Whether a volume's axes, under its linear transforms, are finite and do not lie in one plane."""
    matrix = ijk_to_world(volume)
    return math.isfinite(sum(matrix.GetElement(i, j) for i in range(4) for j in range(4))) and matrix.Determinant() != 0
