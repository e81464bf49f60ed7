// Names, types, roles, expressions and options of DDL statements.
#include "catalog/ddl/rows.h"
#include "catalog/stored_sql.h"
#include "catalog/system_store.h"
#include "parser/ast_expr.h"
#include "planner/binder/binder.h"
#include "session/ddl/runner.h"
#include "txn/transaction.h"
#include "types/format_context.h"
#include "types/text_format.h"

namespace phantom::session {

using parser::DynCast;

catalog::QualifiedName DdlRunner::NameOf(const parser::RangeVar& range) {
  return {range.schema, range.name};
}

catalog::QualifiedName DdlRunner::NameOf(parser::NameList names, int32_t location) {
  catalog::QualifiedName name{{}, names.back(), location};
  if (names.size() >= 2) name.schema = names[names.size() - 2];
  return name;
}

Result<Oid> DdlRunner::TargetSchema(std::string_view schema, char persistence) {
  return catalog_.CreationSchema(schema, persistence == 't' ? catalog::Persistence::kTemporary
                                                            : catalog::Persistence::kPermanent);
}

Result<types::Type> DdlRunner::ResolveType(const parser::TypeName& name, Oid* collation) {
  types::Type type;
  if (name.percent_type) {
    catalog::QualifiedName relation = NameOf(name.names.subspan(0, name.names.size() - 1));
    ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.TableOrError(relation));
    int column = table->FindColumn(name.names.back());
    if (column == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist",
                    std::string(name.names.back()).c_str(), table->name.c_str())
          .At(name.location);
    }
    type = table->column(column).type;
  } else {
    ASSIGN_OR_RETURN(catalog::TypeRef row, catalog_.TypeOrError(NameOf(name.names, name.location)));
    while (row->oid >= catalog::kFirstUserOid) {
      // What is made of it needs it to stay; while the lock was awaited it may have gone.
      const Oid locked = row->oid;
      RETURN_IF_ERROR(catalog_.LockObject({catalog::oid::kPgType, locked}, txn::LockMode::kAccessShare));
      ASSIGN_OR_RETURN(row, catalog_.TypeOrError(NameOf(name.names, name.location)));
      if (row->oid == locked) break;
    }
    type.oid = row->oid;
    std::vector<int32_t> modifiers;
    for (const parser::Node* node : name.typmods) {
      const auto* constant = DynCast<parser::Constant>(node);
      if (constant == nullptr || (constant->type != parser::ConstantType::kInteger &&
                                  constant->type != parser::ConstantType::kString)) {
        return Error(sqlstate::kSyntaxError, "type modifiers must be simple constants or identifiers").At(name.location);
      }
      int32_t modifier = constant->integer;
      if (constant->type == parser::ConstantType::kString) {
        ASSIGN_OR_RETURN(modifier, types::ParseInt32(constant->text));
      }
      modifiers.push_back(modifier);
    }
    if (!modifiers.empty()) {
      if (row->typmod_in == 0) {
        return Errorf(sqlstate::kSyntaxError, "type modifier is not allowed for type \"%s\"",
                      std::string(row->name).c_str())
            .At(name.location);
      }
      Result<int32_t> typmod = types::TypmodFromModifiers(type.oid, modifiers);
      if (!typmod.ok()) return std::move(typmod).status().At(name.location);
      type.typmod = *typmod;
    }
  }
  catalog::TypeRef row = catalog_.TypeByOid(type.oid);
  if (!name.array_bounds.empty() && !row->is_array()) {
    if (row->array == 0) {
      return Errorf(sqlstate::kUndefinedObject, "could not find array type for data type %s",
                    catalog_.FormatType({type.oid}).c_str())
          .At(name.location);
    }
    type.oid = row->array;
    row = catalog_.TypeByOid(type.oid);
  }
  if (collation != nullptr) *collation = row->collation;
  return type;
}

Result<Oid> DdlRunner::ResolveCollation(parser::NameList names, int32_t location) {
  const catalog::CollationRow* row = catalog_.builtins().Collation(names.back());
  if (row != nullptr) return row->oid;
  return Errorf(sqlstate::kUndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist",
                std::string(names.back()).c_str())
      .At(location);
}

Result<Oid> DdlRunner::ResolveRole(const parser::RoleSpec& role) {
  switch (role.role) {
    case parser::RoleSpecType::kPublic:
      return catalog::oid::kRolePublic;
    case parser::RoleSpecType::kCurrentRole:
    case parser::RoleSpecType::kCurrentUser:
    case parser::RoleSpecType::kSessionUser:
      return catalog_.current_role();
    case parser::RoleSpecType::kName:
      break;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Role> found, catalog_.RoleOrError(role.name));
  return found->oid;
}

