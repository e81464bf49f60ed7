// catalog/acl_change.h
//
// How GRANT and REVOKE change a list of privileges, and what pg_shdepend says of the roles named in one.
#pragma once
#include "catalog/acl.h"
#include "catalog/definitions.h"
#include "common/status.h"

namespace phantom::catalog {

class SystemStore;

void GiveTo(Acl& acl, Oid grantee, Oid grantor, AclMode privileges, bool grant_option);
// Takes privileges (or only the options to grant them) away, and what was granted on by virtue of them.
// False when something depends on them and cascade was not asked for.
bool TakeFrom(Acl& acl, Oid grantee, Oid grantor, Oid owner, AclMode privileges, bool option_only, bool cascade);

// Roles named in an object's list cannot be dropped. `database` is 0 for objects all databases share.
Status RecordAclRoles(SystemStore& store, Oid database, const ObjectAddress& object, const Acl& list, Oid owner);

}  // namespace phantom::catalog
