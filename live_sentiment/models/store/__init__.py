"""The model store, its manifest and our own trained weights."""
