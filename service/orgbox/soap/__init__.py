"""How it is said: the only package that knows Spyne and envelopes."""
