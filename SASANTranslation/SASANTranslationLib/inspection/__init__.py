"""Looking at a translation: attention maps over the images, values under the crosshair, views, comparison.

What the nodes and views do is in modules without Qt (`readout`, `maps`, `thumbnails`, `layouts`, `view_state`,
`stage`, `comparison`); `panel` and its sections are the widgets on top.
"""
