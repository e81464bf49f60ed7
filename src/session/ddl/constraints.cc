// Table and column constraints: keys, checks, foreign keys.
#include <algorithm>

#include "parser/ast_expr.h"
#include "session/ddl/runner.h"
#include "txn/lock_modes.h"

namespace phantom::session {

using parser::ConstraintType;

Result<int16_t> DdlRunner::KeyColumn(const catalog::Table& shape, std::string_view name) {
  int column = shape.FindColumn(name);
  if (column != 0) return static_cast<int16_t>(column);
  return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" named in key does not exist", std::string(name).c_str());
}

Result<catalog::ConstraintDefinition> DdlRunner::DefineConstraint(const parser::Constraint& node,
                                                                  const catalog::Table& shape, std::string_view column) {
  catalog::ConstraintDefinition constraint;
  if (!parser::IsNull(node.name)) constraint.name = node.name;
  constraint.deferrable = node.deferrable;
  constraint.deferred = node.initially_deferred;
  switch (node.type) {
    case ConstraintType::kCheck: {
      constraint.kind = catalog::ConstraintKind::kCheck;
      constraint.no_inherit = node.no_inherit;
      ASSIGN_OR_RETURN(constraint.check, BindStored(*node.expr, planner::ExpressionUse::kCheck, &shape, {}, ""));
      constraint.validated = !node.skip_validation;
      return constraint;
    }
    case ConstraintType::kPrimary:
    case ConstraintType::kUnique: {
      constraint.kind = node.type == ConstraintType::kPrimary ? catalog::ConstraintKind::kPrimaryKey
                                                              : catalog::ConstraintKind::kUnique;
      constraint.nulls_not_distinct = node.nulls_not_distinct;
      if (!column.empty()) {
        ASSIGN_OR_RETURN(int16_t number, KeyColumn(shape, column));
        constraint.columns.push_back(number);
      }
      for (std::string_view key : node.keys) {
        Result<int16_t> number = KeyColumn(shape, key);
        if (!number.ok()) return std::move(number).status().At(node.location);
        if (std::find(constraint.columns.begin(), constraint.columns.end(), *number) != constraint.columns.end()) {
          return Errorf(sqlstate::kDuplicateColumn, "column \"%s\" appears twice in %s constraint", std::string(key).c_str(),
                        node.type == ConstraintType::kPrimary ? "primary key" : "unique")
              .At(node.location);
        }
        constraint.columns.push_back(*number);
      }
      for (std::string_view included : node.including) {
        Result<int16_t> number = KeyColumn(shape, included);
        if (!number.ok()) return std::move(number).status().At(node.location);
        constraint.included.push_back(*number);
      }
      return constraint;
    }
    case ConstraintType::kForeign: {
      constraint.kind = catalog::ConstraintKind::kForeignKey;
      constraint.validated = !node.skip_validation;
      if (!column.empty()) {
        constraint.columns.push_back(static_cast<int16_t>(shape.FindColumn(column)));
      }
      RETURN_IF_ERROR(DefineForeignKey(node, shape, constraint));
      return constraint;
    }
    case ConstraintType::kExclusion:
      return Error(sqlstate::kFeatureNotSupported, "exclusion constraints are not supported").At(node.location);
    default:
      return Error(sqlstate::kInternalError, "unexpected constraint").At(node.location);
  }
}

namespace {

// The type an operator class sees: a domain's base.
Oid BaseType(catalog::Catalog& catalog, Oid type) {
  for (;;) {
    catalog::TypeRef row = catalog.TypeByOid(type);
    if (row == nullptr || row->kind != catalog::TypeKind::kDomain) return type;
    type = row->base_type;
  }
}

// The equality with which a referenced key column is compared to a referencing value; 0: there is none.
Oid EqualOperator(catalog::Catalog& catalog, Oid referenced, Oid referencing) {
  constexpr int16_t kEqual = 3;
  const catalog::OpclassRow* opclass = catalog.DefaultOpclass(referenced, catalog::oid::kAmBtree);
  if (opclass == nullptr) return 0;
  Oid right = BaseType(catalog, referencing);
  const catalog::Builtins& builtins = catalog.builtins();
  Oid left = opclass->input_type;
  if (const catalog::AmopRow* cross = builtins.Amop(opclass->family, left, right, kEqual)) return cross->operator_oid;
  const catalog::AmopRow* same = builtins.Amop(opclass->family, left, left, kEqual);
  if (same == nullptr) return 0;
  if (right == left || right == BaseType(catalog, referenced)) return same->operator_oid;
  const catalog::CastRow* cast = builtins.Cast(right, left);
  return cast != nullptr && cast->context == catalog::CastContext::kImplicit ? same->operator_oid : 0;
}

}  // namespace

