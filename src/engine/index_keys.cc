#include "engine/index_keys.h"

#include "catalog/stored_sql.h"
#include "types/text_format.h"

namespace phantom::engine {

types::KeyCodec IndexCodec(const catalog::Index& index, const Runtime& runtime) {
  std::vector<types::KeyColumn> columns;
  for (const catalog::IndexKey& key : index.keys) {
    columns.push_back({runtime.StorageType(key.type).oid, key.descending, key.nulls_first});
  }
  return types::KeyCodec(std::move(columns));
}

Result<std::unique_ptr<IndexKeys>> IndexKeys::Make(const planner::TableRules::IndexKeys& rule, Runtime& runtime) {
  std::unique_ptr<IndexKeys> keys(new IndexKeys(rule, runtime));
  keys->codec_ = IndexCodec(*rule.index, runtime);
  ASSIGN_OR_RETURN(keys->exprs_, CompileAll(rule.keys, runtime));
  keys->values_.resize(keys->exprs_.size());
  ASSIGN_OR_RETURN(keys->predicate_, Predicate::Make(rule.predicate, runtime));
  return keys;
}

Status IndexKeys::Compute(const Batch& full, KeyBatch& out) {
  out.Clear();
  out.flags_.assign(full.rows.count, KeyBatch::kIndexed);
  Batch taken = full;
  if (!predicate_.always_true()) {
    RETURN_IF_ERROR(predicate_.Filter(taken));
    size_t next = 0;
    for (size_t i = 0; i < full.rows.count; ++i) {
      const bool is_taken = next < taken.rows.count && taken.rows[next] == full.rows[i];
      if (is_taken) ++next;
      out.flags_[i] = is_taken ? KeyBatch::kIndexed : 0;
    }
  }
  for (size_t c = 0; c < exprs_.size(); ++c) RETURN_IF_ERROR(exprs_[c]->Evaluate(taken, values_[c]));
  for (size_t i = 0; i < full.rows.count; ++i) {
    if (out.indexed(i)) {
      const uint32_t row = static_cast<uint32_t>(full.rows[i]);
      for (uint32_t c = 0; c < exprs_.size(); ++c) {
        if (values_[c]->IsNull(row)) {
          codec_.AppendNull(c, out.bytes_);
          out.flags_[i] |= KeyBatch::kHasNull;
        } else {
          codec_.AppendColumn(c, values_[c]->row_slot(row), out.bytes_);
        }
      }
    }
    out.ends_.push_back(out.bytes_.size());
  }
  return Status::Ok();
}

Result<std::string> IndexKeys::Describe(const catalog::Table& table, uint32_t row) const {
  std::string names, values;
  const catalog::Index& index = *rule_->index;
  for (size_t c = 0; c < index.keys.size(); ++c) {
    if (c > 0) {
      names += ", ";
      values += ", ";
    }
    const catalog::IndexKey& key = index.keys[c];
    if (key.column != 0) {
      names += table.column(key.column).name;
    } else {
      ASSIGN_OR_RETURN(const std::string expression,
                       catalog::ExpandSql(key.expression_sql, &table, [](Oid) -> Result<catalog::TableRef> {
                         return Error(sqlstate::kInternalError, "index expression names another relation");
                       }));
      names += expression;
    }
    if (values_[c]->IsNull(row)) {
      values += "null";
    } else {
      RETURN_IF_ERROR(types::AppendText(rule_->keys[c]->type, values_[c]->row_slot(row), runtime_.format(), values));
    }
  }
  return "(" + names + ")=(" + values + ")";
}

}  // namespace phantom::engine
