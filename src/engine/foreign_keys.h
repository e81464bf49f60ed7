// engine/foreign_keys.h
//
// Foreign keys of one table that a statement changes: what its rows refer to, and who refers to them. Changes are noted
// row by row; what they mean is decided when the statement has run (EndQueue), as PostgreSQL's triggers do. CASCADE, SET
// NULL and SET DEFAULT change the other table through a TableWriter and note what follows from that.
//
// Thread safety: one thread.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "catalog/table.h"
#include "engine/operator.h"

namespace phantom::engine {

class ForeignKeys {
 public:
  // Null when the table has no foreign keys and nobody refers to it.
  static std::unique_ptr<ForeignKeys> Make(const catalog::Table& table, Runtime& runtime);
  ~ForeignKeys();

  // Rows by full-row vectors, at one position.
  void Inserted(std::span<const types::Vector* const> full, uint32_t row);
  void Updated(std::span<const types::Vector* const> old, std::span<const types::Vector* const> full, uint32_t row);
  void Deleted(std::span<const types::Vector* const> old, uint32_t row);

  using Key = std::vector<types::Value>;

 private:
  // One constraint and the keys noted for it.
  struct Reference;  // of this table's rows to others
  struct Referrer;   // of others to this table's rows

  ForeignKeys(const catalog::Table& table, Runtime& runtime) : table_(table), runtime_(runtime) {}

  void Note(Reference& reference, std::span<const types::Vector* const> full, uint32_t row);
  void NoteGone(Referrer& referrer, std::span<const types::Vector* const> old,
                std::span<const types::Vector* const> full, uint32_t row);

  const catalog::Table& table_;
  Runtime& runtime_;
  std::vector<std::shared_ptr<Reference>> references_;
  std::vector<std::shared_ptr<Referrer>> referrers_;
};

}  // namespace phantom::engine
