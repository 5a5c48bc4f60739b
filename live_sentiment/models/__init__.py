"""What is learnt: networks and their weights, without the state of any stream."""
