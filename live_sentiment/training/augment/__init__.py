"""What live use does to faces, voices and texts, done to the training data."""
