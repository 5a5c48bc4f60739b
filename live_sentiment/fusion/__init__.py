"""From a window of observations to one affect: fusers, attribution, calibration."""
