"""Encoders by name: text, sound and pictures to sequences of embeddings, to train and to use."""
