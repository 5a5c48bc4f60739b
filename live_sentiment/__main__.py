"""The program `live-sentiment`: one process that runs one command, also as `python -m live_sentiment`.

Nothing is imported up here: until the `try` is reached, Ctrl-C is a traceback.
"""

import sys


def main() -> int:
    """Run the command that this process was started for; returns its exit code."""
    try:
        from live_sentiment.console import process

        with process.prepared() as leaving_with:
            from live_sentiment.console.main import main as run

            return leaving_with(run())
    except KeyboardInterrupt:
        sys.stderr.write("live-sentiment: interrupted\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
