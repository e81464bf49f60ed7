#include "session/type_hooks.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "catalog/catalog.h"
#include "parser/parser.h"
#include "types/keywords.h"
#include "types/oids.h"

namespace phantom::session {

namespace {

// "a"."b.c" to its parts; false when the syntax is wrong. Unquoted parts are folded to lower case.
bool SplitQualifiedName(std::string_view text, std::vector<std::string>* parts) {
  size_t at = 0;
  const auto skip_space = [&] {
    while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at]))) ++at;
  };
  while (true) {
    skip_space();
    std::string part;
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at == text.size()) return false;
        if (text[at] == '"') {
          if (at + 1 < text.size() && text[at + 1] == '"') {
            ++at;
          } else {
            break;
          }
        }
        part += text[at];
      }
      ++at;
    } else {
      while (at < text.size() && text[at] != '.' && !std::isspace(static_cast<unsigned char>(text[at]))) {
        const char c = text[at++];
        part += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      }
      if (part.empty()) return false;
    }
    parts->push_back(std::move(part));
    skip_space();
    if (at == text.size()) return true;
    if (text[at++] != '.') return false;
  }
}

struct QualifiedParts {
  std::string schema;
  std::string name;
  catalog::QualifiedName view() const { return {schema, name}; }
};

Result<QualifiedParts> SplitName(std::string_view text) {
  std::vector<std::string> parts;
  if (!SplitQualifiedName(text, &parts)) return Error(sqlstate::kInvalidName, "invalid name syntax");
  if (parts.size() > 3) {
    return Errorf(sqlstate::kSyntaxError, "improper relation name (too many dotted names): %s",
                  std::string(text).c_str());
  }
  QualifiedParts name;
  name.name = parts.back();
  if (parts.size() > 1) name.schema = parts[parts.size() - 2];
  return name;
}

Status Undefined(SqlState sqlstate, const char* what, std::string_view name) {
  return Errorf(sqlstate, "%s \"%s\" does not exist", what, std::string(name).c_str());
}

}  // namespace

Result<Oid> CatalogTypeHooks::ResolveType(std::string_view text) const {
  ASSIGN_OR_RETURN(const parser::ParsedText parsed, parser::ParseTypeName(text));
  const auto& name = parser::Cast<parser::TypeName>(*parsed.statements[0].node);
  const std::string_view schema = name.names.size() > 1 ? name.names[name.names.size() - 2] : std::string_view();
  ASSIGN_OR_RETURN(const catalog::TypeRef type, catalog_.FindType({schema, name.names.back()}));
  if (type == nullptr) return Undefined(sqlstate::kUndefinedObject, "type", text);
  if (name.array_bounds.empty()) return type->oid;
  if (type->array == 0) return Undefined(sqlstate::kUndefinedObject, "type", text);
  return type->array;
}

