"""The cards beside the shipped weights."""
