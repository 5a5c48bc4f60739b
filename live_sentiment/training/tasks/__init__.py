"""One training for each part that ships: face, voice, text, fusion."""
