// session/simple_cache.h
//
// What a session remembers of its simple queries: the plans of small statements, to be run again when a text comes that
// differs in the values of its literals only, and the parse trees of BEGIN, COMMIT and their kin. Plans come from, and go to,
// the cache that sessions share; what runs them is the session's.
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
#include "session/plan_cache.h"
#include "session/statement.h"
#include "types/value.h"

namespace phantom::session {

class SimpleCache {
 public:
  static constexpr size_t kEntriesMax = 64;
  static constexpr size_t kTextBytesMax = 2048;

  struct Entry {
    SharedStatementRef shared;
    std::shared_ptr<Statement> statement;  // null: only the parse tree is kept
  };

  // Takes the text's fingerprint. False: it has none, as no text has without standard_conforming_strings.
  bool Look(std::string_view text, bool standard_conforming_strings);

  // ---- Of the text last looked at ----
  bool has_fingerprint() const { return usable_; }
  const parser::Fingerprint& fingerprint() const { return now_; }
  // What follows requires that it has one, and means it by `text`.
  // The entry that serves it, if there is one.
  Entry* Find(std::string_view text, const PlanEnvironmentRef& environment);
  // Is it the statement's text but for its literals?
  bool IsLike(std::string_view text, const SharedStatement& statement) const;
  // The literals' values in it, which is like the entry's.
  std::vector<types::Value> Values(const Entry& entry) const;
  // Where a location of the entry's source lies in it.
  int32_t Translate(const Entry& entry, int32_t location) const;
  // Notes in a statement that was made of it where its literals are and what the plan takes them for. `constants`: of the
  // plan. False: the plan cannot serve other values.
  bool FindLiterals(std::span<const planner::ConstExpr* const> constants, SharedStatement& statement) const;
  Entry* Add(Entry entry);

  void Drop(const Entry& entry);
  void Clear() { entries_.clear(); }

 private:
  parser::Fingerprint now_;
  bool usable_ = false;
  // By fingerprint; few, and forgotten all at once when there are too many.
  std::unordered_map<uint64_t, std::unique_ptr<Entry>> entries_;
};

}  // namespace phantom::session
