// catalog/ddl/dependencies.h
//
// DROP: finds what depends on the objects, refuses or cascades as PostgreSQL does, and removes everything in an order
// in which nothing is left pointing at what is gone. Dependencies are the rows of pg_depend.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "catalog/catalog.h"
#include "catalog/definitions.h"
#include "common/status.h"

namespace phantom::catalog {

class Dependencies {
 public:
  explicit Dependencies(Catalog& catalog) : catalog_(catalog) {}

  // 2BP01 when something depends on an object, it may not go silently, and cascade was not asked for.
  Status Drop(const std::vector<ObjectAddress>& objects, bool cascade);
  // What Drop without cascading would say. Locks nothing.
  Status Check(const std::vector<ObjectAddress>& objects);
  // "table t", "constraint c on table t", "column a of table t" ...
  Result<std::string> Describe(const ObjectAddress& object);

 private:
  // How an object came to be dropped: it was named, or goes silently with another, or needs CASCADE.
  enum class Reason { kNamed, kSilent, kCascade };
  struct Target {
    ObjectAddress object;
    Reason reason;
    ObjectAddress because_of;
  };

  Status Collect(const ObjectAddress& object, Reason reason, const ObjectAddress& because_of);
  Result<bool> StillDepends(const ObjectAddress& dependent, const ObjectAddress& on);
  Status Report(bool cascade);
  Status Remove(const ObjectAddress& object);
  Status RemoveRelation(Oid relation);
  Status KeepIndexReads(Oid index, TreeId tree);
  Status RemoveColumn(Oid relation, int column);
  Status RemoveConstraint(Oid constraint);
  Status RemoveDefault(Oid attrdef);
  Status RemoveRows(Oid table, Oid index, Oid key);
  Result<std::string> DescribeRelation(Oid relation);
  Result<std::string> QualifiedIfHidden(Oid schema, const std::string& name, bool visible);

  Catalog& catalog_;
  std::vector<ObjectAddress> named_;
  bool locks_ = true;
  std::vector<Target> targets_;                  // in order of removal
  std::map<ObjectAddress, size_t> visited_;      // into targets_, or kInProgress
};

}  // namespace phantom::catalog
