#include "engine/key_lookup.h"

#include <algorithm>

#include "engine/table_reader.h"
#include "types/chunk.h"
#include "types/compare.h"

namespace phantom::engine {

FreshScope::FreshScope(Runtime& parent)
    : snapshot_(parent.context.transaction->TakeSnapshot()), context_(parent.context) {
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
  const types::Layout layout = runtime.LayoutOf(target);
  if (value.is_null() || value.layout() == layout) {
    out = value;
    out.Retype(target);
    return true;
  }
  int64_t integer = 0;
  if (IntegerOf(value, integer)) {
    switch (layout) {
      case types::Layout::kInt16:
        out = types::Value::Int2(static_cast<int16_t>(integer));
        return integer == static_cast<int16_t>(integer);
      case types::Layout::kInt32:
        out = types::Value::Int4(static_cast<int32_t>(integer));
        return integer == static_cast<int32_t>(integer);
      case types::Layout::kInt64:
        out = types::Value::Int8(integer);
        return true;
      case types::Layout::kNumeric:
        out = types::Value::NumericValue(types::Numeric::FromInt64(integer));
        return true;
      case types::Layout::kFloat64:
        out = types::Value::Float8(static_cast<double>(integer));
        return true;
      default:
        return false;
    }
  }
  if (value.layout() == types::Layout::kNumeric && layout <= types::Layout::kInt64) {
    Result<int64_t> rounded = types::NumericToInt64(value.AsNumeric());
    if (!rounded.ok() || types::CompareNumeric(types::Numeric::FromInt64(*rounded), value.AsNumeric()) != 0) return false;
    return CoerceKey(types::Value::Int8(*rounded), target, runtime, out);
  }
  if (value.layout() == types::Layout::kFloat32 && layout == types::Layout::kFloat64) {
    out = types::Value::Float8(value.AsFloat());
    return true;
  }
  if (value.layout() == types::Layout::kFloat64 && layout == types::Layout::kFloat32) {
    out = types::Value::Float4(static_cast<float>(value.AsDouble()));
    return static_cast<double>(out.AsFloat()) == value.AsDouble();
  }
  return false;
}

Result<std::unique_ptr<KeyLookup>> KeyLookup::Make(catalog::TableRef table, std::vector<int16_t> columns,
                                                   Oid preferred, Runtime& runtime) {
  std::unique_ptr<KeyLookup> lookup(new KeyLookup(std::move(table), std::move(columns), runtime));
  const catalog::Table& relation = *lookup->table_;
  ASSIGN_OR_RETURN(txn::RowTable rows, txn::RowTable::Open(runtime.context.transaction->manager(), relation.space,
                                                           relation.tree, relation.layout));
  lookup->rows_ = std::make_unique<txn::RowTable>(std::move(rows));
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
    if (order.size() != lookup->columns_.size()) continue;
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

Status KeyLookup::ForEach(std::span<const types::Value> key, const Found& found) {
  std::vector<types::Value> coerced(key.size());
  for (size_t i = 0; i < key.size(); ++i) {
    if (!CoerceKey(key[i], table_->column(columns_[i]).type, runtime_, coerced[i])) return Status::Ok();
  }
  if (probe_ == nullptr) return Scan(coerced, found);
  for (size_t i = 0; i < key.size(); ++i) {
    values_[i].Reset();
    values_[i].SetValue(0, coerced[i]);
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
    RETURN_IF_ERROR(rows_->Decode(fetched.row, all_columns_, row_, 0));
    ASSIGN_OR_RETURN(const bool go_on, found(id, row_pointers_));
    if (!go_on) return Status::Ok();
  }
}

Status KeyLookup::Scan(std::span<const types::Value> key, const Found& found) {
  txn::TableScan scan(*rows_, *runtime_.context.snapshot, all_columns_);
  types::Chunk chunk;
  for (const types::Vector& vector : row_) {
    chunk.AddColumn(types::Vector(vector.type(), vector.layout(), types::kVectorSize));
  }
  std::vector<RowId> ids(types::kVectorSize);
  std::vector<types::EqualFn> equal;
  for (int16_t column : columns_) {
    equal.push_back(types::EqualFunction(runtime_.StorageType(table_->column(column).type).oid));
  }
  while (true) {
    RETURN_IF_ERROR(runtime_.context.CheckCancelled());
    RETURN_IF_ERROR(scan.Next(chunk, ids.data()));
    if (chunk.empty()) return Status::Ok();
    for (uint32_t r = 0; r < chunk.size(); ++r) {
      bool same = true;
      for (size_t i = 0; same && i < key.size(); ++i) {
        const types::Vector& column = chunk.column(static_cast<uint32_t>(columns_[i] - 1));
        same = !column.IsNull(r) && equal[i](column.row_slot(r), key[i].slot());
      }
      if (!same) continue;
      for (size_t c = 0; c < row_.size(); ++c) {
        row_[c].Reset();
        CopyValue(chunk.column(static_cast<uint32_t>(c)), r, row_[c], 0);
      }
      ASSIGN_OR_RETURN(const bool go_on, found(ids[r], row_pointers_));
      if (!go_on) return Status::Ok();
    }
  }
}

}  // namespace phantom::engine
