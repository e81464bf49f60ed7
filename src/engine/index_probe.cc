#include "engine/index_probe.h"

#include <algorithm>

#include "catalog/open_table.h"
#include "types/array.h"
#include "types/format_context.h"

namespace phantom::engine {

using Op = planner::IndexCondition::Op;
using Place = types::KeyPosition::Place;

IndexProbe::IndexProbe(const catalog::Table& table, const planner::IndexAccess& access, Runtime& runtime)
    : table_(table), access_(access), runtime_(runtime) {
  runtime_.probes.push_back(this);
}
IndexProbe::~IndexProbe() { std::erase(runtime_.probes, this); }

Result<std::unique_ptr<IndexProbe>> IndexProbe::Make(const catalog::Table& table, const planner::IndexAccess& access,
                                                     Runtime& runtime) {
  std::unique_ptr<IndexProbe> probe(new IndexProbe(table, access, runtime));
  probe->codec_ = IndexCodec(*access.index, runtime);
  txn::TransactionManager& manager = runtime.context.transaction->manager();
  ASSIGN_OR_RETURN(txn::RowTable rows, catalog::OpenRows(manager, table));
  probe->rows_ = std::make_unique<txn::RowTable>(std::move(rows));
  ASSIGN_OR_RETURN(txn::Index index, catalog::OpenIndex(manager, table, access.index->tree));
  probe->index_ = std::make_unique<txn::Index>(std::move(index));
  for (const planner::IndexCondition& condition : access.conditions) {
    EvaluatorPtr value;
    Oid type = 0;
    if (condition.value != nullptr) {
      ASSIGN_OR_RETURN(value, Compile(*condition.value, runtime));
      type = runtime.StorageType(condition.value->type).oid;
    }
    probe->exprs_.push_back(std::move(value));
    probe->value_types_.push_back(type);
  }
  probe->values_.resize(probe->exprs_.size());
  return probe;
}

Status IndexProbe::Prepare(const Batch& batch) {
  for (size_t i = 0; i < exprs_.size(); ++i) {
    if (exprs_[i] != nullptr) RETURN_IF_ERROR(exprs_[i]->Evaluate(batch, values_[i]));
  }
  return Status::Ok();
}

const void* IndexProbe::KeyOf(uint32_t column, Oid type, const void* value, types::KeyBound bound,
                              types::KeyPosition& position) const {
  const Oid key_type = codec_.columns()[column].type.oid;
  position.place = Place::kAt;
  if (type == key_type || types::KeyFitOf(key_type, type) == types::KeyFit::kNone) return value;
  position = types::PositionAmong(key_type, type, value, bound, runtime_.format().time_zone);
  return position.key;
}

// The range of keys with the prefix that meet the bounds from condition `first_bound` on.
void IndexProbe::AddRange(const std::string& prefix, uint32_t row, size_t first_bound) {
  txn::KeyRange range;
  range.lower = prefix;
  std::string end = prefix;
  const auto set_upper = [&range](std::string key) {
    if (types::PrefixSuccessor(key)) {
      range.upper = std::move(key);
    } else {
      range.upper.reset();
    }
  };
  if (first_bound < access_.conditions.size()) {
    // NULLs lie outside of every bound.
    const uint32_t column = static_cast<uint32_t>(access_.conditions[first_bound].key_column);
    const char marker = static_cast<char>(codec_.ValueMarker(column));
    range.lower->push_back(marker);
    end.push_back(marker);
  }
  set_upper(end);
  for (size_t i = first_bound; i < access_.conditions.size(); ++i) {
    const planner::IndexCondition& condition = access_.conditions[i];
    if (condition.op == Op::kIsNotNull) continue;
    if (values_[i]->IsNull(row)) return;
    const uint32_t column = static_cast<uint32_t>(condition.key_column);
    const bool descending = codec_.columns()[column].descending;
    const bool greater = condition.op == Op::kGreater || condition.op == Op::kGreaterEqual;
    bool inclusive = condition.op == Op::kGreaterEqual || condition.op == Op::kLessEqual;
    types::KeyPosition position;
    const void* slot = KeyOf(column, value_types_[i], values_[i]->row_slot(row),
                             greater ? types::KeyBound::kLower : types::KeyBound::kUpper, position);
    if (position.place == Place::kFirst) {
      if (greater) continue;
      return;
    }
    // The value lies behind the key: what is above it is above the key, what is below it may be the key.
    if (position.place == Place::kAfter) inclusive = !greater;
    std::string key = prefix;
    codec_.AppendColumn(column, slot, key);
    if (greater != descending) {
      if (!inclusive && !types::PrefixSuccessor(key)) return;
      range.lower = std::move(key);
    } else if (inclusive) {
      set_upper(std::move(key));
    } else {
      range.upper = std::move(key);
    }
  }
  ranges_.push_back(std::move(range));
}

Status IndexProbe::Start(uint32_t row) {
  ranges_.clear();
  range_ = 0;
  scanning_ = false;
  prefixes_.resize(1);
  prefixes_[0].clear();
  size_t next = 0;
  for (; next < access_.conditions.size(); ++next) {
    const planner::IndexCondition& condition = access_.conditions[next];
    const uint32_t column = static_cast<uint32_t>(condition.key_column);
    if (condition.op == Op::kIsNull) {
      for (std::string& prefix : prefixes_) codec_.AppendNull(column, prefix);
    } else if (condition.op == Op::kEqual) {
      if (values_[next]->IsNull(row)) return Status::Ok();
      types::KeyPosition position;
      const void* slot = KeyOf(column, value_types_[next], values_[next]->row_slot(row), types::KeyBound::kLower, position);
      if (position.place != Place::kAt) return Status::Ok();
      for (std::string& prefix : prefixes_) codec_.AppendColumn(column, slot, prefix);
    } else if (condition.op == Op::kIn) {
      if (values_[next]->IsNull(row)) return Status::Ok();
      const types::ArrayView array(values_[next]->Get<types::StringRef>(row).view());
      std::vector<std::string> longer;
      for (const std::string& prefix : prefixes_) {
        for (uint32_t e = 0; e < array.size(); ++e) {
          if (array.IsNull(e)) continue;
          alignas(8) std::byte slot[16];
          array.Get(e, slot);
          types::KeyPosition position;
          const void* key_slot = KeyOf(column, array.element_type(), slot, types::KeyBound::kLower, position);
          if (position.place != Place::kAt) continue;
          codec_.AppendColumn(column, key_slot, longer.emplace_back(prefix));
        }
      }
      std::sort(longer.begin(), longer.end());
      longer.erase(std::unique(longer.begin(), longer.end()), longer.end());
      prefixes_ = std::move(longer);
    } else {
      break;
    }
  }
  for (const std::string& prefix : prefixes_) AddRange(prefix, row, next);
  if (access_.backward) std::reverse(ranges_.begin(), ranges_.end());
  return Status::Ok();
}

void IndexProbe::Stop() {
  if (scan_ != nullptr) scan_->Stop();
  range_ = ranges_.size();
  scanning_ = false;
}

Result<bool> IndexProbe::Next(txn::FetchedRow& fetched, RowId& id) {
  while (true) {
    if (!scanning_) {
      if (range_ >= ranges_.size()) return false;
      if (scan_ == nullptr) {
        scan_ = std::make_unique<txn::IndexScan>(
            *index_, *runtime_.context.snapshot, std::move(ranges_[range_]),
            access_.backward ? txn::ScanDirection::kBackward : txn::ScanDirection::kForward);
      } else {
        scan_->Restart(std::move(ranges_[range_]));
      }
      ++range_;
      scanning_ = true;
    }
    txn::IndexEntry entry;
    ASSIGN_OR_RETURN(const bool more, scan_->Next(&entry));
    if (!more) {
      scanning_ = false;
      continue;
    }
    RETURN_IF_ERROR(rows_->Locate(*runtime_.context.snapshot, entry.row, &fetched));
    if (!fetched.found) continue;
    if (entry.dead || !fetched.newest) {
      ASSIGN_OR_RETURN(const bool same, HasKey(fetched, entry.key));
      if (!same) continue;
    }
    id = entry.row;
    return true;
  }
}

Result<bool> IndexProbe::HasKey(const txn::FetchedRow& row, std::string_view key) {
  if (recheck_ == nullptr) {
    ASSIGN_OR_RETURN(recheck_, RowIndexKey::Make(table_, access_.index->oid, runtime_));
  }
  RETURN_IF_ERROR(recheck_->Compute(*rows_, row));
  return recheck_->indexed() && recheck_->key() == key;
}

}  // namespace phantom::engine
