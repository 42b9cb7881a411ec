"""Words that fuzzers should not have to guess: those of the API's description, the catalogue and SOQL."""

from pathlib import Path

from orgbox.catalog.load import standard_catalog
from orgbox.soap.description import description

_SOQL = (
    "SELECT FROM WHERE AND OR NOT IN LIKE GROUP BY HAVING ORDER ASC DESC NULLS FIRST LAST LIMIT OFFSET "
    "TYPEOF WHEN THEN ELSE END USING SCOPE FOR VIEW REFERENCE UPDATE ROLLUP CUBE COUNT() SUM( "
    "toLabel( FORMAT( convertTimezone( CALENDAR_MONTH( DISTANCE( GEOLOCATION( INCLUDES EXCLUDES FIND "
    "MIN( RETURNING FIELDS(ALL) TODAY LAST_N_DAYS:3 2024-02-29T00:00:00Z NULL TRUE '\\\\' != >= :x"
).split()
_FORMS = (
    "csrf_token first_name last_name email password repeated company username wanted org grant_type "
    "client_credentials refresh_token urn:ietf:params:oauth:grant-type:jwt-bearer assertion client_id "
    "client_secret /_orgbox/orgs/ /snapshots/ /clock /faults /services/oauth2/ /people /groups /invitations "
    "/mailbox /soql /calls /settings /users %00 %0d%0a {org} {session} 99999999999999999999 "
    "?before= ?limit= ?q= {\"advance\":1e308} {\"allowed_domains\":[1]} {\"session_seconds\":99 {\"seed\":\""
).split()
_XML = (
    "<![CDATA[ ]]> <!DOCTYPE <!ENTITY &amp; &#0; &#x10FFFF; xsi:nil=\"true\" xsi:type= mustUnderstand=\"1\" "
    "<?xml encoding=\"UTF-16\" xmlns= xmlns:xi=\"http://www.w3.org/2001/XInclude\" \ud800 \ufeff"
).split(" ")


def every() -> list[bytes]:
    """All of them."""
    catalog = standard_catalog()
    names = {f.name for sobject in catalog for f in sobject.fields} | {sobject.name for sobject in catalog}
    known = description()
    names |= {*known.headers, *known.calls}
    names |= {member.name for call in known.calls.values() for member in call.arguments}
    return [word.encode("utf-8", "surrogatepass") for word in sorted({*names, *_SOQL, *_FORMS, *_XML})]


def dictionary(folder: Path) -> Path:
    """A dictionary for libFuzzer, written into a folder."""
    file = folder / "words.dict"
    file.write_text("".join(f'"{_escaped(word)}"\n' for word in every()), "ascii")
    return file


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" if byte in b'"\\' or not 32 <= byte < 127 else chr(byte) for byte in data)