Status DdlRunner::DefineForeignKey(const parser::Constraint& node, const catalog::Table& shape,
                                   catalog::ConstraintDefinition& constraint) {
  for (std::string_view name : node.fk_columns) {
    int column = shape.FindColumn(name);
    if (column == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" referenced in foreign key constraint does not exist",
                    std::string(name).c_str());
    }
    constraint.columns.push_back(static_cast<int16_t>(column));
  }
  constraint.on_update = static_cast<catalog::ForeignKeyAction>(node.fk_on_update != 0 ? node.fk_on_update : 'a');
  constraint.on_delete = static_cast<catalog::ForeignKeyAction>(node.fk_on_delete != 0 ? node.fk_on_delete : 'a');
  constraint.match = node.fk_match != 0 ? node.fk_match : 's';
  if (constraint.match == 'p') return Error(sqlstate::kFeatureNotSupported, "MATCH PARTIAL not yet implemented");
  for (std::string_view name : node.fk_delete_set_columns) {
    int column = shape.FindColumn(name);
    if (column == 0 || std::find(constraint.columns.begin(), constraint.columns.end(), column) == constraint.columns.end()) {
      return Errorf(sqlstate::kInvalidColumnReference,
                    "column \"%s\" referenced in ON DELETE SET action must be part of foreign key",
                    std::string(name).c_str());
    }
    constraint.delete_set_columns.push_back(static_cast<int16_t>(column));
  }

  // The referenced table may be the one being made: then its keys are not there yet, and the catalog is asked later.
  bool to_itself = shape.oid == 0 && node.pk_table->name == shape.name;
  if (to_itself) {
    ASSIGN_OR_RETURN(catalog::TableRef other, catalog_.FindTable(NameOf(*node.pk_table)));
    ASSIGN_OR_RETURN(Oid schema, catalog_.CreationSchema(node.pk_table->schema, catalog::Persistence::kPermanent));
    to_itself = other == nullptr || schema == shape.schema;
  }
  for (std::string_view name : node.pk_columns) constraint.referenced_names.emplace_back(name);
  if (to_itself) return Status::Ok();

  ASSIGN_OR_RETURN(catalog::TableRef referenced,
                   catalog_.OpenTable(NameOf(*node.pk_table), txn::LockMode::kShareRowExclusive));
  if (referenced->kind != catalog::RelationKind::kTable) {
    return Errorf(sqlstate::kWrongObjectType, "referenced relation \"%s\" is not a table", referenced->name.c_str());
  }
  if (referenced->is_system()) {
    return Errorf(sqlstate::kInsufficientPrivilege, "permission denied: \"%s\" is a system catalog", referenced->name.c_str());
  }
  RETURN_IF_ERROR(catalog_.CheckTablePrivilege(*referenced, catalog::acl::kReferences, catalog_.current_role()));
  constraint.referenced_table = referenced->oid;
  return ResolveReferencedKey(catalog_, shape, *referenced, constraint);
}

Status ResolveReferencedKey(catalog::Catalog& catalog, const catalog::Table& table, const catalog::Table& referenced,
                            catalog::ConstraintDefinition& constraint) {
  constraint.referenced_columns.clear();
  const catalog::Index* key = nullptr;
  if (constraint.referenced_names.empty()) {
    key = referenced.PrimaryKey();
    if (key == nullptr) {
      return Errorf(sqlstate::kUndefinedObject, "there is no primary key for referenced table \"%s\"",
                    referenced.name.c_str());
    }
    if (!key->immediate) {
      return Errorf(sqlstate::kObjectNotInPrerequisiteState,
                    "cannot use a deferrable primary key for referenced table \"%s\"", referenced.name.c_str());
    }
    for (const catalog::IndexKey& part : key->keys) constraint.referenced_columns.push_back(part.column);
  } else {
    for (const std::string& name : constraint.referenced_names) {
      int column = referenced.FindColumn(name);
      if (column == 0) {
        return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" referenced in foreign key constraint does not exist",
                      name.c_str());
      }
      constraint.referenced_columns.push_back(static_cast<int16_t>(column));
    }
  }
  if (constraint.columns.size() != constraint.referenced_columns.size()) {
    return Error(sqlstate::kInvalidForeignKey, "number of referencing and referenced columns for foreign key disagree");
  }
  bool deferrable = false;
  for (const catalog::Index& index : referenced.indexes) {
    if (key != nullptr) break;
    if (!index.unique || !index.valid || !index.predicate_sql.empty() ||
        index.keys.size() != constraint.referenced_columns.size()) {
      continue;
    }
    // The same set of columns, in any order.
    bool same = std::all_of(constraint.referenced_columns.begin(), constraint.referenced_columns.end(), [&](int16_t column) {
      return std::any_of(index.keys.begin(), index.keys.end(),
                         [&](const catalog::IndexKey& part) { return part.column == column; });
    });
    if (same && !index.immediate) deferrable = true;
    if (same && index.immediate) key = &index;
  }
  if (key == nullptr && deferrable) {
    return Errorf(sqlstate::kObjectNotInPrerequisiteState,
                  "cannot use a deferrable unique constraint for referenced table \"%s\"", referenced.name.c_str());
  }
  if (key == nullptr) {
    return Errorf(sqlstate::kInvalidForeignKey, "there is no unique constraint matching given keys for referenced table \"%s\"",
                  referenced.name.c_str());
  }
  constraint.referenced_index = key->oid;
  constraint.equal_operators.clear();
  for (size_t i = 0; i < constraint.columns.size(); ++i) {
    const catalog::Column& from = table.column(constraint.columns[i]);
    const catalog::Column& to = referenced.column(constraint.referenced_columns[i]);
    Oid equal = EqualOperator(catalog, to.type.oid, from.type.oid);
    if (equal == 0) {
      std::string name = constraint.name.empty() ? table.name + "_" + from.name + "_fkey" : constraint.name;
      return Errorf(sqlstate::kDatatypeMismatch, "foreign key constraint \"%s\" cannot be implemented", name.c_str())
          .Detail(Format("Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.", from.name.c_str(),
                         to.name.c_str(), catalog.FormatType(from.type).c_str(), catalog.FormatType(to.type).c_str()));
    }
    constraint.equal_operators.push_back(equal);
  }
  return Status::Ok();
}

}  // namespace phantom::session
