"""The answer to "compare"."""

from dataclasses import asdict

from SASANLib.evaluation.comparison import compare as measure
from SASANLib.worker.arrays import check_folder, read_labels, read_volume, write_array
from SASANLib.worker.failures import blaming
from SASANLib.worker.reporter import Reporter
from SASANLib.worker.requests import Compare

DIFFERENCE = "difference.npy"


def compare(request: Compare, reporter: Reporter) -> dict:
    """The fields of the result.

    Raises:
        Failure: whatever went wrong.
        Cancelled: the client asked for it.
    """
    with blaming("disk"):
        check_folder(request.folder)
    reporter.stage("Comparing with the reference")
    with blaming("input"):
        synthetic = read_volume(request.synthetic)
        labels = request.segmentation
        found = measure(
            synthetic,
            read_volume(request.reference),
            modality=request.modality,
            units=request.units,
            segmentation=None if labels is None else read_labels(labels, synthetic),
            labels=[(label.value, label.name) for label in request.labels],
            name=request.reference.name,
            check=reporter.check,
            notice=reporter.notice,
        )
    reporter.check()
    with blaming("disk"):
        write_array(request.folder / DIFFERENCE, found.difference)
    return {
        "files": {"difference": DIFFERENCE},
        "metrics": {"mae": found.mae, "psnr": found.psnr, "ssim": found.ssim, "voxels": found.voxels},
        "classes": [asdict(error) for error in found.classes],
    }
