"""Which pixels of a slice the networks compute. No geometry library: training on a bare machine needs it too."""

MARGIN = 8
"""pixels of air kept around the body in a slice"""
MULTIPLE = 16
"""the networks halve a slice four times"""
SMALLEST = 64
"""pixels; below this the deepest layers would normalise over a handful of pixels"""


def computed_range(body: slice, size: int) -> tuple[int, int]:
    """First and last + 1 pixel to compute along one axis of a slice of `size` pixels whose body is in `body`."""
    wanted = body.stop - body.start + 2 * MARGIN
    length = min(max(-(-wanted // MULTIPLE) * MULTIPLE, SMALLEST), size)
    start = (body.start + body.stop - length) // 2
    start = min(max(start, 0), size - length)
    return start, start + length
