// engine/cte_store.h
//
// The rows of a CTE, read from its definition as far as somebody wants them and shared by all its scans.
//
// Thread safety: one thread.
#pragma once
#include "engine/operator.h"
#include "engine/paged_rows.h"

namespace phantom::engine {

class CteStore {
 public:
  CteStore(const Runtime& runtime, std::span<const types::Type> types, OperatorPtr definition)
      : definition_(std::move(definition)), rows_(runtime, types) {}

  // Forgets all; the definition runs anew when rows are wanted.
  void Reset();
  // Reads until the piece of rows is complete or the definition has ended.
  Status Ensure(size_t piece);
  // Reads to the end.
  Status Complete();
  const PagedRows& rows() const { return rows_; }

 private:
  OperatorPtr definition_;
  PagedRows rows_;
  bool open_ = false;
  bool complete_ = false;
};

}  // namespace phantom::engine
