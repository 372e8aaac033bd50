"""What `make screenshots` runs: the panel, driven as a user would, and pictures of it for the README.

python Testing/host/make_screenshots.py [--output FOLDER]
"""

import argparse
import sys
from pathlib import Path

import slicer
from make_demo import add_volume, read_input
from panel_examples import translate, wait_until
from slicer_host import Host

WIDTH, HEIGHT = 1400, 900


def translate_picture(host, panel, output):
    """The panel after a click on Translate, with the synthetic volume in the standard views."""
    panel.ui.uncertaintyCheckBox.click()
    if translate(panel, seconds=3600) != "done":
        raise RuntimeError(panel.ui.statusLabel.text)
    host.screenshot(output / "translate.png", WIDTH, HEIGHT)


def inspect_picture(host, panel, output):
    """Attention over the anatomy, with the mouse on it."""
    from SASANTranslationLib.views import content_extent

    inspect = panel.inspect
    panel.ui.translateCollapsibleButton.collapsed = True
    panel.ui.resultsCollapsibleButton.collapsed = True
    inspect.ui.inspectButton.click()
    host.app.processEvents()
    name = slicer.app.layoutManager().sliceViewNames()[0]
    host.hover(name, content_extent(inspect.nodes.source).focus)
    host.screenshot(output / "inspect.png", WIDTH, HEIGHT)


def compare_picture(host, panel, known, output):
    """The synthetic CT against the phantom's own."""
    inspect = panel.inspect
    inspect.ui.inspectMapsButton.collapsed = True
    inspect.ui.inspectCompareButton.collapsed = False
    panel.parameters.referenceVolume = known
    inspect.ui.compareButton.click()
    wait_until(lambda: slicer.util.getNodesByClass("vtkMRMLTableNode"), seconds=600)
    host.app.processEvents()
    host.screenshot(output / "compare.png", WIDTH, HEIGHT)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("Resources/Screenshots"))
    output = parser.parse_args().output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    with Host(testing=True) as host:
        panel = host.load_module("SASANTranslation").panel
        host.select_module("SASANTranslation")
        name, image, known = read_input(None)
        panel.parameters.inputVolume = add_volume(image, name, "MR")
        known = add_volume(known, f"{name}: known CT", "CT")
        translate_picture(host, panel, output)
        inspect_picture(host, panel, output)
        compare_picture(host, panel, known, output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
