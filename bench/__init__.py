"""Side-by-side measurements: Orgbox, its peers and the limits, in one run on one machine.

    python -m bench                    everything, in about ten minutes
    python -m bench peers --quick      one part, shorter

Absolute figures drift with the machine; the ratios within a run are what counts. What is measured and
how to read it: docs/performance.md.
"""
