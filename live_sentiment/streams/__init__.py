"""What connects the stages: bounded channels and gauges."""
