#include "engine/key_lookup.h"

#include <algorithm>
#include <unordered_map>

#include "catalog/catalog.h"
#include "engine/table_reader.h"
#include "types/chunk.h"
#include "types/compare.h"
#include "types/format_context.h"
#include "types/hash.h"
#include "types/key_position.h"

namespace phantom::engine {

FreshScope::FreshScope(Runtime& parent, View view)
    : snapshot_(view == View::kLatest ? parent.context.transaction->TakeCatalogSnapshot()
                                      : parent.context.transaction->TakeSnapshot()),
      context_(parent.context) {
  context_.snapshot = &snapshot_;
  context_.instrument = false;
  runtime_ = std::make_unique<Runtime>(context_, 0, 0, 0);
  runtime_->end_queue = parent.end_queue;
}

namespace {

bool IntegerOf(const types::Value& value, int64_t& out) {
  switch (value.layout()) {
    case types::Layout::kInt16:
      out = value.AsInt16();
      return true;
    case types::Layout::kInt32:
      out = value.AsInt32();
      return true;
    case types::Layout::kInt64:
      out = value.AsInt64();
      return true;
    default:
      return false;
  }
}

}  // namespace

bool CoerceKey(const types::Value& value, types::Type target, const Runtime& runtime, types::Value& out) {
  const types::Type from = runtime.StorageType(value.type()), to = runtime.StorageType(target);
  const types::Layout layout = types::LayoutOf(to);
  if (!value.is_null() && from.oid != to.oid && types::KeyFitOf(to.oid, from.oid) == types::KeyFit::kExact) {
    const types::KeyPosition position =
        types::PositionAmong(to.oid, from.oid, value.slot(), types::KeyBound::kLower, runtime.format().time_zone);
    if (position.place != types::KeyPosition::Place::kAt) return false;
    out = types::Value::FromSlot(target, layout, position.key);
    return true;
  }
  if (value.is_null() || value.layout() == layout) {
    out = value;
    out.Retype(target);
    return true;
  }
  // What is left are numbers of different families, compared as the wider of the two.
  int64_t integer = 0;
  if (IntegerOf(value, integer)) {
    if (layout == types::Layout::kNumeric) {
      out = types::Value::NumericValue(types::Numeric::FromInt64(integer));
    } else if (layout == types::Layout::kFloat64) {
      out = types::Value::Float8(static_cast<double>(integer));
    } else {
      return false;
    }
    return true;
  }
  if (value.layout() == types::Layout::kNumeric && layout <= types::Layout::kInt64) {
    Result<int64_t> rounded = types::NumericToInt64(value.AsNumeric());
    if (!rounded.ok() || types::CompareNumeric(types::Numeric::FromInt64(*rounded), value.AsNumeric()) != 0) return false;
    return CoerceKey(types::Value::Int8(*rounded), target, runtime, out);
  }
  return false;
}

Result<std::unique_ptr<KeyLookup>> KeyLookup::Make(catalog::TableRef table, std::vector<int16_t> columns,
                                                   Oid preferred, Runtime& runtime) {
  std::unique_ptr<KeyLookup> lookup(new KeyLookup(std::move(table), std::move(columns), runtime));
  const catalog::Table& relation = *lookup->table_;
  ASSIGN_OR_RETURN(lookup->rows_, OpenStored(relation, runtime));
  for (size_t c = 0; c < relation.columns.size(); ++c) {
    lookup->row_.push_back(runtime.MakeVector(relation.columns[c].type, 1));
    lookup->all_columns_.push_back(static_cast<uint32_t>(c));
  }
  for (const types::Vector& vector : lookup->row_) lookup->row_pointers_.push_back(&vector);
  for (int16_t column : lookup->columns_) lookup->values_.push_back(runtime.MakeVector(relation.column(column).type, 1));
  for (const types::Vector& vector : lookup->values_) lookup->value_pointers_.push_back(&vector);
  // An index whose first keys are the columns, in any order.
  for (const catalog::Index& index : relation.indexes) {
    if (preferred != 0 && index.oid != preferred) continue;
    if (!index.predicate_sql.empty() || !index.valid || index.keys.size() < lookup->columns_.size()) continue;
    std::vector<size_t> order;
    for (size_t k = 0; k < lookup->columns_.size(); ++k) {
      const auto at = std::find(lookup->columns_.begin(), lookup->columns_.end(), index.keys[k].column);
      if (index.keys[k].column == 0 || at == lookup->columns_.end()) break;
      order.push_back(static_cast<size_t>(at - lookup->columns_.begin()));
    }
    if (order.size() != lookup->columns_.size() || !runtime.context.catalog->IsIndexComplete(relation, index)) continue;
    lookup->access_.index = std::shared_ptr<const catalog::Index>(lookup->table_, &index);
    for (size_t k = 0; k < order.size(); ++k) {
      auto* value = lookup->nodes_.New<planner::InputRef>();
      value->index = static_cast<int>(order[k]);
      value->type = relation.column(lookup->columns_[order[k]]).type;
      lookup->access_.conditions.push_back({static_cast<int>(k), planner::IndexCondition::Op::kEqual, value});
    }
    ASSIGN_OR_RETURN(lookup->probe_, IndexProbe::Make(relation, lookup->access_, runtime));
    break;
  }
  return lookup;
}

bool KeyLookup::Coerce(std::span<const types::Value> key, std::vector<types::Value>& out) const {
  out.resize(key.size());
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i].is_null() || !CoerceKey(key[i], table_->column(columns_[i]).type, runtime_, out[i])) return false;
  }
  return true;
}

