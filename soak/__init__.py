"""Long runs against the real command: processes killed under load, calls by the hundred thousand.

`make soak`, or `python -m soak kill --rounds 1000`. Everything is drawn from a seed, which a run that
finds something prints. Nothing here is part of the package.
"""
