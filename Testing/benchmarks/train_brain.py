"""Train the shipped model `brain-mr-ct` from the SynthRAD2023 brain slices: `make train-brain`.

Draws labels from the CT by HU thresholds, prepares the data, and trains the job below; called again, it goes on from
the job's last checkpoint. The data set's own README says where it comes from and what may be done with it.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from SASANLib.body import body_mask
from SASANLib.card import Code, GridCard, LabelCard, Terminology
from SASANLib.cli.train import train_job
from SASANLib.files import atomic_folder
from SASANLib.training.config import TrainingConfig
from SASANLib.training.job import Job
from SASANLib.training.preparation import DomainSource, PreparationConfig
from SASANLib.training.prepare import prepare

HERE = Path(__file__).parent
AIR_CAVITY, SOFT_TISSUE, BONE = 1, 2, 3
AIR_BELOW_HU, BONE_ABOVE_HU = -300, 250
SKIN_MM = 2  # a rim of the head whose dark pixels are outside air seen through partial volume, not cavities
CT_WINDOW_HU = (-1000.0, 2000.0)
VALIDATION_SUBJECTS = 20


def _terminology(category: tuple[str, str], kind: tuple[str, str]) -> Terminology:
    codes = [Code(value=value, meaning=meaning) for value, meaning in (category, kind)]
    return Terminology(category=codes[0], type=codes[1])


TISSUE = ("85756007", "Tissue")
LABELS = (
    LabelCard(
        value=AIR_CAVITY,
        name="air cavity",
        color=(90, 170, 230),
        snomed=_terminology(("91723000", "Anatomical Structure"), ("2748008", "Spatial cavity")),
    ),
    LabelCard(
        value=SOFT_TISSUE,
        name="soft tissue",
        color=(220, 130, 100),
        snomed=_terminology(TISSUE, ("87784001", "Soft tissue")),
    ),
    LabelCard(value=BONE, name="bone", color=(241, 214, 145), snomed=_terminology(TISSUE, ("3138006", "Bone"))),
)


def labels_of(ct: sitk.Image, mask: sitk.Image) -> sitk.Image:
    """Air cavity, soft tissue and bone by HU in the head that lies inside the mask; 0 outside.

    The data set's masks reach a centimetre into the air around the head, so the head itself is found in the CT.
    """
    hu = sitk.GetArrayFromImage(ct)
    head = body_mask(hu, "HU", ct.GetSpacing()) & (sitk.GetArrayFromImage(mask) > 0)
    flat = [0 if n == 1 else SKIN_MM for n in ct.GetSize()]
    inside = sitk.GetArrayFromImage(sitk.BinaryErode(sitk.GetImageFromArray(head.astype(np.uint8)), flat)) > 0
    labels = np.where(head, SOFT_TISSUE, 0).astype(np.uint8)
    labels[head & (hu > BONE_ABOVE_HU)] = BONE
    labels[inside & (hu < AIR_BELOW_HU)] = AIR_CAVITY
    image = sitk.GetImageFromArray(labels)
    image.CopyInformation(ct)
    return image


def draw_labels(data: Path, output: Path) -> None:
    with atomic_folder(output) as folder:
        for path in sorted((data / "CT").glob("*.nii.gz")):
            mask = sitk.ReadImage(str(data / "mask" / path.name))
            sitk.WriteImage(labels_of(sitk.ReadImage(str(path)), mask), str(folder / path.name), True)


def preparation(data: Path, labels: Path) -> PreparationConfig:
    return PreparationConfig(
        domains={
            "a": DomainSource(name="MR", modality="MR", images=data / "MR", labels=labels, percentiles=(0.5, 99.5)),
            "b": DomainSource(name="CT", modality="CT", images=data / "CT", labels=labels, window=CT_WINDOW_HU),
        },
        labels=LABELS,
        paired=True,
        masks=data / "mask",
        grid=GridCard(planes=("axial", "coronal", "sagittal"), spacing_mm=1.0, size=256),
        validation_subjects=VALIDATION_SUBJECTS,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with MR/, CT/ and mask/")
    parser.add_argument("--job", type=Path, required=True, help="job folder, new or to be resumed")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--settings", type=Path, default=HERE / "brain-mr-ct.json", help="of a new job")
    arguments = parser.parse_args()
    work = arguments.job.parent / "brain-mr-ct-data"
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "labels").exists():
        draw_labels(arguments.data, work / "labels")
    if not (work / "prepared").exists():
        prepare(preparation(arguments.data, work / "labels"), work / "prepared")
    job = Job(arguments.job)
    if not job.config_file.exists():
        settings = json.loads(arguments.settings.read_text(encoding="utf-8"))
        about = json.loads((HERE / "brain-mr-ct-about.json").read_text(encoding="utf-8"))
        Job.create(arguments.job, TrainingConfig(data=(work / "prepared").resolve(), about=about, **settings))
    return train_job(job, arguments.device)


if __name__ == "__main__":
    sys.exit(main())
