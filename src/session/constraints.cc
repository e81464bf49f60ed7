// SET CONSTRAINTS, and deferred constraints at COMMIT.
#include <algorithm>

#include "parser/ast_object.h"
#include "parser/ast_table.h"
#include "parser/ast_utility.h"
#include "planner/physical_plan.h"
#include "session/session_state.h"

namespace phantom::session {

Status SessionState::DecideDeferred(bool all) {
  if (!deferred.pending()) return Status::Ok();
  Portal portal;
  portal.snapshot = block.transaction().TakeSnapshot();
  FillContext(&portal.context, portal);
  return all ? deferred.DecideAll(portal.context) : deferred.DecideImmediate(portal.context);
}

Status SessionState::CheckNotInUse(const parser::Node& statement) {
  const auto is_open = [this](const auto& entry) { return entry.second->execution != nullptr; };
  if (!deferred.pending() && std::none_of(portals.begin(), portals.end(), is_open)) return Status::Ok();
  std::vector<catalog::QualifiedName> names;
  const char* command = nullptr;
  switch (statement.kind) {
    case parser::NodeKind::kAlterTableStmt: {
      const parser::RangeVar& range = *parser::Cast<parser::AlterTableStmt>(statement).relation;
      names.push_back({range.schema, range.name, range.location});
      command = "ALTER TABLE";
      break;
    }
    case parser::NodeKind::kCreateIndexStmt: {
      const parser::RangeVar& range = *parser::Cast<parser::CreateIndexStmt>(statement).relation;
      names.push_back({range.schema, range.name, range.location});
      command = "CREATE INDEX";
      break;
    }
    case parser::NodeKind::kTruncateStmt:
      for (const parser::RangeVar* range : parser::Cast<parser::TruncateStmt>(statement).relations) {
        names.push_back({range->schema, range->name, range->location});
      }
      command = "TRUNCATE";
      break;
    case parser::NodeKind::kDropStmt: {
      const auto& drop = parser::Cast<parser::DropStmt>(statement);
      if (drop.object_type != parser::ObjectType::kTable) return Status::Ok();
      for (const parser::Node* object : drop.objects) {
        const parser::NameList name = parser::Cast<parser::StringList>(*object).names;
        names.push_back({name.size() > 1 ? name[name.size() - 2] : std::string_view(), name.back(), -1});
      }
      command = "DROP TABLE";
      break;
    }
    default:
      return Status::Ok();
  }
  for (const catalog::QualifiedName& name : names) {
    ASSIGN_OR_RETURN(const catalog::TableRef table, catalog.FindTable(name));
    if (table == nullptr) continue;
    const auto reads = [&](const auto& entry) {
      const Portal& portal = *entry.second;
      return portal.execution != nullptr && portal.plan != nullptr &&
             std::any_of(portal.plan->tables.begin(), portal.plan->tables.end(),
                         [&](const planner::UsedTable& used) { return used.table->oid == table->oid; });
    };
    if (std::any_of(portals.begin(), portals.end(), reads)) {
      return Errorf(sqlstate::kObjectInUse, "cannot %s \"%s\" because it is being used by active queries in this session",
                    command, table->name.c_str());
    }
    ASSIGN_OR_RETURN(const bool concerned, deferred.HasEvents(table->oid));
    if (concerned) {
      return Errorf(sqlstate::kObjectInUse, "cannot %s \"%s\" because it has pending trigger events", command,
                    table->name.c_str());
    }
  }
  return Status::Ok();
}

Result<UtilityResult> SessionState::RunSetConstraints(const parser::Node& node) {
  const auto& set = parser::Cast<parser::ConstraintsSetStmt>(node);
  if (!block.in_block()) {
    Warning(sqlstate::kNoActiveSqlTransaction, "SET CONSTRAINTS can only be used in transaction blocks");
  }
  std::vector<Oid> named;
  for (const parser::RangeVar* name : set.constraints) {
    std::vector<Oid> schemas;
    if (!parser::IsNull(name->catalog) && name->catalog != database_name) {
      return Errorf(sqlstate::kFeatureNotSupported, "cross-database references are not implemented: \"%s.%s.%s\"",
                    std::string(name->catalog).c_str(), std::string(name->schema).c_str(),
                    std::string(name->name).c_str());
    }
    if (parser::IsNull(name->schema)) {
      ASSIGN_OR_RETURN(schemas, catalog.SearchPath(true));
    } else {
      ASSIGN_OR_RETURN(const std::shared_ptr<const catalog::Schema> schema, catalog.SchemaOrError(name->schema));
      schemas.push_back(schema->oid);
    }
    // All of that name in the first schema that has one.
    bool found = false;
    for (const Oid schema : schemas) {
      ASSIGN_OR_RETURN(const std::vector<catalog::Constraint> constraints, catalog.ConstraintsByName(schema, name->name));
      for (const catalog::Constraint& constraint : constraints) {
        found = true;
        if (constraint.deferrable) {
          named.push_back(constraint.oid);
        } else if (set.deferred) {
          return Errorf(sqlstate::kWrongObjectType, "constraint \"%s\" is not deferrable",
                        std::string(name->name).c_str());
        }
      }
      if (found) break;
    }
    if (!found) {
      return Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" does not exist", std::string(name->name).c_str());
    }
  }
  if (set.constraints.empty()) deferred.SetAll(set.deferred);
  for (const Oid constraint : named) deferred.Set(constraint, set.deferred);
  if (!set.deferred) RETURN_IF_ERROR(DecideDeferred(false));
  return UtilityResult{"SET CONSTRAINTS"};
}

}  // namespace phantom::session
