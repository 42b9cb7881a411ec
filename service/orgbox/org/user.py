"""A user as the calls see one: the fields they ask for, and what the user may do."""

from orgbox.frozen import value


@value
class User:
    """The user of a session: the fields that calls ask for, and the permissions."""

    id: str
    username: str
    name: str
    email: str
    profile_id: str
    role_id: str | None
    time_zone: str
    locale: str
    language: str
    user_type: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        """Whether the user has a permission, such as `ModifyAllData`."""
        return permission in self.permissions
