"""The names of the files in the folder of a session or of a replay."""

TIMELINE = "timeline.jsonl"
TRANSCRIPT = "transcript.vtt"
SESSION = "session.json"
"""Makes a folder the folder of a live session ..."""
MEDIA = "media.mkv"
"""... whose picture and sound are here."""
