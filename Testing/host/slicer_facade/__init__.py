"""What Slicer's application adds to slicer-core, as far as the panels use it. `slicer_host.Host` puts it together."""
