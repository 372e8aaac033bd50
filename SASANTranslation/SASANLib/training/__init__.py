"""Training: configuration, prepared data, augmentation, objective, engine (paper sections 4.2 and 8.2)."""