Result<catalog::ExpressionDefinition> DdlRunner::BindStored(const parser::Node& expression, planner::ExpressionUse use,
                                                            const catalog::Table* table, types::Type target,
                                                            std::string_view target_name, types::Type value_type) {
  Result<planner::BoundExpression> result =
      planner::BindExpression(expression, use, table, target, target_name, context_.planner, value_type);
  if (!result.ok()) {
    Status status = std::move(result).status();
    if (!gives_positions_) status.mutable_error().location = -1;
    return status;
  }
  planner::BoundExpression bound = std::move(result).value();
  catalog::ExpressionDefinition definition;
  definition.stored_sql = std::move(bound.stored_sql);
  for (int column : bound.columns) definition.columns.push_back(static_cast<int16_t>(column));
  for (Oid relation : bound.relations) definition.uses.push_back({catalog::oid::kPgClass, relation});
  for (Oid type : bound.types) definition.uses.push_back({catalog::oid::kPgType, type});
  return definition;
}

Result<catalog::ExpressionDefinition> DdlRunner::BindStored(std::string_view sql, planner::ExpressionUse use,
                                                            const catalog::Table* table, types::Type target,
                                                            std::string_view target_name) {
  std::vector<std::shared_ptr<const void>> parsed;
  ASSIGN_OR_RETURN(const parser::Node* expression, planner::ParseExpressionText(sql, parsed));
  Result<catalog::ExpressionDefinition> bound = BindStored(*expression, use, table, target, target_name);
  if (bound.ok()) return bound;
  Status status = std::move(bound).status();
  status.mutable_error().location = -1;
  return status;
}

catalog::Table DdlRunner::MakeShape(const Definition& definition) {
  catalog::Table shape;
  shape.name = definition.name;
  shape.schema = definition.schema;
  std::vector<types::Type> types;
  std::vector<types::Layout> layouts;
  for (const catalog::ColumnDefinition& column : definition.columns) {
    catalog::Column made;
    made.name = column.name;
    made.type = column.type;
    made.collation = column.collation;
    made.not_null = column.not_null;
    made.identity = column.identity;
    made.generated = column.generated;
    shape.columns.push_back(std::move(made));
  }
  return shape;
}

Status DdlRunner::CheckOwnsTable(const catalog::Table& table) {
  return catalog_.CheckOwner(table, catalog_.current_role());
}

Result<catalog::TableRef> DdlRunner::OpenForAlter(const parser::RangeVar& range, txn::LockMode mode, bool missing_ok) {
  const catalog::QualifiedName name = NameOf(range);
  ASSIGN_OR_RETURN(catalog::TableRef table, catalog_.OpenTableIfExists(name, mode, [&](const catalog::Table& found) -> Status {
    RETURN_IF_ERROR(CheckOwnsTable(found));
    if (!found.is_system()) return Status::Ok();
    return Errorf(sqlstate::kInsufficientPrivilege, "permission denied: \"%s\" is a system catalog", found.name.c_str());
  }));
  if (table != nullptr) return table;
  if (!missing_ok) return catalog_.TableOrError(name);
  catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "relation \"%s\" does not exist, skipping",
                         std::string(range.name).c_str()));
  return table;
}

Result<std::string> DdlRunner::OptionText(const parser::DefElem& option) {
  if (option.arg == nullptr) {
    return Errorf(sqlstate::kSyntaxError, "%s requires a parameter", std::string(option.name).c_str());
  }
  if (const auto* constant = DynCast<parser::Constant>(option.arg)) {
    switch (constant->type) {
      case parser::ConstantType::kInteger: return std::to_string(constant->integer);
      case parser::ConstantType::kBoolean: return std::string(constant->boolean ? "true" : "false");
      default: return std::string(constant->text);
    }
  }
  if (const auto* type = DynCast<parser::TypeName>(option.arg)) return std::string(type->names.back());
  if (const auto* list = DynCast<parser::StringList>(option.arg)) return std::string(list->names.back());
  return Errorf(sqlstate::kSyntaxError, "invalid argument for %s", std::string(option.name).c_str());
}

Result<int64_t> DdlRunner::OptionInteger(const parser::DefElem& option) {
  ASSIGN_OR_RETURN(std::string text, OptionText(option));
  Result<int64_t> number = types::ParseInt64(text);
  if (number.ok()) return number;
  return Errorf(sqlstate::kSyntaxError, "%s requires a numeric value", std::string(option.name).c_str());
}

Result<bool> DdlRunner::OptionBool(const parser::DefElem& option) {
  if (option.arg == nullptr) return true;
  ASSIGN_OR_RETURN(std::string text, OptionText(option));
  bool value = false;
  if (types::TryParseBool(text, &value)) return value;
  return Errorf(sqlstate::kSyntaxError, "%s requires a Boolean value", std::string(option.name).c_str());
}

}  // namespace phantom::session