Result<Oid> CatalogTypeHooks::ResolveFunction(std::string_view text, bool with_arguments) const {
  std::string_view name_text = text;
  std::vector<Oid> arguments;
  if (with_arguments) {
    const size_t open = text.find('(');
    if (open == std::string_view::npos || !text.ends_with(')')) {
      return Error(sqlstate::kInvalidTextRepresentation, "expected a left parenthesis");
    }
    name_text = text.substr(0, open);
    std::string_view rest = text.substr(open + 1, text.size() - open - 2);
    while (!rest.empty()) {
      // Commas inside a type's own parentheses do not separate arguments.
      size_t end = 0;
      for (int depth = 0; end < rest.size() && (rest[end] != ',' || depth > 0); ++end) {
        depth += rest[end] == '(' ? 1 : rest[end] == ')' ? -1 : 0;
      }
      ASSIGN_OR_RETURN(const Oid argument, ResolveType(rest.substr(0, end)));
      arguments.push_back(argument);
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
  }
  ASSIGN_OR_RETURN(const QualifiedParts name, SplitName(name_text));
  Oid found = 0;
  for (const catalog::FunctionRow* row : catalog_.FunctionCandidates(name.name)) {
    if (!name.schema.empty()) {
      ASSIGN_OR_RETURN(const auto schema, catalog_.FindSchema(name.schema));
      if (schema == nullptr || schema->oid != row->schema) continue;
    }
    if (with_arguments && !std::ranges::equal(row->arguments, arguments)) continue;
    if (found != 0) {
      return Errorf(sqlstate::kAmbiguousFunction, "more than one function named \"%s\"", std::string(text).c_str());
    }
    found = row->oid;
  }
  if (found == 0) return Undefined(sqlstate::kUndefinedFunction, "function", text);
  return found;
}

Result<Oid> CatalogTypeHooks::ResolveName(Oid reg_type, std::string_view text) const {
  switch (reg_type) {
    case types::kRegclassOid: {
      ASSIGN_OR_RETURN(const QualifiedParts name, SplitName(text));
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableOrError(name.view()));
      return table->oid;
    }
    case types::kRegtypeOid:
      return ResolveType(text);
    case types::kRegprocOid:
    case types::kRegprocedureOid:
      return ResolveFunction(text, reg_type == types::kRegprocedureOid);
    case types::kRegroleOid: {
      ASSIGN_OR_RETURN(const QualifiedParts name, SplitName(text));
      ASSIGN_OR_RETURN(const auto role, catalog_.FindRole(name.name));
      if (role == nullptr) return Undefined(sqlstate::kUndefinedObject, "role", name.name);
      return role->oid;
    }
    case types::kRegnamespaceOid: {
      ASSIGN_OR_RETURN(const QualifiedParts name, SplitName(text));
      ASSIGN_OR_RETURN(const auto schema, catalog_.FindSchema(name.name));
      if (schema == nullptr) return Undefined(sqlstate::kInvalidSchemaName, "schema", name.name);
      return schema->oid;
    }
    case types::kRegcollationOid: {
      ASSIGN_OR_RETURN(const QualifiedParts name, SplitName(text));
      const catalog::CollationRow* collation = catalog_.builtins().Collation(name.name);
      if (collation == nullptr) {
        return Errorf(sqlstate::kUndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist",
                      name.name.c_str());
      }
      return collation->oid;
    }
    case types::kRegoperOid: {
      const size_t dot = text.rfind('.');
      const auto rows = catalog_.OperatorCandidates(dot == std::string_view::npos ? text : text.substr(dot + 1));
      if (rows.empty()) {
        return Errorf(sqlstate::kUndefinedFunction, "operator does not exist: %s", std::string(text).c_str());
      }
      if (rows.size() > 1) {
        return Errorf(sqlstate::kAmbiguousFunction, "more than one operator named %s", std::string(text).c_str());
      }
      return rows[0]->oid;
    }
    default:
      return Errorf(sqlstate::kFeatureNotSupported, "names of type %s are not supported", TypeName(reg_type).c_str());
  }
}

bool CatalogTypeHooks::AppendName(Oid reg_type, Oid object, std::string& out) const {
  const auto qualified = [&](Oid schema_oid, std::string_view name, bool visible) {
    if (!visible) {
      Result<std::shared_ptr<const catalog::Schema>> schema = catalog_.SchemaByOid(schema_oid);
      if (schema.ok() && *schema != nullptr) out += types::QuoteIdentifier((*schema)->name) + ".";
    }
    out += types::QuoteIdentifier(name);
  };
  switch (reg_type) {
    case types::kRegclassOid: {
      Result<catalog::TableRef> table = catalog_.TableByOid(object);
      if (!table.ok() || *table == nullptr) return false;
      Result<bool> visible = catalog_.IsTableVisible(**table);
      qualified((*table)->schema, (*table)->name, visible.ok() && *visible);
      return true;
    }
    case types::kRegtypeOid:
      if (catalog_.TypeByOid(object) == nullptr) return false;
      out += catalog_.FormatType(types::Type(object));
      return true;
    case types::kRegprocOid: {
      const catalog::FunctionRow* row = catalog_.builtins().Function(object);
      if (row == nullptr) return false;
      qualified(row->schema, row->name, catalog_.FunctionCandidates(row->name).size() == 1);
      return true;
    }
    case types::kRegprocedureOid: {
      const catalog::FunctionRow* row = catalog_.builtins().Function(object);
      if (row == nullptr) return false;
      qualified(row->schema, row->name, row->schema == catalog::oid::kSchemaPgCatalog);
      out += '(';
      for (size_t i = 0; i < row->arguments.size(); ++i) {
        if (i > 0) out += ',';
        out += catalog_.FormatType(types::Type(row->arguments[i]));
      }
      out += ')';
      return true;
    }
    case types::kRegroleOid: {
      Result<std::shared_ptr<const catalog::Role>> role = catalog_.RoleByOid(object);
      if (!role.ok() || *role == nullptr) return false;
      out += types::QuoteIdentifier((*role)->name);
      return true;
    }
    case types::kRegnamespaceOid: {
      Result<std::shared_ptr<const catalog::Schema>> schema = catalog_.SchemaByOid(object);
      if (!schema.ok() || *schema == nullptr) return false;
      out += types::QuoteIdentifier((*schema)->name);
      return true;
    }
    case types::kRegcollationOid: {
      const catalog::CollationRow* collation = catalog_.builtins().Collation(object);
      if (collation == nullptr) return false;
      out += types::QuoteIdentifier(collation->name);
      return true;
    }
    case types::kRegoperOid:
    case types::kRegoperatorOid: {
      const catalog::OperatorRow* row = catalog_.builtins().Operator(object);
      if (row == nullptr) return false;
      if (reg_type == types::kRegoperOid && catalog_.OperatorCandidates(row->name).size() > 1) out += "pg_catalog.";
      out += row->name;
      if (reg_type == types::kRegoperatorOid) {
        const auto argument = [&](Oid type) { return type == 0 ? "NONE" : catalog_.FormatType(types::Type(type)); };
        out += '(' + argument(row->left) + ',' + argument(row->right) + ')';
      }
      return true;
    }
    default:
      return false;
  }
}

