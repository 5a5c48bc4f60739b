"""Why an utterance was read as it was: what its words and its way of speaking did to the fused result."""
