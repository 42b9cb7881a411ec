"""The two dialects of the API: one set of calls, said in two sets of namespaces.

Source: target namespaces of the enterprise and partner WSDLs; paths of their soap:address.
"""

from orgbox.frozen import value


@value
class Dialect:
    """`path` is its letter in the URL: `/services/Soap/c/…` or `/services/Soap/u/…`."""

    name: str
    path: str

    @property
    def tns(self) -> str:
        """Namespace of the API: calls, their results and headers."""
        return f"urn:{self.name}.soap.sforce.com"

    @property
    def ens(self) -> str:
        """Namespace of the SObjects and their fields."""
        return f"urn:sobject.{self.name}.soap.sforce.com"

    @property
    def fns(self) -> str:
        """Namespace of the faults."""
        return f"urn:fault.{self.name}.soap.sforce.com"


ENTERPRISE = Dialect("enterprise", "c")
PARTNER = Dialect("partner", "u")

BY_PATH = {dialect.path: dialect for dialect in (ENTERPRISE, PARTNER)}
BY_NAMESPACE = {dialect.tns: dialect for dialect in (ENTERPRISE, PARTNER)}
