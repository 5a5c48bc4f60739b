"""live-sentiment: what a person feels, from voice, face and words on one clock."""

__version__ = "0.1.0"
