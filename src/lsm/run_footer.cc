#include "lsm/run_footer.h"

#include "lsm/byte_cursor.h"
#include "lsm/format.h"
#include "lsm/run_format.h"

namespace phantom::lsm {

static Status Damaged(const char* what) { return Errorf(sqlstate::kDataCorrupted, "bad footer: %s", what); }

void RunFooter::AddSeparator(Bytes separator) {
  separators.append(AsText(separator));
  separator_begins.push_back(static_cast<uint32_t>(separators.size()));
}

std::string RunFooter::Encode() const {
  std::string out, rests;
  AppendLE(out, tree);
  AppendLE(out, entries);
  AppendLE(out, tombstones);
  AppendLE(out, uint64_t{filter_trim});
  AppendLE(out, static_cast<uint32_t>(blocks.size()));
  AppendLE(out, static_cast<uint32_t>(filters.size()));
  AppendLE(out, static_cast<uint32_t>(last_key.size()));
  AppendLE(out, uint32_t{0});
  out.append(last_key);
  std::string_view before;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const std::string_view separator = AsText(this->separator(i));
    size_t shared = 0;
    while (shared < separator.size() && shared < before.size() && separator[shared] == before[shared]) ++shared;
    AppendLE(out, blocks[i].checksum);
    AppendLE(out, blocks[i].size);
    AppendLE(out, static_cast<uint16_t>(shared));
    AppendLE(out, static_cast<uint16_t>(separator.size() - shared));
    rests.append(separator.substr(shared));
    before = separator;
  }
  for (const RunFilter& filter : filters) {
    AppendLE(out, filter.block.checksum);
    AppendLE(out, filter.block.size);
    AppendLE(out, filter.first_block);
  }
  out.append(rests);
  return out;
}

Result<RunFooter> RunFooter::Parse(Bytes bytes, uint64_t end) {
  ByteCursor in(bytes);
  RunFooter footer;
  footer.tree = in.Take<uint64_t>();
  footer.entries = in.Take<uint64_t>();
  footer.tombstones = in.Take<uint64_t>();
  const auto trim = in.Take<uint64_t>();
  footer.filter_trim = static_cast<uint8_t>(trim);
  const auto block_count = in.Take<uint32_t>(), filter_count = in.Take<uint32_t>();
  const auto last_bytes = in.Take<uint32_t>();
  if (in.Take<uint32_t>() != 0 || trim > UINT8_MAX) return Damaged("unknown fields");
  footer.last_key = AsText(in.TakeBytes(last_bytes));
  if (!in.ok() || uint64_t{block_count} * 16 + uint64_t{filter_count} * 16 > in.left()) return Damaged("bad counts");

  uint64_t offset = kHeaderBytes;
  std::vector<std::pair<uint16_t, uint16_t>> lengths(block_count);
  footer.blocks.resize(block_count);
  for (uint32_t i = 0; i < block_count; ++i) {
    BlockRef& block = footer.blocks[i];
    block.checksum = in.Take<uint64_t>();
    block.size = in.Take<uint32_t>();
    block.offset = offset;
    offset += block.size;
    lengths[i].first = in.Take<uint16_t>();
    lengths[i].second = in.Take<uint16_t>();
  }
  footer.filters.resize(filter_count);
  for (uint32_t i = 0; i < filter_count; ++i) {
    RunFilter& filter = footer.filters[i];
    filter.block.checksum = in.Take<uint64_t>();
    filter.block.size = in.Take<uint32_t>();
    filter.block.offset = offset;
    offset += filter.block.size;
    filter.first_block = in.Take<uint32_t>();
    const bool in_order = i == 0 ? filter.first_block == 0 : filter.first_block > footer.filters[i - 1].first_block;
    const uint32_t size = filter.block.size;
    if (!in_order || filter.first_block >= block_count || size == 0 || size % kFilterLineBytes != 0) {
      return Damaged("bad filter");
    }
  }
  if (offset != end) return Damaged("bad sizes");
  std::string separator;
  for (const auto& [shared, rest] : lengths) {
    if (shared > separator.size() || size_t{shared} + rest > kRunItemBytesMax) return Damaged("bad separator");
    const std::string before = separator;
    separator.resize(shared);
    separator.append(AsText(in.TakeBytes(rest)));
    const bool first = footer.separator_begins.size() == 1;
    if (first != separator.empty() || (!first && separator <= before)) return Damaged("bad separator");
    footer.AddSeparator(AsBytes(separator));
    if (footer.separators.size() > UINT32_MAX) return Damaged("bad separator");
  }
  if (!in.done()) return Damaged("bad separator");
  return footer;
}

}  // namespace phantom::lsm
