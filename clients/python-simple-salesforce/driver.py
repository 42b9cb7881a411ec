"""simple-salesforce signs in by SOAP and goes on by REST."""

import sys

from simple_salesforce import SalesforceLogin
from simple_salesforce.__version__ import __version__
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from matrix_steps import PASSWORD, USER, run, same

URL = sys.argv[1]
REST = "the library does this by REST"


class Driver:
    def login(self) -> str:
        session_id, host = SalesforceLogin(username=USER, password=PASSWORD, scratch_url=URL)
        same("00D00e000000001", session_id.partition("!")[0])
        try:
            SalesforceLogin(username=USER, password="wrong", scratch_url=URL)
        except SalesforceAuthenticationFailed as refusal:
            return f"to {host}; a wrong password is {same('INVALID_LOGIN', refusal.code)}"
        raise AssertionError("a wrong password was taken")

    invite = refused = query = queryMore = retrieve = describe = delete = REST
    logout = expired = "the library has no logout, and no other call by SOAP"


run("partner", f"simple-salesforce {__version__}", Driver())
