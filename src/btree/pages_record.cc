#include "btree/pages_record.h"

#include <cstring>

#include "btree/node.h"
#include "common/check.h"
#include "wal/log_writer.h"

namespace phantom::btree {

void PagesRecord::Add(PageId page, PageAction action, std::initializer_list<Bytes> data) {
  PageActionHeader header{};
  header.page = page.value;
  header.action = action;
  for (Bytes part : data) header.bytes += static_cast<uint32_t>(part.size());
  const auto* bytes = reinterpret_cast<const std::byte*>(&header);
  bytes_.insert(bytes_.end(), bytes, bytes + sizeof(header));
  for (Bytes part : data) bytes_.insert(bytes_.end(), part.begin(), part.end());
}

void PagesRecord::Image(const std::byte* page) {
  const PageHeader& header = HeaderOf(page);
  PHANTOM_CHECK(header.garbage == 0);
  const size_t front = kSlotsOffset + header.count * sizeof(Slot);
  Add(PageId(header.page), PageAction::kImage, {{page, front}, {page + header.heap, kPageBytes - header.heap}});
}

void PagesRecord::SplitLeft(PageId page, Bytes separator) { Add(page, PageAction::kSplitLeft, {separator}); }

void PagesRecord::Put(PageId page, Bytes key, Bytes value) {
  const auto key_bytes = static_cast<uint16_t>(key.size());
  Add(page, PageAction::kPut, {{reinterpret_cast<const std::byte*>(&key_bytes), sizeof(key_bytes)}, key, value});
}

void PagesRecord::Remove(PageId page, Bytes key) { Add(page, PageAction::kRemove, {key}); }

void PagesRecord::Free(PageId page) { Add(page, PageAction::kFree, {}); }

void PagesRecord::AddEntry(std::vector<std::byte>* entries, Bytes key, Bytes value) {
  const uint16_t sizes[2] = {static_cast<uint16_t>(key.size()), static_cast<uint16_t>(value.size())};
  for (Bytes part : {Bytes(reinterpret_cast<const std::byte*>(sizes), sizeof(sizes)), key, value}) {
    entries->insert(entries->end(), part.begin(), part.end());
  }
}

Lsn PagesRecord::Append(wal::LogWriter& log, TreeId tree) {
  wal::RecordInfo info;
  info.type = wal::RecordType::kPages;
  const uint64_t head = tree.value;
  return log.Append(info, {{reinterpret_cast<const std::byte*>(&head), sizeof(head)}, bytes_});
}

Status ParsePages(const wal::RecordView& record, std::vector<ParsedPageAction>* actions) {
  actions->clear();
  auto malformed = [&] {
    return Errorf(sqlstate::kDataCorrupted, "malformed pages record at %llX",
                  static_cast<unsigned long long>(record.lsn().value));
  };
  Bytes rest = record.payload();
  if (rest.size() < sizeof(uint64_t)) return malformed();
  rest = rest.subspan(sizeof(uint64_t));
  while (!rest.empty()) {
    if (rest.size() < sizeof(PageActionHeader)) return malformed();
    const auto header = LoadLE<PageActionHeader>(rest.data());
    rest = rest.subspan(sizeof(header));
    if (header.bytes > rest.size()) return malformed();
    actions->push_back({PageId(header.page), header.action, rest.first(header.bytes)});
    rest = rest.subspan(header.bytes);
  }
  return Status::Ok();
}

// False when it does not apply.
static bool PutAll(Bytes data, std::byte* page) {
  uint16_t sizes[2];
  while (!data.empty()) {
    if (data.size() < sizeof(sizes)) return false;
    std::memcpy(sizes, data.data(), sizeof(sizes));
    data = data.subspan(sizeof(sizes));
    if (data.size() < size_t{sizes[0]} + sizes[1]) return false;
    const Bytes key = data.first(sizes[0]), value = data.subspan(sizes[0], sizes[1]);
    if (!node::Covers(page, key) || !node::Put(page, key, value)) return false;
    data = data.subspan(key.size() + value.size());
  }
  return true;
}

Status ApplyToPage(const ParsedPageAction& action, std::byte* page) {
  auto inapplicable = [&] {
    return Errorf(sqlstate::kDataCorrupted, "log record does not apply to page %u in space %u", action.page.number(),
                  action.page.space().value);
  };
  const Bytes data = action.data;
  bool equal;
  switch (action.action) {
    case PageAction::kImage: {
      if (data.size() < kSlotsOffset || data.size() > kPageBytes) return inapplicable();
      const size_t front = kSlotsOffset + LoadLE<PageHeader>(data.data()).count * sizeof(Slot);
      if (front > data.size()) return inapplicable();
      const size_t back = data.size() - front;
      std::memcpy(page, data.data(), front);
      std::memcpy(page + kPageBytes - back, data.data() + front, back);
      return node::Verify(page) == nullptr ? Status::Ok() : inapplicable();
    }
    case PageAction::kSplitLeft:
      if (!node::Covers(page, data)) return inapplicable();
      node::SplitLeft(page, data);
      return Status::Ok();
    case PageAction::kPut: {
      if (data.size() < sizeof(uint16_t)) return inapplicable();
      const size_t key_bytes = LoadLE<uint16_t>(data.data());
      if (data.size() < sizeof(uint16_t) + key_bytes) return inapplicable();
      const Bytes key = data.subspan(sizeof(uint16_t), key_bytes);
      if (!node::Covers(page, key)) return inapplicable();
      return node::Put(page, key, data.subspan(sizeof(uint16_t) + key_bytes)) ? Status::Ok() : inapplicable();
    }
    case PageAction::kRemove: {
      const uint32_t position = node::LowerBound(page, data, &equal);
      if (!equal) return inapplicable();
      node::Remove(page, position);
      return Status::Ok();
    }
    case PageAction::kPutAll:
      return PutAll(data, page) ? Status::Ok() : inapplicable();
    case PageAction::kFree:
      break;
  }
  return inapplicable();
}

}  // namespace phantom::btree
