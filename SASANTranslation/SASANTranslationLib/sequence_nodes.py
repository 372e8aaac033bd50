"""Which sequence a node is a frame of: facts of Slicer's Sequences module, without its logic."""

from SASANTranslationLib.scene import scene_nodes


def browser_and_sequence(node):
    """(browser node, sequence node) that show their selected item in `node`; (None, None) for a plain node."""
    for browser in scene_nodes("vtkMRMLSequenceBrowserNode"):
        sequence = browser.GetSequenceNode(node)
        if sequence is not None:
            return browser, sequence
    return None, None


def browser_of(sequence):
    """The browser node that `sequence` is browsed with, or None."""
    browsers = scene_nodes("vtkMRMLSequenceBrowserNode")
    return next((browser for browser in browsers if browser.IsSynchronizedSequenceNodeID(sequence.GetID(), True)), None)


def proxy_of(sequence):
    """The node in the scene that shows the selected item of `sequence`, or None."""
    browser = browser_of(sequence)
    return browser.GetProxyNode(sequence) if browser is not None else None
