"""A scene and slice views from slicer-core, without the application, a display or OpenGL.

A slice view is, up to its last step, image processing: `vtkMRMLSliceLogic` reslices, colours and blends the
layers of a view into one image. Slicer then only copies that image to the screen, which here is left out, so
the pictures are what Slicer would show and can be made on a machine without any graphics.
"""

import tempfile

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy


class Session:
    """The parts of Slicer's application that the scene's code expects; one at a time: `slicer.mrmlScene`."""

    def __init__(self):
        self.scene = slicer.vtkMRMLScene()
        slicer.mrmlScene = self.scene
        self.application = slicer.vtkSlicerApplicationLogic()
        self.application.SetMRMLScene(self.scene)
        self.application.GetColorLogic().SetMRMLScene(self.scene)
        self.application.GetColorLogic().AddDefaultColorNodes()
        self.application.SetSliceLogics(vtk.vtkCollection())
        self.application.SetViewLogics(vtk.vtkCollection())
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene, True)
        # Makes the layout node and, for each layout that is set, its view nodes.
        self.layout = slicer.vtkMRMLLayoutLogic()
        self.layout.SetMRMLScene(self.scene)
        # Reading a .mrb unpacks it in the folder of the remote cache, and asks this logic for it.
        self.cache = tempfile.TemporaryDirectory()
        self.remote = slicer.vtkMRMLRemoteIOLogic()
        self.remote.SetMRMLScene(self.scene)
        self.remote.GetCacheManager().SetRemoteCacheDirectory(self.cache.name)
        self.data = slicer.vtkDataIOManagerLogic()
        self.data.SetMRMLScene(self.scene)
        self.data.SetMRMLApplicationLogic(self.application)
        self.data.SetAndObserveDataIOManager(self.remote.GetDataIOManager())
        self.remote.AddDataIOToScene()

    def close(self):
        """Take the scene apart in an order that the logics survive."""
        self.remote.RemoveDataIOFromScene()
        for logic in (self.layout, self.data, self.remote):
            logic.SetMRMLScene(None)
        self.scene.Clear(True)
        self.application.SetMRMLScene(None)
        slicer.mrmlScene = None
        self.cache.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class SliceView:
    """A slice view of `slicer.mrmlScene`, with the size of its picture in pixels."""

    def __init__(self, name, width, height):
        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if self.node is None:
            self.node = self.logic.AddSliceNode(name)
        else:
            self.logic.SetSliceNode(self.node)
        self.composite = self.logic.GetSliceCompositeNode()
        self.resize(width, height)

    def resize(self, width, height):
        """Change the size of the picture; as in Slicer, the height of the field of view stays."""
        self.logic.ResizeSliceNode(width, height)

    def image(self):
        """The view's picture, uint8 (height, width, 3), first row on top."""
        self.logic.UpdatePipeline()
        connection = self.logic.GetImageDataConnection()
        if connection is None:
            columns, rows, _ = self.node.GetDimensions()
            return np.zeros((rows, columns, 3), np.uint8)
        connection.GetProducer().Update()
        image = connection.GetProducer().GetOutputDataObject(connection.GetIndex())
        columns, rows, _ = image.GetDimensions()
        pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)[::-1]
        # Outside the volumes the blend is transparent, and the view behind it is black.
        return np.where(pixels[:, :, 3:] > 0, pixels[:, :, :3], np.uint8(0))

    def pixel(self, ras):
        """The (row, column) of a RAS point in the picture, as floats; pixel centres are whole numbers."""
        from_ras = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.node.GetXYToRAS(), from_ras)
        x, y, *_ = from_ras.MultiplyPoint((*ras, 1.0))
        return self.node.GetDimensions()[1] - 1 - y, x
