// CREATE SCHEMA, enum types and domains.
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

Result<DdlResult> DdlRunner::CreateDomain(const parser::CreateDomainStmt& statement) {
  catalog::QualifiedName name = NameOf(statement.names);
  catalog::DomainDefinition definition;
  definition.name = name.name;
  ASSIGN_OR_RETURN(definition.schema, TargetSchema(name.schema, 'p'));
  ASSIGN_OR_RETURN(definition.base, ResolveType(*statement.type, &definition.collation));
  catalog::TypeRef base = catalog_.TypeByOid(definition.base.oid);
  if (base->kind == catalog::TypeKind::kPseudo) {
    return Errorf(sqlstate::kDatatypeMismatch, "\"%s\" is not a valid base type for a domain",
                  catalog_.FormatType(definition.base).c_str());
  }
  if (statement.collation != nullptr) {
    ASSIGN_OR_RETURN(definition.collation, ResolveCollation(statement.collation->collation, statement.collation->location));
  }
  for (const parser::Constraint* constraint : statement.constraints) {
    switch (constraint->type) {
      case parser::ConstraintType::kNotNull: definition.not_null = true; break;
      case parser::ConstraintType::kNull: break;
      case parser::ConstraintType::kDefault: {
        ASSIGN_OR_RETURN(definition.default_value, BindStored(*constraint->expr, planner::ExpressionUse::kDefault, nullptr,
                                                              definition.base, definition.name));
        break;
      }
      case parser::ConstraintType::kCheck: {
        catalog::ConstraintDefinition check;
        if (!parser::IsNull(constraint->name)) check.name = constraint->name;
        ASSIGN_OR_RETURN(check.check, BindStored(*constraint->expr, planner::ExpressionUse::kDomainCheck, nullptr, {}, "",
                                                 definition.base));
        definition.checks.push_back(std::move(check));
        break;
      }
      default:
        return Error(sqlstate::kFeatureNotSupported, "this kind of constraint is not possible for domains");
    }
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateDomain(definition));
  (void)oid;
  return DdlResult{"CREATE DOMAIN"};
}

}  // namespace phantom::session
