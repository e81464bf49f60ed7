// session/simple_cache.h
//
// What a session remembers of its simple queries: the plans of small statements, to be run again when a text comes that
// differs in the values of its literals only, and the parse trees of BEGIN, COMMIT and their kin.
//
// A plan serves other values only if every literal of its text became a plain constant of the plan, of the literal's own
// value (found by location), and no expression from the catalog (partial indexes, checks, defaults, views) takes part:
// then no decision was taken on a value. The literals are then parameters, taken from the new text. Texts must be
// identical between their literals, so that a location in the old text can be told in the new one.
//
// Thread safety: the session's thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/executor.h"
#include "parser/fingerprint.h"
#include "session/statement.h"
#include "types/value.h"

namespace phantom::session {

class SimpleCache {
 public:
  static constexpr size_t kEntriesMax = 64;
  static constexpr size_t kTextBytesMax = 2048;

  struct Entry {
    std::shared_ptr<const QueryText> source;
    std::vector<parser::FingerprintLiteral> literals;  // in the source
    std::shared_ptr<Statement> statement;              // null: only the parse tree is kept
    std::shared_ptr<const planner::PhysicalPlan> plan;
    engine::LiteralBindings bindings;
    uint64_t settings_version = 0;
  };

  // The entry for a text, if there is one.
  Entry* Find(std::string_view text, uint64_t settings_version);
  // The literals' values in the text last looked for, which found the entry.
  std::vector<types::Value> Values(const Entry& entry) const;
  // Where a location of the entry's source lies in the text last looked for.
  int32_t Translate(const Entry& entry, int32_t location) const;

  // Keeps what the text last looked for, and not found, turned out to be. `constants`: of the plan.
  void AddParsed(std::shared_ptr<const QueryText> source, uint64_t settings_version);
  // False: its plan cannot serve other values.
  bool AddPlanned(const std::shared_ptr<Statement>& statement, std::span<const planner::ConstExpr* const> constants,
                  uint64_t settings_version);
  void Drop(const Entry& entry);
  void Clear();

 private:
  Entry* Add(Entry entry);

  parser::Fingerprint now_;  // of the text last looked for
  bool usable_ = false;      // it has one
  // By fingerprint; few, and forgotten all at once when there are too many.
  std::unordered_map<uint64_t, std::unique_ptr<Entry>> entries_;
};

}  // namespace phantom::session