Result<std::optional<types::UserType>> CatalogTypeHooks::Describe(Oid oid) const {
  using Described = std::optional<types::UserType>;
  const catalog::TypeRef type = catalog_.TypeByOid(oid);
  if (type == nullptr) return Described();
  types::UserType described{};
  switch (type->kind) {
    case catalog::TypeKind::kDomain:
      described.kind = types::UserType::Kind::kDomain;
      described.base = types::Type(type->base_type, type->typmod);
      return Described(std::move(described));
    case catalog::TypeKind::kEnum:
      described.kind = types::UserType::Kind::kEnum;
      return Described(std::move(described));
    case catalog::TypeKind::kComposite: {
      described.kind = types::UserType::Kind::kComposite;
      ASSIGN_OR_RETURN(const catalog::TableRef table, catalog_.TableByOid(type->relation));
      if (table == nullptr) return Described();
      for (const catalog::Column& column : table->columns) {
        if (!column.dropped) described.columns.push_back(column.type);
      }
      return Described(std::move(described));
    }
    default:
      break;
  }
  if (!type->is_array()) return Described();
  described.kind = types::UserType::Kind::kArray;
  described.base = types::Type(type->element);
  return Described(std::move(described));
}

Result<int64_t> CatalogTypeHooks::ResolveLabel(Oid enum_type, std::string_view label) const {
  const catalog::TypeRef type = catalog_.TypeByOid(enum_type);
  if (type == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", enum_type);
  for (const catalog::EnumLabel& each : type->labels) {
    if (each.name != label) continue;
    RETURN_IF_ERROR(catalog_.CheckLabelIsSafe(*type, each));
    return each.value;
  }
  return Errorf(sqlstate::kInvalidTextRepresentation, "invalid input value for enum %s: \"%s\"",
                TypeName(enum_type).c_str(), std::string(label).c_str());
}

Status CatalogTypeHooks::AppendLabel(Oid enum_type, int64_t label, std::string& out) const {
  const catalog::TypeRef type = catalog_.TypeByOid(enum_type);
  if (type != nullptr) {
    const auto found = std::lower_bound(type->labels.begin(), type->labels.end(), label,
                                        [](const catalog::EnumLabel& each, int64_t wanted) { return each.value < wanted; });
    if (found != type->labels.end() && found->value == label) {
      out += found->name;
      return Status::Ok();
    }
  }
  return Errorf(sqlstate::kInvalidBinaryRepresentation, "invalid internal value for enum: %lld",
                static_cast<long long>(label));
}

std::string CatalogTypeHooks::TypeName(Oid type) const { return catalog_.FormatType(types::Type(type)); }

}  // namespace phantom::session
