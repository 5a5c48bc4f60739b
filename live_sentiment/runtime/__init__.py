"""One session: its threads, its watermarks, its overload, from a source to the sinks."""
