#include "lsm/run_reader.h"

#include <algorithm>

#include "common/check.h"
#include "lsm/run_filter.h"

namespace phantom::lsm {

namespace {

class CachedFilter final : public CacheEntry {
 public:
  CachedFilter(std::unique_ptr<std::byte[]> bytes, size_t size) : bytes_(std::move(bytes)), size_(size) {}
  size_t memory_bytes() const override { return sizeof(*this) + size_; }
  Bytes bytes() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t size_;
};

// The eight bytes from `at` on as a big-endian number, zero-padded.
uint64_t HeadAt(Bytes key, size_t at) {
  if (key.size() >= at + 8) return LoadBE<uint64_t>(key.data() + at);
  uint64_t head = 0;
  for (size_t i = at; i < key.size(); ++i) head |= static_cast<uint64_t>(key[i]) << (56 - 8 * (i - at));
  return head;
}

}  // namespace

Result<std::unique_ptr<RunReader>> RunReader::Open(std::unique_ptr<io::File> file, std::string name, BlockCache& cache) {
  ASSIGN_OR_RETURN(std::unique_ptr<BlockFile> opened, BlockFile::Open(std::move(file), kRunFile, std::move(name)));
  std::unique_ptr<RunReader> reader(new RunReader(std::move(opened), cache));
  BlockFile& blocks = *reader->file_;
  auto parsed = RunFooter::Parse(blocks.footer(), blocks.footer_begin());
  if (!parsed.ok()) return blocks.Damaged("footer", parsed.status().message().c_str());
  reader->footer_ = std::move(parsed).value();
  if (reader->footer_.tree != blocks.subject()) return blocks.Damaged("footer", "another run's");
  blocks.DropFooter();
  reader->PrepareSearch();
  return reader;
}

RunReader::~RunReader() {
  if (slots_ != nullptr) cache_.Remove({slots_.get(), footer_.blocks.size() + footer_.filters.size()});
}

void RunReader::PrepareSearch() {
  const uint32_t blocks = block_count();
  slots_ = std::make_unique<CacheSlot[]>(blocks + footer_.filters.size());
  if (blocks > 1) {
    const std::string_view first = AsText(footer_.separator(1)), last = AsText(footer_.separator(blocks - 1));
    const auto [end, other] = std::mismatch(first.begin(), first.end(), last.begin(), last.end());
    common_.assign(first.begin(), end);
  }
  heads_.resize(blocks);
  for (uint32_t i = 1; i < blocks; ++i) heads_[i] = HeadAt(footer_.separator(i), common_.size());
  filter_of_.resize(blocks);
  for (uint32_t block = 0, filter = 0; block < blocks; ++block) {
    if (filter + 1 < footer_.filters.size() && footer_.filters[filter + 1].first_block == block) ++filter;
    filter_of_[block] = filter;
  }
}

// The last block whose separator is not above the key.
uint32_t RunReader::BlockOf(Bytes key) const {
  const std::string_view text = AsText(key);
  const int order = text.substr(0, common_.size()).compare(common_);
  if (order < 0) return 0;
  if (order > 0) return block_count() - 1;
  const uint64_t head = HeadAt(key, common_.size());
  uint32_t low = 0;  // not above the key
  for (uint32_t length = block_count() - 1; length > 0;) {
    const uint32_t half = (length + 1) / 2;
    const uint32_t middle = low + half;
    bool above = heads_[middle] > head;
    if (heads_[middle] == head) above = AsText(footer_.separator(middle)) > text;
    low = above ? low : middle;
    length = above ? half - 1 : length - half;
  }
  return low;
}

Result<std::unique_ptr<RunBlock>> RunReader::Load(uint32_t block) const {
  auto load = [&]() -> Result<std::unique_ptr<RunBlock>> {
    ASSIGN_OR_RETURN(std::unique_ptr<std::byte[]> bytes, file_->Read(footer_.blocks[block]));
    return RunBlock::Open(std::move(bytes), footer_.blocks[block].size);
  };
  Result<std::unique_ptr<RunBlock>> loaded = load();
  if (!loaded.ok()) return file_->In(Format("block %u", block), loaded.status());
  return loaded;
}

Result<CachePin<RunBlock>> RunReader::Pin(uint32_t block) const {
  CacheSlot& slot = slots_[block];
  if (CachePin<RunBlock> pin(slot); pin) return pin;
  ASSIGN_OR_RETURN(std::unique_ptr<RunBlock> loaded, Load(block));
  return CachePin<RunBlock>(slot, cache_.Put(slot, std::move(loaded)));
}

Result<bool> RunReader::FilterHas(uint32_t filter, uint64_t hash) const {
  CacheSlot& slot = slots_[footer_.blocks.size() + filter];
  if (const CachePin<CachedFilter> pin(slot); pin) return FilterMayHave(pin->bytes(), hash);
  const BlockRef& block = footer_.filters[filter].block;
  Result<std::unique_ptr<std::byte[]>> bytes = file_->Read(block);
  if (!bytes.ok()) return file_->In(Format("filter %u", filter), bytes.status());
  const CachePin<CachedFilter> pin(
      slot, cache_.Put(slot, std::make_unique<CachedFilter>(std::move(bytes).value(), block.size)));
  return FilterMayHave(pin->bytes(), hash);
}

Result<bool> RunReader::MayHave(Bytes key) const {
  if (block_count() == 0 || AsText(key) > footer_.last_key) return false;
  if (footer_.filters.empty()) return true;
  const Bytes asked = key.first(key.size() - std::min<size_t>(key.size(), footer_.filter_trim));
  return FilterHas(filter_of_[BlockOf(key)], FilterHash(asked));
}

Result<bool> RunReader::MayHaveTrimmed(Bytes start) const {
  if (block_count() == 0 || AsText(start) > footer_.last_key) return false;
  if (footer_.filters.empty()) return true;
  std::string end(AsText(start));
  end.append(footer_.filter_trim, '\xff');
  const uint64_t hash = FilterHash(start);
  const uint32_t last = filter_of_[BlockOf(AsBytes(end))];
  for (uint32_t filter = filter_of_[BlockOf(start)]; filter <= last; ++filter) {
    ASSIGN_OR_RETURN(const bool has, FilterHas(filter, hash));
    if (has) return true;
  }
  return false;
}

Result<bool> RunReader::Read(Bytes key, FunctionRef<void(Bytes value)> visit) const {
  if (block_count() == 0 || AsText(key) > footer_.last_key) return false;
  const uint32_t block = BlockOf(key);
  if (!footer_.filters.empty()) {
    const Bytes asked = key.first(key.size() - std::min<size_t>(key.size(), footer_.filter_trim));
    ASSIGN_OR_RETURN(const bool may_have, FilterHas(filter_of_[block], FilterHash(asked)));
    if (!may_have) return false;
  }
  ASSIGN_OR_RETURN(const CachePin<RunBlock> pin, Pin(block));
  RunBlock::Reading reading;
  bool equal;
  const uint32_t position = pin->LowerBound(key, &equal, reading);
  if (equal) visit(pin->ValueAt(position, reading));
  return equal;
}

Status RunReader::Check() const {
  uint64_t entries = 0;
  std::string before;
  for (uint32_t b = 0; b < block_count(); ++b) {
    ASSIGN_OR_RETURN(const std::unique_ptr<RunBlock> block, Load(b));
    const std::string where = Format("block %u", b);
    RunBlock::Reading reading;
    for (uint32_t i = 0; i < block->count(); ++i) {
      block->MoveTo(i, reading);
      const std::string_view key = AsText({reading.key, reading.key_size});
      if (entries > 0 && key <= before) return file_->Damaged(where, "keys out of order");
      if (i == 0 && b > 0 && !(AsText(footer_.separator(b)) > before && AsText(footer_.separator(b)) <= key)) {
        return file_->Damaged(where, "wrong separator");
      }
      ASSIGN_OR_RETURN(const bool in_filter, MayHave(AsBytes(key)));
      if (!in_filter) return file_->Damaged(where, "a key is not in the filter");
      before.assign(key);
      ++entries;
    }
  }
  if (entries != footer_.entries || before != footer_.last_key) return file_->Damaged("footer", "wrong counts");
  return Status::Ok();
}

}  // namespace phantom::lsm
