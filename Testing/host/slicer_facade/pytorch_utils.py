"""The module PyTorchUtils of the extension PyTorch, as far as a panel may go: it imports torch into Slicer."""


class PyTorchUtilsLogic:
    """Refuses what would load torch into Slicer's own process, which can crash it."""

    def installTorch(self, askConfirmation=False, forceComputationBackend=None, torchVersionRequirement=None):
        raise AssertionError("torch must never be imported into Slicer")

    @property
    def torch(self):
        raise AssertionError("torch must never be imported into Slicer")
