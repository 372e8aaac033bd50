"""What the SASANTranslation panel needs inside Slicer: results as MRML nodes, their colours, their views.

Uses `slicer` and `vtk` only; it never imports the library `SASANLib` or torch.
"""
