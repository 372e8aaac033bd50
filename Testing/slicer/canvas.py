"""A picture to put slice views, text and colour bars on. Text is drawn by VTK's FreeType, without OpenGL."""

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

WHITE, GREY = (255, 255, 255), (170, 170, 170)


class Canvas:
    """A black RGB picture of `width` × `height` pixels; positions are (x, y) from its top left corner."""

    def __init__(self, width, height):
        self.pixels = np.zeros((height, width, 3), np.uint8)

    def paste(self, pixels, x, y, coverage=1.0):
        """Put a uint8 (height, width, 3) picture, or one colour, with its top left corner at (x, y).

        `coverage` (height, width), 0 to 1, is how much of each pixel is painted. What falls outside is cut
        off.
        """
        height, width = np.shape(coverage) or pixels.shape[:2]
        above, before = max(-y, 0), max(-x, 0)
        target = self.pixels[y + above : max(y + height, 0), x + before : max(x + width, 0)]
        part = (slice(above, above + target.shape[0]), slice(before, before + target.shape[1]))
        share = np.broadcast_to(coverage, (height, width))[part][..., None]
        painted = np.broadcast_to(pixels, (height, width, 3))[part]
        target[:] = np.round(target * (1 - share) + painted * share)

    def fill(self, x, y, width, height, color):
        """Fill a rectangle."""
        self.pixels[y : y + height, x : x + width] = color

    def text(self, x, y, text, size=20, color=WHITE, anchor="left", bold=False):
        """Write one line, its middle at height y and its left end, centre or right end (`anchor`) at x.

        Returns the text's width. What falls outside the picture is cut off.
        """
        coverage = _text_coverage(text, size, bold)
        height, width = coverage.shape
        left = round(x - {"left": 0, "center": width / 2, "right": width}[anchor])
        # Capitals stand in the middle of the line: the room for descenders, about 1/5, does not count.
        top = round(y - 0.4 * height)
        self.paste(np.array(color), left, top, coverage)
        return width

    def text_upwards(self, x, y, text, size=20, color=WHITE):
        """Write one line from bottom to top, centred on (x, y)."""
        line = Canvas(len(text) * size, 2 * size)
        width = line.text(0, size, text, size, color)
        turned = np.rot90(line.pixels[:, :width])
        self.paste(turned, round(x - size), round(y - width / 2))

    def write_png(self, path):
        """Write the picture to a PNG file."""
        height, width = self.pixels.shape[:2]
        image = vtk.vtkImageData()
        image.SetDimensions(width, height, 1)
        scalars = numpy_to_vtk(np.ascontiguousarray(self.pixels[::-1]).reshape(-1, 3), deep=True)
        image.GetPointData().SetScalars(scalars)
        writer = vtk.vtkPNGWriter()
        writer.SetFileName(str(path))
        writer.SetInputData(image)
        writer.Write()
        if writer.GetErrorCode():
            raise OSError(f"{path} cannot be written.")


def _text_coverage(text, size, bold):
    """How much of each pixel a line of text covers: float32 (height, width) in [0, 1]."""
    style = vtk.vtkTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(size)
    style.SetBold(bold)
    style.SetColor(1, 1, 1)
    image = vtk.vtkImageData()
    vtk.vtkFreeTypeTools.GetInstance().ScaleToPowerTwoOff()
    vtk.vtkTextRenderer.GetInstance().RenderString(style, text, image, [0, 0], 72)
    columns, rows, _ = image.GetDimensions()
    scalars = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
    return scalars[::-1, :, -1].astype(np.float32) / 255
