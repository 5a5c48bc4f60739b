"""The files of a session: recorded, repaired, and read with distrust."""
