"""The stages that look, listen and read; each turns stamped media into stamped observations."""
