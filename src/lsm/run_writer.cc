#include "lsm/run_writer.h"

#include <algorithm>

#include "common/check.h"
#include "common/checksum.h"
#include "lsm/run_filter.h"
#include "lsm/run_format.h"

namespace phantom::lsm {

namespace {

// The shortest that is above `before` and not above `key`.
Bytes SeparatorOf(Bytes before, Bytes key) {
  size_t shared = 0;
  while (shared < before.size() && before[shared] == key[shared]) ++shared;
  return key.first(shared + 1);
}

}  // namespace

RunWriter::RunWriter(io::File& file, const RunOptions& options) : options_(options), sink_(file) {
  footer_.tree = options.tree;
  footer_.filter_trim = options.filter_trim;
  header_ = sink_.AppendRaw(BlockFileHeader(kRunFile, options.tree));
}

Status RunWriter::Add(Bytes key, Bytes value, bool tombstone) {
  RETURN_IF_ERROR(header_);
  PHANTOM_CHECK(key.size() <= kRunItemBytesMax && value.size() <= kRunItemBytesMax);
  if (footer_.entries == 0) {
    footer_.AddSeparator({});
  } else {
    PHANTOM_CHECK(AsText(block_.last_key()) < AsText(key));
    if (block_.IsFull(key.size(), value.size())) RETURN_IF_ERROR(FinishBlock(key));
  }
  block_.Add(key, value);
  ++footer_.entries;
  footer_.tombstones += tombstone ? 1 : 0;
  if (!options_.filters) return Status::Ok();
  const uint64_t hash = FilterHash(key.first(key.size() - std::min<size_t>(key.size(), options_.filter_trim)));
  // Entries of one index key are neighbours.
  if (hashes_.empty() || hashes_.back() != hash) hashes_.push_back(hash);
  return Status::Ok();
}

// The next key begins another block; empty: there is none.
Status RunWriter::FinishBlock(Bytes next_key) {
  if (!next_key.empty()) footer_.AddSeparator(SeparatorOf(block_.last_key(), next_key));
  std::string bytes;
  block_.Finish(bytes);
  ASSIGN_OR_RETURN(footer_.blocks.emplace_back(), sink_.Append(bytes));
  if (hashes_.size() >= kFilterKeys) FinishFilter();
  return Status::Ok();
}

void RunWriter::FinishFilter() {
  if (hashes_.empty()) return;
  const std::string filter = MakeFilter(hashes_);
  footer_.filters.push_back({{0, static_cast<uint32_t>(filter.size()), Checksum(AsBytes(filter))}, filter_first_});
  filters_.append(filter);
  filter_first_ = static_cast<uint32_t>(footer_.blocks.size());
  hashes_.clear();
}

Result<uint64_t> RunWriter::Finish() {
  RETURN_IF_ERROR(header_);
  if (block_.count() > 0) {
    footer_.last_key = AsText(block_.last_key());
    RETURN_IF_ERROR(FinishBlock({}));
  }
  FinishFilter();
  RETURN_IF_ERROR(sink_.AppendRaw(filters_));
  return sink_.Finish(footer_.Encode());
}

}  // namespace phantom::lsm
