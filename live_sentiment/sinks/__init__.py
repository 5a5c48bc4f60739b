"""What is written of a session."""

from live_sentiment.sinks.protocol import Sink

__all__ = ["Sink"]
