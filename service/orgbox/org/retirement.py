"""What an org no longer answers: login(), as Salesforce retires it, and old API versions.

`soap_login` plays the stages through. The texts are the service's own, as users of its Java client and of
OpenFn met them; the Partner WSDLs of 65.0 and 66.0 still declare the call, so the refusal is a fault.
"""

from orgbox.errors import ApiFault
from orgbox.org.settings import OrgSettings

_LAST_WITH_LOGIN = 64
_DISABLED = (
    "SOAP API login() is disabled by default in this org. "
    "Contact the org administrator to enable SOAP API login()."
)
_GONE = (
    "The SOAP Login operation is not available in the API version specified ({}.0). "
    "Refer to the documentation for supported versions."
)


def check_login(settings: OrgSettings, version: int) -> None:
    """Raises ApiFault INVALID_OPERATION where login() is retired, UNSUPPORTED_API_VERSION."""
    check_version(settings, version)
    stage = settings.soap_login
    if stage == "disabled":
        raise ApiFault("INVALID_OPERATION", _DISABLED)
    if stage == "retired" or (stage == "retiring" and version > _LAST_WITH_LOGIN):
        raise ApiFault("INVALID_OPERATION", _GONE.format(version))


def check_version(settings: OrgSettings, version: int) -> None:
    """Raises ApiFault UNSUPPORTED_API_VERSION for a version the org has retired."""
    if version < settings.oldest_version:
        raise ApiFault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
