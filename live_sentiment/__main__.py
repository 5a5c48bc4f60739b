"""`python -m live_sentiment` is the command `live-sentiment`."""

import sys

from live_sentiment.console.main import main

sys.exit(main())
