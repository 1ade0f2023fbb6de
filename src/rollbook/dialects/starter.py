"""A first dialect file, to be changed: it passes ``rollbook dialect check`` as it is."""

SCHEMA_FILE = "dialect.schema.json"
"""The JSON Schema for editors, beside the dialect files and in this package."""

_STARTER = """\
#:schema ./dialect.schema.json
# How @TITLE@'s SCIM differs from the RFCs. `rollbook dialect check @NAME@.toml` says what is wrong with this file,
# `rollbook dialect diff @NAME@` what is different; `rollbook serve --dialects .` serves it.

name = "@NAME@"
extends = "standard"                  # or scim11, or another dialect: what is not said here is as it is there
title = "@TITLE@"
about = "What it is, in a sentence."
offers = ["search"]                   # beside the types: search, me, changes, bulk, define

[address]
bases = ["/@NAME@/scim"]              # below the host, and below /t/TENANT
# prefixes = ["/customers/{tenant}"]  # addresses before a base that name the tenant
# any_case = true                     # /users is /Users
# absent = ["/Bulk", "/Me"]           # 501: this product has no such thing

[pages]
default = 50
most = 100

[features]                            # what ServiceProviderConfig announces, and what is so
bulk = false
cursor = false
# patch = false
# filter = false                      # a filter is refused then, not ignored
# sort = false

[types.User]
operations = ["query", "search", "create", "retrieve", "replace", "modify", "delete"]
attributes = ["userName", "name.givenName", "name.familyName", "displayName", "active", "emails"]
others = "drop"                       # other attributes of the standard: drop (and note it), or refuse
# endpoint = "/people"

# [types.User.change.emails]          # other characteristics: mutability, returned, required, canonicalValues, most
# most = 1

[[types.User.extension]]              # attributes of the product's own (RFC 7643 §7)
id = "urn:example:@NAME@:2.0:User"
name = "@TITLE@ User"
description = "What @TITLE@ knows about a user."
attributes = [
  { name = "shelf", type = "string", description = "Where the user's things are." },
]

[types.Group]
operations = ["query", "retrieve"]    # [] : there are no groups

# [oauth]
# token_address = "/@NAME@/token"
# scopes = { "@NAME@.read" = ["scim.read"], "@NAME@.all" = ["scim.read", "scim.write"] }

# [settings.shelves]                  # what a tenant may set: rollbook tenant configure TENANT FILE.toml
# type = "texts"
# about = "The shelves that there are."

[[departure]]                         # each difference from a specification, with its clause and why
id = "A1"
clause = "RFC 7643 §4.1"
what = "A User has userName, name, displayName, active, emails and shelf."
why = "@TITLE@ knows no more about people."
# choice = true                       # it is our choice, not the product's word
"""


def starter(name: str) -> str:
    """The text of the file."""
    return _STARTER.replace("@NAME@", name).replace("@TITLE@", name.replace("-", " ").replace("_", " ").title())
