// catalog/default_privileges.h
//
// ALTER DEFAULT PRIVILEGES: what a role's new objects may be used for, by rows of pg_default_acl. A row for a schema adds
// to what the role's row for all schemas (or, without one, the built-in default) gives.
//
// Thread safety: as the catalog's.
#pragma once
#include <string>
#include <vector>

#include "catalog/acl.h"
#include "common/status.h"

namespace phantom::catalog {

class Catalog;

struct DefaultPrivilegesChange {
  Oid role = 0;          // whose new objects
  Oid schema = 0;        // 0: in every schema
  char object_type = 0;  // 'r' tables and views, 'S' sequences, 'f' functions, 'T' types, 'n' schemas
  bool grant = true;
  bool grant_option = false;
  bool cascade = false;
  AclMode privileges = 0;  // 0: all
  std::vector<Oid> grantees;
};

Status ChangeDefaultPrivileges(Catalog& catalog, const DefaultPrivilegesChange& change);

// The list a new object starts with; nothing when it is the built-in one (stored as NULL).
Result<Acl> NewObjectAcl(Catalog& catalog, char object_type, Oid owner, Oid schema);

// "new relations belonging to role r in schema s": for pg_describe_object.
Result<std::string> DescribeDefaultPrivileges(Catalog& catalog, Oid row);
// Takes a role out of a row, or the row away when it is the role's own: DROP OWNED.
Status ForgetDefaultPrivileges(Catalog& catalog, Oid row, Oid role);

}  // namespace phantom::catalog
