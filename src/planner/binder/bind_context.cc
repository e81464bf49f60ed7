#include "planner/binder/bind_context.h"

#include "types/type.h"

namespace phantom::planner {

const catalog::TypeRow* BindContext::TypeOf(Oid oid) {
  if (oid == 0) return nullptr;
  if (const catalog::TypeRow* row = builtins.Type(oid)) return row;
  auto found = user_types_.find(oid);
  if (found == user_types_.end()) {
    catalog::TypeRef ref = catalog.TypeByOid(oid);
    if (ref != nullptr) Pin(ref);
    found = user_types_.emplace(oid, std::move(ref)).first;
  }
  return found->second.get();
}

std::string BindContext::TypeName(Oid oid) { return TypeName(types::Type(oid)); }

std::string BindContext::TypeName(types::Type type) { return catalog.FormatType(type); }

UsedTable& BindContext::Use(const catalog::TableRef& table) {
  for (UsedTable& use : tables) {
    if (use.table->oid == table->oid && use.check_as == check_as) return use;
  }
  tables.push_back({.table = table, .check_as = check_as});
  Pin(table);
  return tables.back();
}

ConstExpr* BindContext::MakeConst(types::Value value, types::Type type, int32_t location) {
  auto* node = arena.New<ConstExpr>();
  node->value = std::move(value);
  node->type = type;
  if (const catalog::TypeRow* row = TypeOf(type.oid)) node->collation = row->collation;
  node->location = location;
  return node;
}

ConstExpr* BindContext::MakeNull(types::Type type, int32_t location) {
  return MakeConst(types::Value::Null(type), type, location);
}

ConstExpr* BindContext::MakeBool(bool value) { return MakeConst(types::Value::Bool(value), types::kBoolOid); }

ConstExpr* BindContext::MakeInt4(int32_t value) { return MakeConst(types::Value::Int4(value), types::kInt4Oid); }

ColumnRef* BindContext::MakeColumn(RelId rel, int column, types::Type type, Oid collation, int32_t location) {
  auto* node = arena.New<ColumnRef>();
  node->rel = rel;
  node->column = column;
  node->type = type;
  node->collation = collation;
  node->location = location;
  return node;
}

Expr* BindContext::And(Expr* left, Expr* right) {
  if (left == nullptr) return right;
  if (right == nullptr) return left;
  auto* node = arena.New<BoolExpr>();
  node->type = types::kBoolOid;
  node->args = {left, right};
  return node;
}

}  // namespace phantom::planner
