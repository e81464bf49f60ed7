// Where a store's files hold what.
#include <cstring>

#include "btree/map_format.h"
#include "btree/node.h"
#include "btree/page_map.h"
#include "store/control_file.h"
#include "txn/damage.h"
#include "wal/log_reader.h"

namespace phantom::txn {

void DamageStore::Add(std::string kind, std::string path, uint64_t offset, uint64_t bytes, uint64_t unit,
                      bool must_be_found) {
  if (bytes == 0) return;
  targets_.push_back({std::move(kind), std::move(path), offset, bytes, unit, must_be_found, false});
}

void DamageStore::FindTargets(bool clean) {
  for (const auto& [path, file] : image_.files) {
    if (path != "db/control") continue;
    uint64_t sequences[2];
    for (uint64_t copy = 0; copy < 2; ++copy) {
      std::memcpy(&sequences[copy], file.data() + copy * store::kControlCopyBytes + 16, 8);
    }
    const uint64_t newer = sequences[1] > sequences[0] ? 1 : 0;
    Add("control file: copy in force", path, newer * store::kControlCopyBytes, sizeof(store::ControlData), 512, false);
    Add("control file: other copy", path, (1 - newer) * store::kControlCopyBytes, sizeof(store::ControlData), 512,
        false);
  }
  AddPages(clean);
  AddLog(clean);
  AddColdFiles();
}

void DamageStore::AddPages(bool clean) {
  using namespace btree;
  io::SimEnv env(1, image_);
  auto control = Must(store::ControlFile::Open(env, "db/control", false));
  Must(control->Read());
  auto file = Must(env.Open("db/pages", io::OpenMode::kExisting));
  const std::vector<std::byte>& bytes = image_.files.at("db/pages");
  PageMap map(*file);
  Must(map.Load(PageEntry(control->data().meta)));
  std::set<uint64_t> used = {0};
  auto add = [&](const std::string& kind, uint64_t slot, uint64_t offset, uint64_t size) {
    used.insert(slot);
    Add(kind, "db/pages", slot * kPageBytes + offset, size, kPageBytes, clean);
  };
  // The meta chain, and the map pages it names.
  std::vector<std::byte> stream;
  for (PageEntry meta(control->data().meta); meta;) {
    const std::byte* page = bytes.data() + meta.slot() * kPageBytes;
    const auto& header = *reinterpret_cast<const MapPageHeader*>(page);
    add("meta page", meta.slot(), 0, kSlotsOffset + header.bytes);
    stream.insert(stream.end(), page + kSlotsOffset, page + kSlotsOffset + header.bytes);
    meta = PageEntry(header.next);
  }
  for (size_t at = 0; at < stream.size();) {
    const auto space = LoadLE<MetaSpace>(stream.data() + at);
    at += sizeof(MetaSpace);
    for (uint32_t i = 0; i < space.chunk_count; ++i, at += 8) {
      if (const PageEntry place(LoadLE<uint64_t>(stream.data() + at)); place) {
        add("map page", place.slot(), 0, kPageBytes);
      }
    }
  }
  for (SpaceId space : map.ListSpaces()) {
    for (PageId page : map.ListPages(space)) {
      const PageEntry entry = map.Get(page);
      if (!entry) continue;
      const std::byte* content = bytes.data() + entry.slot() * kPageBytes;
      const PageHeader& header = HeaderOf(content);
      const TreeId tree(header.tree);
      std::string what = header.level > 0                  ? "inner page"
                         : tree == store::kDirectoryTree   ? "tree directory"
                         : header.kind == TreeKind::kRowId ? "row page"
                                                           : "key page";
      add(what + ": header", entry.slot(), 0, kSlotsOffset);
      const uint64_t slots = kSlotsOffset + node::Count(content) * sizeof(Slot);
      add(what + ": slots", entry.slot(), kSlotsOffset, slots - kSlotsOffset);
      add(what + ": cells", entry.slot(), slots, kPageBytes - slots);
    }
  }
  for (uint64_t slot = 1; slot < bytes.size() / kPageBytes; ++slot) {
    if (!used.contains(slot)) Add("free slot", "db/pages", slot * kPageBytes, kPageBytes, kPageBytes, false);
  }
}

void DamageStore::AddLog(bool clean) {
  io::SimEnv env(1, image_);
  auto control = Must(store::ControlFile::Open(env, "db/control", false));
  Must(control->Read());
  const uint64_t file_bytes = control->data().log_file_bytes;
  const std::vector<std::string> names = Must(env.List("db/wal"));
  uint64_t start = UINT64_MAX;
  for (const std::string& name : names) start = std::min<uint64_t>(start, std::stoull(name.substr(0, 16), nullptr, 16));
  auto path_of = [&](uint64_t lsn) {
    return Format("db/wal/%016llx.wal", static_cast<unsigned long long>(lsn / file_bytes * file_bytes));
  };
  wal::LogReader reader(env, "db/wal", file_bytes, Lsn(start), control->data().epoch);
  wal::Record record;
  while (Must(reader.Next(&record))) {
    const uint64_t lsn = record.lsn().value, in_file = lsn % file_bytes;
    const bool replayed = lsn >= control->data().redo;
    const bool last = !clean && lsn >= last_flush_;
    const std::string what = last ? "log: last commit" : replayed ? "log to replay" : "log before";
    // What damages a sector or a block may reach the last commits.
    const bool may_lose = !clean && lsn + 4096 >= last_flush_;
    const bool must = replayed && !may_lose;
    Add(what + ": header", path_of(lsn), in_file, wal::kRecordHeaderBytes, 512, must);
    targets_.back().may_lose_last = may_lose;
    if (record.payload().empty()) continue;
    Add(what + ": payload", path_of(lsn), in_file + wal::kRecordHeaderBytes, record.payload().size(), 512, must);
    targets_.back().may_lose_last = may_lose;
  }
  const uint64_t end = reader.position().value;
  const uint64_t rest = std::min<uint64_t>(4096, file_bytes - end % file_bytes);
  // In sectors of its own.
  const uint64_t past = (end + 4095) / 4096 * 4096;
  if (past % file_bytes != 0 && rest > 512) Add("log past its end", path_of(past), past % file_bytes, 512, 512, false);
}

void DamageStore::AddColdFiles() {
  for (const auto& [path, file] : image_.files) {
    const bool segment = path.ends_with(".seg");
    if (!segment && !path.ends_with(".run")) continue;
    const std::string what = segment ? "segment" : "run";
    uint64_t footer;
    std::memcpy(&footer, file.data() + file.size() - 32, 8);
    const uint64_t footer_at = file.size() - 32 - footer;
    Add(what + ": header", path, 0, 32, 4096, true);
    Add(what + ": blocks", path, 32, footer_at - 32, 4096, true);
    Add(what + ": footer", path, footer_at, footer, 4096, true);
    Add(what + ": trailer", path, file.size() - 32, 32, 4096, true);
  }
}

}  // namespace phantom::txn
