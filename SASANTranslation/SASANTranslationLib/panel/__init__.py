"""The Translate panel: one file per section, each on the widgets of SASANTranslation.ui that it names."""
