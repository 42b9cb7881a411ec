"""What describeGlobal(), describeSObjects() and getUserInfo() tell, as mappings by attribute name in snake
case. What is absent is said as the WSDL asks: required booleans are false, nillable members nil, optional
ones left out (describe of Lead, API 41.0).
"""

from typing import Any

from orgbox.catalog.load import Catalog
from orgbox.catalog.sobject import Field, SObject
from orgbox.errors import ApiFault, QueryFault, unknown_type_text
from orgbox.limits import Limits
from orgbox.org.org import Org
from orgbox.org.settings import OrgSettings
from orgbox.org.user import User

Described = dict[str, Any]

_CALL_FLAGS = {
    "createable": "create", "deletable": "delete", "queryable": "query",
    "replicateable": "getUpdated", "retrieveable": "retrieve", "searchable": "search",
    "undeletable": "undelete", "updateable": "update", "mergeable": "merge",
}  # fmt: skip
_TRAIT_FLAGS = {
    "activateable": "activateable", "custom_setting": "customSetting",
    "deprecated_and_hidden": "deprecatedAndHidden", "feed_enabled": "feedEnabled",
    "id_enabled": "idEnabled", "layoutable": "layoutable", "mru_enabled": "mruEnabled",
    "triggerable": "triggerable", "compact_layoutable": "compactLayoutable",
    "search_layoutable": "searchLayoutable",
}  # fmt: skip
_MASTER_RECORD_TYPE = "012000000000000AAA"


def find(catalog: Catalog, name: str) -> SObject:
    """The SObject of that name. Raises QueryFault INVALID_TYPE."""
    sobject = catalog.get(name)
    if sobject is None:
        raise QueryFault("INVALID_TYPE", unknown_type_text(name))
    return sobject


def describe_global(catalog: Catalog) -> Described:
    """DescribeGlobalResult: all SObjects in the order of their names."""
    sobjects = sorted(catalog, key=lambda s: s.name)
    return {
        "encoding": "UTF-8",
        "max_batch_size": 200,
        "sobjects": [_general(sobject) for sobject in sobjects],
    }


def check_count(count: int, limits: Limits) -> None:
    """Raises ApiFault EXCEEDED_MAX_TYPES_LIMIT when describeSObjects() is asked for too many."""
    if count > limits.types_per_describe:
        text = f"exceeded max number of objects to describe: {limits.types_per_describe}"
        raise ApiFault("EXCEEDED_MAX_TYPES_LIMIT", text)


def describe_sobject(catalog: Catalog, sobject: SObject, base_url: str) -> Described:
    """DescribeSObjectResult; addresses of pages begin with `base_url`."""
    pages = "layoutable" in sobject.traits
    return _general(sobject) | {
        "child_relationships": [
            {
                "cascade_delete": r.cascade_delete,
                "child_s_object": r.child,
                "deprecated_and_hidden": False,
                "field": r.field,
                "relationship_name": r.name,
            }
            for r in catalog.child_relationships[sobject.name]
        ],
        "fields": [_field(f) for f in sobject.fields],
        "record_type_infos": [_master_record_type()] if pages else [],
        "supported_scopes": [{"label": label, "name": name} for name, label in sobject.scopes],
        "url_detail": f"{base_url}/{{ID}}" if pages else None,
        "url_edit": f"{base_url}/{{ID}}/e" if pages else None,
        "url_new": f"{base_url}/{sobject.key_prefix}/e" if pages else None,
    }


def _general(sobject: SObject) -> Described:
    """What both describeGlobal() and describeSObjects() say."""
    flags = {flag: sobject.supports(call) for flag, call in _CALL_FLAGS.items()}
    flags |= {flag: trait in sobject.traits for flag, trait in _TRAIT_FLAGS.items()}
    return flags | {
        "custom": sobject.custom,
        "key_prefix": sobject.key_prefix,
        "label": sobject.label,
        "label_plural": sobject.label_plural,
        "name": sobject.name,
    }


def _master_record_type() -> Described:
    return {
        "active": True,
        "available": True,
        "default_record_type_mapping": True,
        "developer_name": "Master",
        "master": True,
        "name": "Master",
        "record_type_id": _MASTER_RECORD_TYPE,
    }


def _field(f: Field) -> Described:
    return {
        "aggregatable": f.aggregatable,
        "auto_number": f.auto_number,
        "byte_length": f.byte_length,
        "case_sensitive": f.case_sensitive,
        "compound_field_name": f.compound,
        "createable": f.createable,
        "custom": f.custom,
        "default_value": f.default if f.type.name == "boolean" else None,
        "defaulted_on_create": f.defaulted_on_create,
        "digits": f.digits,
        "external_id": f.external_id or None,
        "extra_type_info": f.extra_type_info,
        "filterable": f.filterable,
        "groupable": f.groupable,
        "id_lookup": f.id_lookup,
        "label": f.label,
        "length": f.length,
        "name": f.name,
        "name_field": f.name_field,
        "name_pointing": f.polymorphic and f.relationship_name is not None,
        "nillable": f.nillable,
        "permissionable": f.permissionable,
        "picklist_values": [
            {"active": e.active, "default_value": e.default, "label": e.label, "value": e.value}
            for e in f.picklist
        ],
        "polymorphic_foreign_key": f.polymorphic,
        "precision": f.precision,
        "query_by_distance": f.type.name in ("address", "location"),
        "reference_to": list(f.reference_to),
        "relationship_name": f.relationship_name,
        "relationship_order": f.relationship_order,
        "restricted_picklist": f.restricted_picklist,
        "scale": f.scale,
        "soap_type": f.type.soap_type,
        "sortable": f.sortable,
        "type": f.type.name,
        "unique": f.unique,
        "updateable": f.updateable,
    }


def user_info(org: Org, user: User, settings: OrgSettings) -> Described:
    """GetUserInfoResult. Values the emulator has no setting for are those of captured logins."""
    return {
        "chatter_external": user.user_type == "CsnOnly" and not user.may("ChatterInternalUser"),
        "currency_symbol": "$",
        "org_attachment_file_size_limit": 5_242_880,
        "org_default_currency_iso_code": "USD",
        "org_default_currency_locale": "en_US",
        "organization_id": org.id,
        "organization_name": org.name,
        "profile_id": user.profile_id,
        "role_id": user.role_id,
        "session_seconds_valid": settings.session_seconds,
        "user_email": user.email,
        "user_full_name": user.name,
        "user_id": user.id,
        "user_language": user.language,
        "user_locale": user.locale,
        "user_name": user.username,
        "user_time_zone": user.time_zone,
        "user_type": user.user_type,
        "user_ui_skin": "Theme3",
    }
