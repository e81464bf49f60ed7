// CREATE SCHEMA, and enum types.
#include "parser/ast_expr.h"
#include "session/ddl/runner.h"

namespace phantom::session {

Result<DdlResult> DdlRunner::CreateSchema(const parser::CreateSchemaStmt& statement) {
  catalog::SchemaDefinition definition;
  if (statement.owner != nullptr) {
    ASSIGN_OR_RETURN(definition.owner, ResolveRole(*statement.owner));
    ASSIGN_OR_RETURN(bool member, catalog_.IsMemberOf(catalog_.current_role(), definition.owner));
    ASSIGN_OR_RETURN(std::shared_ptr<const catalog::Role> owner, catalog_.RoleByOid(definition.owner));
    if (!member) {
      return Errorf(sqlstate::kInsufficientPrivilege, "must be member of role \"%s\"", owner->name.c_str());
    }
    definition.name = owner->name;
  }
  if (!parser::IsNull(statement.name)) definition.name = statement.name;
  definition.if_not_exists = statement.if_not_exists;
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateSchema(definition));
  if (oid == 0 || statement.elements.empty()) return DdlResult{"CREATE SCHEMA"};
  // The statements inside make their objects in the new schema.
  std::vector<std::string> path = catalog_.search_path();
  std::vector<std::string> inner = path;
  inner.insert(inner.begin(), definition.name);
  catalog_.SetSearchPath(inner);
  Status status;
  for (const parser::Node* element : statement.elements) {
    Result<DdlResult> result = Run(*element);
    if (!result.ok()) {
      status = std::move(result).status();
      break;
    }
  }
  catalog_.SetSearchPath(path);
  if (!status.ok()) return status;
  return DdlResult{"CREATE SCHEMA"};
}

Result<DdlResult> DdlRunner::CreateEnum(const parser::CreateEnumStmt& statement) {
  catalog::QualifiedName name = NameOf(statement.names);
  ASSIGN_OR_RETURN(Oid schema, TargetSchema(name.schema, 'p'));
  std::vector<std::string> labels;
  for (std::string_view value : statement.values) labels.emplace_back(value);
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateEnum(name.name, schema, labels));
  (void)oid;
  return DdlResult{"CREATE TYPE"};
}

Result<DdlResult> DdlRunner::AlterEnum(const parser::AlterEnumStmt& statement) {
  ASSIGN_OR_RETURN(catalog::TypeRef type, catalog_.TypeOrError(NameOf(statement.names)));
  if (type->kind != catalog::TypeKind::kEnum) {
    return Errorf(sqlstate::kWrongObjectType, "%s is not an enum", catalog_.FormatType({type->oid}).c_str());
  }
  RETURN_IF_ERROR(CheckOwnsObject({catalog::oid::kPgType, type->oid}));
  if (!parser::IsNull(statement.old_value)) {
    RETURN_IF_ERROR(catalog_.RenameEnumValue(type->oid, std::string(statement.old_value), std::string(statement.new_value)));
  } else {
    RETURN_IF_ERROR(catalog_.AddEnumValue(type->oid, std::string(statement.new_value), std::string(statement.neighbor),
                                          statement.after_neighbor, statement.skip_if_exists));
  }
  return DdlResult{"ALTER TYPE"};
}

}  // namespace phantom::session
