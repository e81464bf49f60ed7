#include "session/simple_cache.h"

#include <algorithm>
#include <charconv>

#include "catalog/table.h"
#include "planner/physical_plan.h"
#include "types/text_format.h"
#include "types/type_table.h"

namespace phantom::session {

namespace {

using parser::FingerprintLiteral;
using parser::LiteralType;

// The value of a literal as a constant of the given type has it; false for types whose constants may differ from it.
bool ValueOf(std::string_view text, LiteralType kind, bool negative, types::Type type, types::Value* value) {
  if (kind == LiteralType::kString) {
    if (type.oid != types::kTextOid) return false;
    *value = types::Value::Text(text);
    return true;
  }
  if (kind != LiteralType::kInteger || (type.oid != types::kInt4Oid && type.oid != types::kInt8Oid)) return false;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  if (negative) number = -number;
  *value = type.oid == types::kInt4Oid ? types::Value::Int4(static_cast<int32_t>(number)) : types::Value::Int8(number);
  return true;
}

// Are two texts the same but for their literals?
bool SameBetween(std::string_view a, const std::vector<FingerprintLiteral>& in_a, std::string_view b,
                 const std::vector<FingerprintLiteral>& in_b) {
  if (in_a.size() != in_b.size()) return false;
  size_t at_a = 0, at_b = 0;
  for (size_t i = 0; i <= in_a.size(); ++i) {
    const size_t end_a = i < in_a.size() ? static_cast<size_t>(in_a[i].location) : a.size();
    const size_t end_b = i < in_b.size() ? static_cast<size_t>(in_b[i].location) : b.size();
    if (a.substr(at_a, end_a - at_a) != b.substr(at_b, end_b - at_b)) return false;
    if (i == in_a.size()) break;
    if (in_a[i].type != in_b[i].type || (in_a[i].minus < 0) != (in_b[i].minus < 0)) return false;
    at_a = end_a + static_cast<size_t>(in_a[i].length);
    at_b = end_b + static_cast<size_t>(in_b[i].length);
  }
  return true;
}

// No expression of the catalog's takes part: its constants would be taken for the text's, having locations of their own.
bool IsPlain(const planner::PhysicalPlan& plan) {
  return std::all_of(plan.tables.begin(), plan.tables.end(), [&](const planner::UsedTable& used) {
    const catalog::Table& table = *used.table;
    if (used.check_as != 0 || table.kind != catalog::RelationKind::kTable) return false;
    for (const catalog::Column& column : table.columns) {
      if (column.type.oid >= types::kFirstDescribedOid) return false;
      if (column.has_default() && plan.command != planner::CommandKind::kSelect) return false;
    }
    for (const catalog::Index& index : table.indexes) {
      if (!index.predicate_sql.empty()) return false;
      for (const catalog::IndexKey& key : index.keys) {
        if (!key.expression_sql.empty()) return false;
      }
    }
    return std::none_of(table.constraints.begin(), table.constraints.end(),
                        [](const catalog::Constraint& each) { return each.kind == catalog::ConstraintKind::kCheck; });
  });
}

}  // namespace

bool SimpleCache::Look(std::string_view text, bool standard_conforming_strings) {
  usable_ = standard_conforming_strings && text.size() <= kTextBytesMax && types::CheckUtf8(text).ok() &&
            parser::ComputeFingerprint(text, &now_);
  return usable_;
}

SimpleCache::Entry* SimpleCache::Find(std::string_view text, const PlanEnvironmentRef& environment) {
  const auto found = entries_.find(now_.hash);
  if (found == entries_.end()) return nullptr;
  Entry& entry = *found->second;
  if (!IsSame(entry.shared->environment, environment)) {
    entries_.erase(found);
    return nullptr;
  }
  return IsLike(text, *entry.shared) ? &entry : nullptr;
}

bool SimpleCache::IsLike(std::string_view text, const SharedStatement& statement) const {
  return SameBetween(statement.source->text, statement.literals, text, now_.literals);
}

std::vector<types::Value> SimpleCache::Values(const Entry& entry) const {
  const engine::LiteralBindings& bindings = entry.shared->bindings;
  std::vector<types::Value> values;
  values.reserve(bindings.size());
  for (const engine::LiteralBinding& binding : bindings) {
    const FingerprintLiteral& literal = now_.literals[values.size()];
    types::Value value;
    PHANTOM_CHECK(ValueOf(now_.ValueOf(literal), literal.type, literal.minus >= 0, binding.type, &value));
    values.push_back(std::move(value));
  }
  return values;
}

int32_t SimpleCache::Translate(const Entry& entry, int32_t location) const {
  const std::vector<FingerprintLiteral>& literals = entry.shared->literals;
  int32_t shift = 0;
  for (size_t i = 0; i < literals.size() && literals[i].location < location; ++i) {
    shift += now_.literals[i].length - literals[i].length;
  }
  return location + shift;
}

bool SimpleCache::FindLiterals(std::span<const planner::ConstExpr* const> constants, SharedStatement& statement) const {
  if (!IsPlain(*statement.plan)) return false;
  for (const FingerprintLiteral& literal : now_.literals) {
    const bool negative = literal.minus >= 0;
    const int32_t location = negative ? literal.minus : literal.location;
    const planner::ConstExpr* bound = nullptr;
    for (const planner::ConstExpr* constant : constants) {
      if (constant->location != location) continue;
      types::Value value;
      if (constant->value.is_null() || (bound != nullptr && bound->type.oid != constant->type.oid) ||
          constant->type.typmod >= 0 ||
          !ValueOf(now_.ValueOf(literal), literal.type, negative, constant->type, &value) || value != constant->value) {
        return false;
      }
      bound = constant;
    }
    if (bound == nullptr) return false;
    statement.bindings.push_back({location, bound->type});
  }
  statement.literals = now_.literals;
  return true;
}

SimpleCache::Entry* SimpleCache::Add(Entry entry) {
  if (entries_.size() >= kEntriesMax) entries_.clear();
  std::unique_ptr<Entry>& place = entries_[now_.hash];
  place = std::make_unique<Entry>(std::move(entry));
  return place.get();
}

void SimpleCache::Drop(const Entry& entry) {
  std::erase_if(entries_, [&](const auto& each) { return each.second.get() == &entry; });
}

}  // namespace phantom::session
