"""The Slicer module SASANTranslation: no panel yet, it puts the library `SASANLib` within Slicer's reach."""

from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import ScriptedLoadableModule


class SASANTranslation(ScriptedLoadableModule):
    """Loading this module puts its folder, and with it `SASANLib`, on Slicer's Python path.

    Nothing of the library is imported here: it needs torch, which Slicer does not bring.
    """

    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("SASAN Translation")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Image Synthesis")]
        parent.dependencies = []
        parent.contributors = ["SASAN contributors"]
        # Hidden until there is a panel to show.
        parent.hidden = True
        parent.helpText = _(
            "Brings the Python library SASANLib, which translates medical images between modalities (MR to CT"
            " and back), into Slicer. It has no panel yet: use the library from Python, or the command-line"
            " program <code>sasan</code>. See the"
            ' <a href="https://github.com/SASAN-project/SlicerSASAN">project page</a>.'
            " Synthetic images are not for diagnosis."
        )
        parent.acknowledgementText = _(
            "The method is that of Tomar, Lortkipanidze, Vray, Bozorgtabar and Thiran, Self-Attentive"
            " Spatial Adaptive Normalization for Cross-Modality Domain Adaptation, IEEE Transactions on"
            " Medical Imaging 40(10), 2021."
        )
