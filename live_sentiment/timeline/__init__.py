"""Smoothing, episodes and turning points: from single results to a story."""
