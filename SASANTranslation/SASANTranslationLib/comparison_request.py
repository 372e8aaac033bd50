"""What the worker is asked to compare a synthetic volume with its reference."""

from SASANTranslationLib.transfer import check_input


def comparison_request(nodes, reference, folder):
    """The fields of a "compare" request for a run (`TranslationNodes`); its volumes are written into `folder`.

    Raises:
        TranslationError: a reference that is no image, or a full disk.
    """
    check_input(reference)
    units = nodes.synthetic.GetVoxelValueUnits()
    is_ct = units is not None and units.GetCodeValue() == "[hnsf'U]"
    labels = nodes.segmentation
    return {
        "synthetic": folder.write_input(nodes.synthetic, name="synthetic"),
        "reference": folder.write_input(reference, name="reference"),
        "segmentation": folder.write_input(labels, name="segmentation") if labels is not None else None,
        "labels": _labels(labels) if labels is not None else [],
        "modality": "CT" if is_ct else "MR",
        "units": "HU" if is_ct else "a.u.",
        "folder": str(folder.path),
    }


def _labels(segmentation):
    display = segmentation.GetDisplayNode()
    table = display.GetColorNode() if display is not None else None
    if table is None:  # the user may have deleted it
        return []
    values = [value for value in range(1, table.GetNumberOfColors()) if table.GetColorDefined(value)]
    return [{"value": value, "name": table.GetColorName(value)} for value in values]
