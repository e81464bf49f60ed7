// Names of types and collations; domains.
#include "planner/binder/binder.h"
#include "planner/expr_util.h"
#include "types/text_format.h"

namespace phantom::planner {

using namespace types;
using parser::DynCast;

Result<Type> Binder::ResolveTypeName(const ast::TypeName& name, Oid* collation) {
  Type type;
  if (name.percent_type) {
    // table.column%TYPE
    if (name.names.size() < 2) {
      return Errorf(sqlstate::kSyntaxError, "improper %%TYPE reference (too few dotted names): %s",
                    NameToString(name.names).c_str())
          .At(name.location);
    }
    catalog::QualifiedName table{.name = name.names[name.names.size() - 2]};
    if (name.names.size() >= 3) table.schema = name.names[name.names.size() - 3];
    ASSIGN_OR_RETURN(catalog::TableRef ref, ctx_.catalog.TableOrError(table));
    int column = ref->FindColumn(name.names.back());
    if (column == 0) {
      return Errorf(sqlstate::kUndefinedColumn, "column \"%s\" of relation \"%s\" does not exist",
                    std::string(name.names.back()).c_str(), ref->name.c_str())
          .At(name.location);
    }
    type = ref->column(column).type;
  } else {
    catalog::QualifiedName wanted{.name = name.names.back(), .location = name.location};
    if (name.names.size() >= 2) wanted.schema = name.names[name.names.size() - 2];
    // Types named by OID alone (text of the catalog) come as an empty name list.
    auto found = ctx_.catalog.TypeOrError(wanted);
    if (!found.ok()) return std::move(found).status().At(name.location);
    catalog::TypeRef row = found.value();
    type = Type(row->oid);
    if (!row->defined) {
      return Errorf(sqlstate::kUndefinedObject, "type \"%s\" is only a shell", NameToString(name.names).c_str())
          .At(name.location);
    }
    if (!name.typmods.empty()) {
      std::vector<int32_t> modifiers;
      for (const ast::Node* node : name.typmods) {
        auto* constant = DynCast<ast::Constant>(node);
        if (constant != nullptr && constant->type == ast::ConstantType::kInteger) {
          modifiers.push_back(constant->integer);
          continue;
        }
        if (constant != nullptr && constant->type == ast::ConstantType::kString) {
          auto value = ParseInt32(constant->text);
          if (!value.ok()) return std::move(value).status().At(name.location);
          modifiers.push_back(*value);
          continue;
        }
        if (auto* op = DynCast<ast::OperatorExpr>(node); op != nullptr && op->left == nullptr && op->name.back() == "-") {
          if (auto* digits = DynCast<ast::Constant>(op->right); digits != nullptr && digits->type == ast::ConstantType::kInteger) {
            modifiers.push_back(-digits->integer);
            continue;
          }
        }
        if (constant != nullptr && constant->type == ast::ConstantType::kFloat) {
          auto value = ParseInt32(constant->text);
          if (!value.ok()) return std::move(value).status().At(name.location);
        }
        return Error(sqlstate::kSyntaxError, "type modifiers must be simple constants or identifiers").At(name.location);
      }
      if (row->typmod_in == 0) {
        return Errorf(sqlstate::kSyntaxError, "type modifier is not allowed for type \"%s\"",
                      NameToString(name.names).c_str())
            .At(name.location);
      }
      auto typmod = TypmodFromModifiers(type.oid, modifiers);
      if (!typmod.ok()) return std::move(typmod).status().At(name.location);
      type.typmod = *typmod;
    }
  }
  if (!name.array_bounds.empty()) {
    Oid array = coerce_.ArrayOf(type.oid);
    if (array == 0 || ctx_.TypeOf(type.oid)->kind == catalog::TypeKind::kPseudo) {
      return Errorf(sqlstate::kUndefinedObject, "type \"%s[]\" does not exist", NameToString(name.names).c_str())
          .At(name.location);
    }
    // An array of arrays is the same type with more dimensions.
    if (!(coerce_.ElementOf(type.oid) != 0 && ctx_.TypeOf(type.oid)->is_array())) type.oid = array;
  }
  if (collation != nullptr) {
    const catalog::TypeRow* row = ctx_.TypeOf(type.oid);
    *collation = row == nullptr ? 0 : row->collation;
  }
  return type;
}

Result<Oid> Binder::ResolveCollation(ast::NameList name, int32_t location) {
  const catalog::CollationRow* row = ctx_.builtins.Collation(name.back());
  if (row != nullptr && name.size() >= 2) {
    ASSIGN_OR_RETURN(auto schema, ctx_.catalog.SchemaOrError(name[name.size() - 2]));
    if (schema->oid != row->schema) row = nullptr;
  }
  if (row == nullptr) {
    return Errorf(sqlstate::kUndefinedObject, "collation \"%s\" for encoding \"UTF8\" does not exist",
                  NameToString(name).c_str())
        .At(location);
  }
  return row->oid;
}

// Fills the checks of domain casts that coercion made within the expression.
Status Binder::BindDomainChecks(Expr* expr) {
  Status status;
  Walk(expr, [&](const Expr* node) {
    auto* cast = const_cast<CastExpr*>(DynAs<CastExpr>(node));
    if (cast == nullptr || cast->method != CastMethod::kDomain || !cast->checks.empty() || !status.ok()) return true;
    Oid domain = cast->type.oid;
    while (true) {
      const catalog::TypeRow* row = ctx_.TypeOf(domain);
      if (row == nullptr || row->kind != catalog::TypeKind::kDomain) break;
      if (row->not_null) cast->checks.push_back({});
      auto constraints = ctx_.catalog.DomainConstraints(domain);
      if (!constraints.ok()) {
        status = std::move(constraints).status();
        return false;
      }
      for (const catalog::Constraint& constraint : constraints.value()) {
        auto parsed = ParseExpressionText(constraint.check_sql, ctx_.pinned);
        if (!parsed.ok()) {
          status = std::move(parsed).status();
          return false;
        }
        auto* value = ctx_.arena.New<CaseTest>();
        value->slot = cast->slot;
        value->type = cast->arg->type;
        value->collation = cast->arg->collation;
        Scope scope;
        scope.domain_value = value;
        auto bound = Expression(scope, parsed.value(), ExprUse::kDomainCheck);
        if (bound.ok()) bound = coerce_.ToBoolean(bound.value(), "CHECK");
        if (!bound.ok()) {
          status = std::move(bound).status();
          return false;
        }
        cast->checks.push_back({constraint.name, bound.value()});
      }
      domain = row->base_type;
    }
    return true;
  });
  return status;
}

}  // namespace phantom::planner
