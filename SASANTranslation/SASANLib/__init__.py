"""SASAN: structure-preserving translation between MR and CT (or any two image domains) with attention maps."""

__version__ = "0.1.0"
