"""Throwing bytes at every door: `make fuzz`, or `python -m fuzz [TARGET ...] --seconds N`.

A target (`targets.TARGETS`) takes bytes and raises when a promise is broken: an answer in its form, no
error nobody foresaw, no second of processor time. atheris drives it by coverage (`guided`), hypothesis and
the corpus drive it in the tests. `corpus/<target>.txt` has one input a line, as a bytes literal of Python.
"""
