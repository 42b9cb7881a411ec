"""How it is said: the only package that knows Spyne and envelopes."""

from orgbox.soap import compat as compat  # before any module of the package imports Spyne
