// regexp_match, regexp_matches, regexp_split_to_array, regexp_split_to_table (PostgreSQL 15, chapter 9.7.3).
#include <string>
#include <vector>

#include "common/utf8.h"
#include "engine/functions/regex.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "types/array.h"

namespace phantom::engine {

namespace {

using types::ArrayBuilder;
using types::StringRef;
using Args = std::span<const types::Vector* const>;
using Groups = std::vector<RegexGroup>;

Result<RegexOptions> OptionsOf(const KernelContext& context, Args args, uint32_t row, bool global_allowed) {
  ASSIGN_OR_RETURN(const RegexOptions options,
                   ParseRegexFlags(args.size() > 2 ? args[2]->Get<StringRef>(row).view() : std::string_view()));
  if (options.global && !global_allowed) {
    Status error = Error(sqlstate::kInvalidParameterValue,
                         std::string(context.function_name) + "() does not support the \"global\" option");
    if (context.function_name == "regexp_match") return std::move(error).Hint("Use the regexp_matches function instead.");
    return error;
  }
  return options;
}

// All matches from the start of the text on, or the first one only. After an empty match the search goes on one
// character later. For splitting, empty matches at the ends or right after a match do not count.
Status FindMatches(std::string_view text, std::string_view pattern, const RegexOptions& options, bool all, bool splitting,
                   std::vector<Groups>& matches) {
  ASSIGN_OR_RETURN(Regex* const regex, GetRegex(pattern, options));
  const RegexSubject subject(text);
  Groups groups;
  size_t at = 0, last_end = 0;
  while (at <= text.size()) {
    ASSIGN_OR_RETURN(const bool found, regex->Find(subject, at, groups));
    if (!found) break;
    const bool empty = groups[0].begin == groups[0].end;
    if (!splitting || (groups[0].begin < text.size() && groups[0].end > last_end)) {
      matches.push_back(groups);
      if (!all) break;
    }
    last_end = groups[0].end;
    at = groups[0].end;
    if (empty) at += at < text.size() ? utf8::CharBytes(text[at]) : 1;
  }
  return Status::Ok();
}

// The groups of a match, or the whole of it when there are none.
std::string GroupArray(std::string_view text, const Groups& groups) {
  ArrayBuilder builder(types::kTextOid);
  for (size_t g = groups.size() > 1 ? 1 : 0; g < groups.size(); ++g) {
    if (!groups[g].present) {
      builder.AddNull();
      continue;
    }
    const StringRef part(text.substr(groups[g].begin, groups[g].end - groups[g].begin));
    builder.Add(&part);
  }
  return builder.Finish();
}
// What lies between matches.
std::vector<std::string_view> Between(std::string_view text, const std::vector<Groups>& matches) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (const Groups& match : matches) {
    parts.push_back(text.substr(begin, match[0].begin - begin));
    begin = match[0].end;
  }
  parts.push_back(text.substr(begin));
  return parts;
}

bool AnyNull(Args args, uint32_t row) {
  for (const types::Vector* arg : args) {
    if (arg->IsNull(row)) return true;
  }
  return false;
}

Status Match(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (AnyNull(args, row)) {
      result.SetNull(row);
      continue;
    }
    const std::string_view text = args[0]->Get<StringRef>(row).view();
    ASSIGN_OR_RETURN(const RegexOptions options, OptionsOf(context, args, row, false));
    std::vector<Groups> matches;
    RETURN_IF_ERROR(FindMatches(text, args[1]->Get<StringRef>(row).view(), options, false, false, matches));
    matches.empty() ? result.SetNull(row) : result.SetString(row, GroupArray(text, matches[0]));
  }
  return Status::Ok();
}

Status SplitToArray(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (AnyNull(args, row)) {
      result.SetNull(row);
      continue;
    }
    const std::string_view text = args[0]->Get<StringRef>(row).view();
    ASSIGN_OR_RETURN(const RegexOptions options, OptionsOf(context, args, row, false));
    std::vector<Groups> matches;
    RETURN_IF_ERROR(FindMatches(text, args[1]->Get<StringRef>(row).view(), options, true, true, matches));
    ArrayBuilder builder(types::kTextOid);
    for (const std::string_view part : Between(text, matches)) {
      const StringRef ref(part);
      builder.Add(&ref);
    }
    result.SetString(row, builder.Finish());
  }
  return Status::Ok();
}

// Rows made before they are asked for.
class TextRows final : public SetGenerator {
 public:
  explicit TextRows(std::vector<std::string> rows) : rows_(std::move(rows)) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize && next_ < rows_.size(); ++count) out.column(0).SetString(count, rows_[next_++]);
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  std::vector<std::string> rows_;
  size_t next_ = 0;
};

template <bool kSplit>
Result<std::unique_ptr<SetGenerator>> Start(KernelContext& context, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  if (AnyNull(args, r)) return std::unique_ptr<SetGenerator>();
  const std::string_view text = args[0]->Get<StringRef>(r).view();
  ASSIGN_OR_RETURN(const RegexOptions options, OptionsOf(context, args, r, !kSplit));
  std::vector<Groups> matches;
  RETURN_IF_ERROR(FindMatches(text, args[1]->Get<StringRef>(r).view(), options, kSplit || options.global, kSplit, matches));
  std::vector<std::string> made;
  if (kSplit) {
    for (const std::string_view part : Between(text, matches)) made.emplace_back(part);
  } else {
    for (const Groups& match : matches) made.push_back(GroupArray(text, match));
  }
  return std::unique_ptr<SetGenerator>(std::make_unique<TextRows>(std::move(made)));
}

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("regexp_match", Match),
    KernelEntry::Scalar("regexp_match_no_flags", Match),
    KernelEntry::Set("regexp_matches", Start<false>),
    KernelEntry::Set("regexp_matches_no_flags", Start<false>),
    KernelEntry::Scalar("regexp_split_to_array", SplitToArray),
    KernelEntry::Scalar("regexp_split_to_array_no_flags", SplitToArray),
    KernelEntry::Set("regexp_split_to_table", Start<true>),
    KernelEntry::Set("regexp_split_to_table_no_flags", Start<true>),
};

}  // namespace

std::span<const KernelEntry> RegexSetKernels() { return kTable; }

}  // namespace phantom::engine
