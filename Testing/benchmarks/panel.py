"""The panel's own time, in the host: what opening it costs, and how much of a warm click is not the networks.

    make bench

The click is on the built-in phantom at the size of a head of 128×171×171 voxels, or on the volume given.
"""

import argparse
import builtins
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Testing" / "host"), str(ROOT / "Testing" / "slicer")]

#: Voxels along k, j and i, and their size in mm.
SHAPE, SPACING = (128, 171, 171), 1.5
REPEATS = 3


def opening() -> dict:
    """Load the module and set up its panel twice, each time as if for the first.

    The first time in a process the host parses PySide6's signatures, which PythonQt has compiled; the second is what
    the panel itself takes.
    """
    from slicer_host import Host

    seconds = []
    for _ in range(2):
        for name in [name for name in sys.modules if name.split(".")[0].startswith("SASANTranslation")]:
            del sys.modules[name]
        with Host(testing=True) as host, imports_of(ROOT / "SASANTranslation") as imported:
            began = time.perf_counter()
            host.load_module("SASANTranslation")
            host.select_module("SASANTranslation")
            seconds.append(time.perf_counter() - began)
    return {"first": seconds[0], "second": seconds[1], "imported": sorted(imported)}


@contextlib.contextmanager
def imports_of(folder: Path) -> Iterator[set[str]]:
    """The top-level packages that code in `folder` asks for meanwhile, whether or not the host has them already."""
    asked: set[str] = set()
    original = builtins.__import__

    def remember(name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and str(folder) in str((globals or {}).get("__file__")):
            asked.add(name.split(".")[0])
        return original(name, globals, locals, fromlist, level)

    builtins.__import__ = remember
    try:
        yield asked
    finally:
        builtins.__import__ = original


def click(path: Path | None) -> dict:
    """Seconds of a warm translation as the panel asks for it, of its parts, and of the worker's networks."""
    from make_demo import add_volume
    from slicer_host import Host

    from SASANLib.phantom import head_phantom
    from SASANLib.volumes import read_volume

    with Host(testing=True) as host:
        panel = host.load_module("SASANTranslation").panel
        host.select_module("SASANTranslation")
        from panel_examples import translate

        image = read_volume(path) if path else head_phantom(SHAPE, SPACING).mr
        volume = add_volume(image, "head", "MR")
        panel.logic.translate(add_volume(head_phantom((28, 28, 24), 7.0).mr, "warm-up", "MR"))
        panel.parameters.inputVolume = volume
        runs, start = [], panel.logic.start
        panel.logic.start = lambda *arguments: runs.append(start(*arguments)) or runs[-1]
        began = time.perf_counter()
        state = translate(panel, seconds=3600)
        took = time.perf_counter() - began
        if state != "done":
            raise RuntimeError(panel.ui.statusLabel.text)
        return {"voxels": list(image.shape[::-1]), "total": took, "networks": runs[0].seconds["networks"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", type=Path, help="a head MR (default: the built-in phantom)")
    parser.add_argument("--opening", action="store_true", help="only open the panel once, and print JSON")
    arguments = parser.parse_args()
    if arguments.opening:
        print(json.dumps(opening()))
        return
    command = [sys.executable, __file__, "--opening"]
    runs = [json.loads(subprocess.check_output(command, text=True).splitlines()[-1]) for _ in range(REPEATS)]
    first, second = (1000 * min(run[key] for run in runs) for key in ("first", "second"))
    print(f"opening the panel               {second:.0f} ms; {first:.0f} ms with what the host parses once")
    took = click(arguments.input)
    rest = took["total"] - took["networks"]
    size = "×".join(map(str, took["voxels"]))
    print(f"warm click, {size:<20}{took['total']:.1f} s, networks {took['networks']:.1f} s, ", end="")
    print(f"everything else {rest:.1f} s  {100 * rest / took['total']:.1f} %")


if __name__ == "__main__":
    main()
