"""Orgbox: a Salesforce org in a box, an emulator of the Salesforce SOAP API."""

__version__ = "0.1.0"
