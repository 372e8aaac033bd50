"""What a client may ask for. Anything else is refused with one sentence."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from SASANLib.card_types import Plane
from SASANLib.complaints import first_complaint

Output = Literal["synthetic", "attention", "segmentation", "uncertainty"]
_Number = Annotated[float, Field(allow_inf_nan=False)]
_Row = Annotated[list[_Number], Field(min_length=4, max_length=4)]
Matrix = Annotated[list[_Row], Field(min_length=4, max_length=4)]


def _absolute(path: Path) -> Path:
    # A relative path would mean something else here than where the client was started.
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Request(_Part):
    """What all requests have: their kind, and a number that the events about them carry."""

    request: str
    id: int


class Hello(Request):
    """Import torch, and say what runs here."""

    request: Literal["hello"]


class Devices(Request):
    """List the devices again."""

    request: Literal["devices"]


class VolumeFile(_Part):
    """An array (k, j, i) and its place, (i, j, k, 1) → RAS in mm. Messages and the provenance call it `name`."""

    file: AbsolutePath
    ijk_to_ras: Matrix
    name: Annotated[str, Field(min_length=1, max_length=1000)] = "the volume"


class LabelFile(_Part):
    """A labelmap on the synthetic volume's grid; where it says where it lies, it is held to that."""

    file: AbsolutePath
    ijk_to_ras: Matrix | None = None
    name: Annotated[str, Field(min_length=1, max_length=1000)] = "the segmentation"


class Translate(Request):
    """Translate `input` into `folder`, which must exist. planes, flips: None as `Translator.translate` has it."""

    request: Literal["translate"]
    model: AbsolutePath
    direction: str
    device: str = "auto"
    planes: Annotated[list[Plane], Field(min_length=1)] | None = None
    flips: bool | None = None
    input: VolumeFile
    folder: AbsolutePath
    outputs: Annotated[list[Output], Field(min_length=1)]


class Label(_Part):
    """A class of the segmentation."""

    value: Annotated[int, Field(ge=0, le=255)]
    name: str


class Compare(Request):
    """Measure `synthetic` against `reference`; write their difference into `folder`, which must exist."""

    request: Literal["compare"]
    synthetic: VolumeFile
    reference: VolumeFile
    segmentation: LabelFile | None = None
    labels: list[Label] = []
    modality: Literal["CT", "MR"]
    units: Literal["HU", "a.u."]
    folder: AbsolutePath


class Import(Request):
    """Check the model bundle `source`, a folder or .zip, and copy it into the folder `root`."""

    request: Literal["import"]
    source: AbsolutePath
    root: AbsolutePath
    replace: bool = False


class Cancel(Request):
    """End the request `target`, whether it runs or waits. One that is unknown or done is none of its business."""

    request: Literal["cancel"]
    target: int


class Quit(Request):
    """End the process."""

    request: Literal["quit"]


_KINDS = {
    kind.model_fields["request"].annotation.__args__[0]: kind
    for kind in (Hello, Devices, Translate, Compare, Import, Cancel, Quit)
}


class BadRequest(ValueError):
    """A line that is no request; `id` is its number where it has one."""

    def __init__(self, message: str, id: int | None = None) -> None:
        super().__init__(message)
        self.id = id


def parse(line: bytes) -> Request:
    """The request in a line.

    Raises:
        BadRequest: with one sentence.
    """
    try:
        fields = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            f"The worker was sent a line that is not JSON: {line[:60].decode('utf-8', 'replace')!r}."
        ) from error
    if not isinstance(fields, dict):
        raise BadRequest("The worker was sent JSON that is not an object.")
    number = fields.get("id")
    number = number if type(number) is int else None  # True is an int to isinstance
    name = fields.get("request")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BadRequest(f"The worker knows no request {name!r}.", number)
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise BadRequest(f"The request {name} is not valid: {first_complaint(error)}.", number) from error
