"""Experiments: from an experiment's configuration to a folder with trained encoders, fuser and figures."""