Status KeyLookup::ForEach(std::span<const types::Value> key, const Found& found) {
  std::vector<std::vector<types::Value>> coerced(1);
  if (!Coerce(key, coerced[0])) return Status::Ok();
  if (probe_ != nullptr) return Probe(coerced[0], found);
  return Scan(coerced, [&](size_t, RowId id, std::span<const types::Vector* const> row) { return found(id, row); });
}

Status KeyLookup::ForEachOf(std::span<const std::vector<types::Value>* const> keys, const FoundAny& found) {
  std::vector<std::vector<types::Value>> coerced(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!Coerce(*keys[i], coerced[i])) coerced[i].clear();
  }
  if (probe_ == nullptr) return Scan(coerced, found);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (coerced[i].empty()) continue;
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    RETURN_IF_ERROR(Probe(coerced[i], [&](RowId id, std::span<const types::Vector* const> row) {
      return found(i, id, row);
    }));
  }
  return Status::Ok();
}

Status KeyLookup::Probe(std::span<const types::Value> key, const Found& found) {
  for (size_t i = 0; i < key.size(); ++i) {
    values_[i].Reset();
    values_[i].SetValue(0, key[i]);
    values_[i].SetConstant();
  }
  RETURN_IF_ERROR(probe_->Prepare({value_pointers_, {nullptr, 1}}));
  RETURN_IF_ERROR(probe_->Start(0));
  txn::FetchedRow fetched;
  while (true) {
    RowId id;
    ASSIGN_OR_RETURN(const bool more, probe_->Next(fetched, id));
    if (!more) return Status::Ok();
    for (types::Vector& vector : row_) vector.Reset();
    RETURN_IF_ERROR(rows_->Decode(fetched, all_columns_, row_, 0));
    ASSIGN_OR_RETURN(const bool go_on, found(id, row_pointers_));
    if (!go_on) return Status::Ok();
  }
}

// Keys that are empty match nothing.
Status KeyLookup::Scan(std::span<const std::vector<types::Value>> keys, const FoundAny& found) {
  std::vector<types::EqualFn> equal;
  std::vector<types::HashFn> hash;
  for (int16_t column : columns_) {
    const Oid type = runtime_.StorageType(table_->column(column).type).oid;
    equal.push_back(types::EqualFunction(type));
    hash.push_back(types::HashFunction(type));
  }
  const bool hashed = std::find(hash.begin(), hash.end(), nullptr) == hash.end();
  std::unordered_multimap<uint64_t, size_t> wanted;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty()) continue;
    uint64_t code = 0;
    for (size_t c = 0; hashed && c < hash.size(); ++c) code = hash[c](keys[i][c].slot(), code);
    wanted.emplace(code, i);
  }
  txn::TableScan scan(*rows_, *runtime_.context.snapshot, all_columns_);
  types::Chunk chunk;
  for (const types::Vector& vector : row_) {
    chunk.AddColumn(types::Vector(vector.type(), vector.layout(), types::kVectorSize));
  }
  std::vector<RowId> ids(types::kVectorSize);
  while (!wanted.empty()) {
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    RETURN_IF_ERROR(scan.Next(chunk, ids.data()));
    if (chunk.empty()) return Status::Ok();
    for (uint32_t r = 0; r < chunk.size(); ++r) {
      uint64_t code = 0;
      bool null = false;
      for (size_t c = 0; c < columns_.size() && !null; ++c) {
        const types::Vector& column = chunk.column(static_cast<uint32_t>(columns_[c] - 1));
        null = column.IsNull(r);
        if (hashed && !null) code = hash[c](column.row_slot(r), code);
      }
      if (null) continue;
      auto [at, end] = wanted.equal_range(code);
      bool copied = false;
      while (at != end) {
        const std::vector<types::Value>& key = keys[at->second];
        bool same = true;
        for (size_t c = 0; same && c < key.size(); ++c) {
          same = equal[c](chunk.column(static_cast<uint32_t>(columns_[c] - 1)).row_slot(r), key[c].slot());
        }
        if (!same) {
          ++at;
          continue;
        }
        for (size_t c = 0; c < row_.size() && !copied; ++c) {
          row_[c].Reset();
          CopyValue(chunk.column(static_cast<uint32_t>(c)), r, row_[c], 0);
        }
        copied = true;
        ASSIGN_OR_RETURN(const bool go_on, found(at->second, ids[r], row_pointers_));
        at = go_on ? std::next(at) : wanted.erase(at);
      }
    }
  }
  return Status::Ok();
}

}  // namespace phantom::engine
