"""What the pages and the control API are made of. Apart from them, so that a service can be put together
before Flask is loaded.
"""


from orgbox.frozen import value
from orgbox.metrics import Tally
from orgbox.org.calllog import CallLog
from orgbox.org.faults import Vocabulary
from orgbox.org.joining import Acceptance
from orgbox.org.lifecycle import Lifecycle
from orgbox.org.mailbox import Mailbox
from orgbox.org.registry import Orgs


@value
class Desk:
    """The parts that pages use. `version` is the API version of the console's own queries."""

    orgs: Orgs
    calls: CallLog
    external_url: str
    version: int
    joining: Acceptance
    mailbox: Mailbox


@value
class Control:
    """What the control API needs beside the desk. `chosen` tells a key that was set from a random one.

    `seed` is the path of the seed of orgs made without one, empty for Acme's; without `takes_published`
    no org is made that opens with what everybody can read.
    """

    lifecycle: Lifecycle
    words: Vocabulary
    key: str
    chosen: bool
    seed: str
    takes_published: bool
    tally: Tally
