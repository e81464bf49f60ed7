// CREATE DOMAIN and ALTER DOMAIN.
#include "catalog/domain.h"

#include "catalog/stored_sql.h"
#include "parser/ast_expr.h"
#include "session/ddl/runner.h"

namespace phantom::session {

using parser::Cast;
using parser::ConstraintType;

namespace {

Status NotForDomains(ConstraintType type) {
  const char* what = type == ConstraintType::kUnique      ? "unique"
                     : type == ConstraintType::kPrimary   ? "primary key"
                     : type == ConstraintType::kExclusion ? "exclusion"
                                                          : "foreign key";
  return Errorf(sqlstate::kSyntaxError, "%s constraints not possible for domains", what);
}

}  // namespace

Result<DdlResult> DdlRunner::CreateDomain(const parser::CreateDomainStmt& statement) {
  gives_positions_ = false;
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
        return NotForDomains(constraint->type);
    }
  }
  ASSIGN_OR_RETURN(Oid oid, catalog_.CreateDomain(definition));
  (void)oid;
  return DdlResult{"CREATE DOMAIN"};
}

// Values that are there must pass what the domain now asks for: casting them to the domain says whether they do.
Status DdlRunner::CheckDomainRows(Oid domain) {
  ASSIGN_OR_RETURN(const auto columns, catalog::ColumnsOfDomain(catalog_, domain));
  const catalog::TypeRef row = catalog_.TypeByOid(domain);
  for (const auto& [oid, number] : columns) {
    RETURN_IF_ERROR(catalog_.LockTable(oid, txn::LockMode::kShare));
    ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(oid));
    if (table == nullptr) continue;  // dropped while the lock was awaited
    const catalog::Column& column = table->column(number);
    const std::string sql = "SELECT " + catalog::Quoted(column.name) + "::" +
                            catalog_.FormatType({row->base_type, row->typmod}) + "::" + catalog_.FormatType({domain}) +
                            " FROM ONLY " + TableSql(*table);
    const Status status = RunSql(sql, [](const types::Chunk&) { return Status::Ok(); });
    if (status.ok()) continue;
    const bool null = status.sqlstate() == sqlstate::kNotNullViolation;
    if (!null && status.sqlstate() != sqlstate::kCheckViolation) return status;
    return Errorf(status.sqlstate(),
                  null ? "column \"%s\" of table \"%s\" contains null values"
                       : "column \"%s\" of table \"%s\" contains values that violate the new constraint",
                  column.name.c_str(), table->name.c_str())
        .Schema(table->schema_name)
        .Table(table->name)
        .Column(column.name);
  }
  return Status::Ok();
}

Status DdlRunner::AddDomainConstraint(const catalog::TypeRow& type, const parser::Constraint& node) {
  if (node.type != parser::ConstraintType::kCheck) return NotForDomains(node.type);
  catalog::ConstraintDefinition check;
  if (!parser::IsNull(node.name)) {
    check.name = node.name;
    ASSIGN_OR_RETURN(const auto existing, catalog_.DomainConstraints(type.oid));
    for (const catalog::Constraint& other : existing) {
      if (other.name != check.name) continue;
      return Errorf(sqlstate::kDuplicateObject, "constraint \"%s\" for domain \"%s\" already exists", check.name.c_str(),
                    std::string(type.name).c_str());
    }
  }
  check.validated = !node.skip_validation;
  ASSIGN_OR_RETURN(check.check, BindStored(*node.expr, planner::ExpressionUse::kDomainCheck, nullptr, {}, "",
                                           {type.base_type, type.typmod}));
  RETURN_IF_ERROR(catalog_.AddDomainConstraint(type.oid, type.name, type.schema, check));
  return node.skip_validation ? Status::Ok() : CheckDomainRows(type.oid);
}

Result<DdlResult> DdlRunner::AlterDomain(const parser::AlterDomainStmt& statement) {
  gives_positions_ = false;
  const DdlResult result{"ALTER DOMAIN"};
  ASSIGN_OR_RETURN(const catalog::TypeRef type, catalog_.TypeOrError(NameOf(statement.names)));
  if (type->kind != catalog::TypeKind::kDomain) {
    return Errorf(sqlstate::kWrongObjectType, "%s is not a domain", catalog_.FormatType({type->oid}).c_str());
  }
  RETURN_IF_ERROR(CheckOwnsObject({catalog::oid::kPgType, type->oid}));
  const std::string name(statement.name);
  switch (statement.action) {
    case 'T': {
      std::optional<catalog::ExpressionDefinition> value;
      if (statement.def != nullptr) {
        ASSIGN_OR_RETURN(value, BindStored(*statement.def, planner::ExpressionUse::kDefault, nullptr,
                                           {type->base_type, type->typmod}, type->name));
      }
      RETURN_IF_ERROR(catalog::SetDomainDefault(catalog_, type->oid, value));
      return result;
    }
    case 'N':
    case 'O':
      RETURN_IF_ERROR(catalog::SetDomainNotNull(catalog_, type->oid, statement.action == 'O'));
      if (statement.action == 'O') RETURN_IF_ERROR(CheckDomainRows(type->oid));
      return result;
    case 'C':
      RETURN_IF_ERROR(AddDomainConstraint(*type, Cast<parser::Constraint>(*statement.def)));
      return result;
    default:
      break;
  }
  ASSIGN_OR_RETURN(const auto constraints, catalog_.DomainConstraints(type->oid));
  for (const catalog::Constraint& constraint : constraints) {
    if (constraint.name != name) continue;
    if (statement.action == 'X') {
      RETURN_IF_ERROR(catalog_.DropObjects({{catalog::oid::kPgConstraint, constraint.oid}},
                                           statement.behavior == parser::DropBehavior::kCascade));
    } else if (!constraint.validated) {
      RETURN_IF_ERROR(CheckDomainRows(type->oid));
      RETURN_IF_ERROR(catalog_.SetConstraintValidated(catalog::Table(), constraint.oid));
    }
    return result;
  }
  Status missing = Errorf(sqlstate::kUndefinedObject, "constraint \"%s\" of domain \"%s\" does not exist", name.c_str(),
                          std::string(type->name).c_str());
  if (statement.action != 'X' || !statement.missing_ok) return missing;
  catalog_.Notice(Errorf(sqlstate::kSuccessfulCompletion, "constraint \"%s\" of domain \"%s\" does not exist, skipping",
                         name.c_str(), std::string(type->name).c_str()));
  return result;
}

}  // namespace phantom::session
