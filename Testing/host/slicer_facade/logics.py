"""The logics of Slicer's own modules, as far as slicer-core has them, behind `slicer.modules.<name>.logic()`."""

import slicer

#: Would load the dictionaries that only the application ships, and complain.
_WITHOUT_SCENE = ("Terminologies",)
_CLASSES = {
    "Volumes": "vtkSlicerVolumesLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
}


def make_logics(scene, application_logic):
    """{module name: logic}, observing the scene and known to the application's logic."""
    application_logic.SetModuleLogic("Colors", application_logic.GetColorLogic())
    logics = {}
    for name, class_name in _CLASSES.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application_logic)
        if name not in _WITHOUT_SCENE:
            logic.SetMRMLScene(scene)
        application_logic.SetModuleLogic(name, logic)
        logics[name] = logic
    return logics


def release_logics(logics, application_logic):
    """Let go of them, once the scene is empty. The scene stays theirs: some complain of one that is taken away."""
    for name, logic in logics.items():
        application_logic.SetModuleLogic(name, None)
        logic.SetMRMLApplicationLogic(None)
    application_logic.SetModuleLogic("Colors", None)
    logics.clear()
