"""The live results for other programs and for browsers: WebSocket, server-sent events, a page and metrics."""
