"""`SampleData`: nothing is downloaded, the head is a phantom that is built in a tenth of a second."""

import slicer


class SampleDataSource:
    """A registered data set; the arguments are Slicer's."""

    def __init__(self, **description):
        self.__dict__.update(description)


class SampleDataLogic:
    """The head of `SASANLib.phantom` as MRHead; other data sets are what was registered, and cannot be had."""

    #: Every category's sources.
    sources = {}  # noqa: RUF012
    #: Size of the head: coarse, so that it is there at once.
    shape, spacing_mm = (48, 60, 60), 4.0
    #: What a test wants to happen instead: an exception to raise.
    failure = None

    @staticmethod
    def registerCustomSampleDataSource(
        category="Custom",
        sampleName=None,
        uris=None,
        fileNames=None,
        nodeNames=None,
        customDownloader=None,
        thumbnailFileName=None,
        loadFileType=None,
        loadFiles=None,
        loadFileProperties=None,
        checksums=None,
    ):
        if not sampleName:
            raise ValueError("sampleName must be specified")
        description = dict(locals())
        SampleDataLogic.sources.setdefault(category, []).append(SampleDataSource(**description))

    def __init__(self, logMessage=None):
        self.logMessage = logMessage or (lambda *arguments: None)

    def downloadMRHead(self):
        """Add the head to the scene and return its node."""
        from SASANLib.phantom import head_phantom

        if self.failure is not None:
            raise self.failure
        self.logMessage("<b>Requested MRHead</b>")
        head = head_phantom(self.shape, self.spacing_mm).mr
        node = slicer.util.addVolumeFromArray(head.array.round().astype("int16"), head.affine, "MRHead")
        slicer.util.setSliceViewerLayers(background=node, fit=True)
        return node

    def downloadSample(self, sampleName):
        if sampleName != "MRHead":
            raise RuntimeError(f"The host has no sample {sampleName!r}.")
        return self.downloadMRHead()


def downloadSample(sampleName):
    return SampleDataLogic().downloadSample(sampleName)


def restart():
    """Forget what was registered and set with an earlier host."""
    SampleDataLogic.sources.clear()
    SampleDataLogic.failure = None
    SampleDataLogic.shape, SampleDataLogic.spacing_mm = (48, 60, 60), 4.0
