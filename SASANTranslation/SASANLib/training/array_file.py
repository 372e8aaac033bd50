"""An .npy file written piece by piece, so that neither all of it need be in memory nor a full disk be a crash.

A memory-mapped file would do the first, but writing to it on a full disk kills the process without a word.
"""

import math
from pathlib import Path

import numpy as np
from numpy.lib import format as npy


class ArrayFile:
    """An array of `shape` whose first axis grows with every `append`. A context manager."""

    def __init__(self, path: Path, dtype: type, shape: tuple[int, ...]):
        self.path, self.dtype, self.shape = path, np.dtype(dtype), shape
        self.rows = 0

    def __enter__(self) -> "ArrayFile":
        self._file = open(self.path, "wb")
        header = {"descr": npy.dtype_to_descr(self.dtype), "fortran_order": False, "shape": self.shape}
        npy.write_array_header_1_0(self._file, header)
        return self

    def __exit__(self, kind, *_) -> None:
        self._file.close()
        if kind is None and self.rows != self.shape[0]:
            raise ValueError(f"{self.path} was to have {self.shape[0]} rows and got {self.rows}")

    def append(self, array: np.ndarray) -> None:
        """(rows, *shape[1:])"""
        array = np.ascontiguousarray(array, self.dtype)
        if math.prod(array.shape[1:]) != math.prod(self.shape[1:]):
            raise ValueError(f"rows of shape {array.shape[1:]} do not fit {self.shape}")
        self._file.write(array.data)
        self.rows += len(array)
