#include "txn/check.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "btree/buffer_pool.h"
#include "btree/tree.h"
#include "btree/tree_verify.h"
#include "common/blocking_region.h"
#include "lsm/run_reader.h"
#include "lsm/segment_reader.h"
#include "store/tiered_scan.h"
#include "txn/manager_impl.h"
#include "txn/overflow.h"
#include "txn/row_header.h"
#include "txn/row_table_impl.h"

namespace phantom::txn {

namespace {

// How often, and after what pauses, what may have been changing is looked at again.
constexpr int kLooks = 5;
constexpr std::chrono::milliseconds kPauses[kLooks] = {std::chrono::milliseconds(0), std::chrono::milliseconds(1),
                                                       std::chrono::milliseconds(10), std::chrono::milliseconds(50),
                                                       std::chrono::milliseconds(200)};

unsigned long long Number(RowId id) { return id.value; }

std::string Range(uint64_t first, uint64_t last) {
  return Format("%llu-%llu", static_cast<unsigned long long>(first), static_cast<unsigned long long>(last));
}

class TableCheck {
 public:
  TableCheck(TransactionManager& manager, const RowTable& table, const std::vector<CheckedIndex>& indexes,
             const CheckOptions& options)
      : manager_(manager), table_(table), indexes_(indexes), options_(options) {}

  Result<CheckReport> Run() {
    ASSIGN_OR_RETURN(state_, manager_.impl().OpenTable(table_.space(), table_.tree()));
    for (const CheckedIndex& index : indexes_) {
      ASSIGN_OR_RETURN(std::shared_ptr<store::TieredTree> tree,
                       manager_.store().OpenTiered(index.index->space(), index.index->tree()));
      trees_.push_back(std::move(tree));
    }
    RETURN_IF_ERROR(CheckRows());
    for (size_t i = 0; i < indexes_.size(); ++i) RETURN_IF_ERROR(CheckEntries(i));
    return std::move(report_);
  }

 private:
  using Faults = std::vector<btree::TreeFault>;
  bool in_use() const { return options_.snapshot != nullptr; }

  void Problem(CheckProblem problem) {
    // A damaged page or block is met by everything that leads there.
    auto same = [&](const CheckProblem& other) { return other.text == problem.text && other.index == problem.index; };
    if (std::ranges::any_of(report_.problems, same)) return;
    if (report_.problems.size() < CheckReport::kProblemsMax) report_.problems.push_back(std::move(problem));
  }

  // What is damaged is a problem of the check's object, and the check goes on; other errors end it.
  Status Note(const Status& status, const std::string& index = {}, std::string rows = {}) {
    if (status.ok() || status.sqlstate() != sqlstate::kDataCorrupted) return status;
    Problem({status.message(), index, {}, std::move(rows)});
    return Status::Ok();
  }

  Status Pace(uint64_t bytes) { return options_.pace ? options_.pace(bytes) : Status::Ok(); }

  // Its pages, as they are in memory and in the file.
  Status VerifyTree(const btree::Tree& tree, const std::string& index, Faults* faults) {
    if (!in_use()) return Status::Ok();
    return btree::TreeVerifier(
               manager_.store().pool(), tree, [&] { return Pace(btree::kPageBytes); },
               [&](const btree::TreeFault& fault) {
                 std::string rows;
                 if (tree.kind() == btree::TreeKind::kRowId) {
                   const uint64_t first = fault.low.empty() ? 1 : RowIdAtFence(AsBytes(fault.low)).value;
                   const RowId end = fault.high ? RowIdAtFence(AsBytes(*fault.high)) : table_.EndRowId();
                   rows = Range(first, std::max(first, end.value - 1));
                 }
                 Problem({fault.text, index, "pages", std::move(rows)});
                 faults->push_back(fault);
               })
        .Run();
  }

  // Walks a tree leaf by leaf, around what is damaged; `take` sees key and value of every entry, latched.
  Status Walk(const btree::Tree& tree, const std::string& index, FunctionRef<void(Bytes key, Bytes value)> take,
              FunctionRef<Status()> after_leaf) {
    Faults faults;
    RETURN_IF_ERROR(VerifyTree(tree, index, &faults));
    std::string from;
    for (bool more = true; more;) {
      std::string next;
      const Status visited = tree.VisitLeaf(AsBytes(from), [&](const btree::LeafView& leaf) {
        std::array<std::byte, btree::kKeyBytesMax> key;
        for (uint32_t i = leaf.LowerBound(AsBytes(from)); i < leaf.count(); ++i) {
          const size_t size = leaf.CopyKey(i, key.data());
          take({key.data(), size}, leaf.value(i));
        }
        more = !leaf.is_last();
        if (more) next.assign(AsText(leaf.high_fence()));
      });
      if (!visited.ok()) {
        RETURN_IF_ERROR(Note(visited, index));
        const auto fault = std::ranges::find_if(
            faults, [&](const btree::TreeFault& f) { return f.low <= from && (!f.high || from < *f.high); });
        more = fault != faults.end() && fault->high;
        if (more) next = *fault->high;
      }
      from = std::move(next);
      RETURN_IF_ERROR(after_leaf());
      RETURN_IF_ERROR(Pace(btree::kPageBytes));
    }
    return Status::Ok();
  }

  // The same over an index's tree and runs.
  Status WalkEntries(const store::TieredTree& tree, const std::string& index, FunctionRef<void(Bytes key, Bytes value)> take,
                     FunctionRef<Status()> after_stretch) {
    Faults faults;
    RETURN_IF_ERROR(VerifyTree(tree.tree(), index, &faults));
    RETURN_IF_ERROR(VerifyRuns(tree, index));
    store::TieredScan scan(tree, store::TieredScan::Direction::kForward);
    scan.Start(Bytes());
    while (!scan.done()) {
      const Status visited = scan.Next([](Bytes) { return false; }, take);
      if (!visited.ok()) {
        RETURN_IF_ERROR(Note(visited, index));
        const std::string from = scan.position();
        const auto fault = std::ranges::find_if(
            faults, [&](const btree::TreeFault& f) { return f.low <= from && f.high && from < *f.high; });
        if (fault == faults.end()) return after_stretch();
        scan.Start(AsBytes(*fault->high));
      }
      RETURN_IF_ERROR(after_stretch());
      RETURN_IF_ERROR(Pace(btree::kPageBytes));
    }
    return Status::Ok();
  }

  Status VerifyRuns(const store::TieredTree& tree, const std::string& index) {
    const std::shared_ptr<const store::RunList> runs = in_use() ? tree.runs() : nullptr;
    if (runs == nullptr) return Status::Ok();
    for (const auto& run : *runs) {
      const Status checked = run->reader->Check();
      if (!checked.ok() && checked.sqlstate() == sqlstate::kDataCorrupted) {
        Problem({checked.message(), index, Format("segments/%016llx.run", static_cast<unsigned long long>(run->info.file.value)), {}});
      } else {
        RETURN_IF_ERROR(checked);
      }
      RETURN_IF_ERROR(Pace(run->info.bytes));
    }
    return Status::Ok();
  }

  // ---- Rows

  Status CheckRows() {
    struct Row {
      RowId id;
      RowHeader header;
      std::string bytes;
    };
    std::vector<Row> rows;
    for (const ColdRowsRef& cold : state_->cold.All()) {
      RETURN_IF_ERROR(CheckSegment(*cold));
      RETURN_IF_ERROR(CheckColdRows(*cold));
    }
    Faults faults;
    RETURN_IF_ERROR(VerifyTree(*state_->overflow, {}, &faults));
    return Walk(
        *state_->tree, {},
        [&](Bytes key, Bytes value) {
          if (value.size() < RowHeader::kBytes || key.size() != 8) {
            Problem({"a row without a header", {}, {}, {}});
            return;
          }
          rows.push_back({btree::RowIdOf(key), RowHeader::Load(value), std::string(AsText(RowBody(value)))});
        },
        [&]() -> Status {
          for (const Row& row : rows) RETURN_IF_ERROR(CheckRow(row.id, row.header, row.bytes));
          rows.clear();
          return Status::Ok();
        });
  }

  std::string FileOf(const ColdRows& cold) const {
    const std::string path = manager_.store().chunks().PathOf(cold.chunk().segment);
    return path.substr(manager_.store().directory().size() + 1);
  }

  // The segment's file, whole. (Store::Check does it otherwise.)
  Status CheckSegment(const ColdRows& cold) {
    if (!in_use()) return Status::Ok();
    Result<std::unique_ptr<lsm::SegmentReader>> segment = manager_.store().chunks().Open(table_.tree(), cold.chunk());
    const Status status = segment.ok() ? (*segment)->Check() : segment.status();
    // A load may have been rolled back meanwhile, and its file with it.
    if (!status.ok() && state_->cold.Find(cold.begin()).get() == &cold) {
      Problem({status.message(), {}, FileOf(cold), Range(cold.begin().value, cold.end().value - 1)});
    }
    return Pace(cold.chunk().bytes);
  }

  // Those the tree lacks; the others are checked there.
  Status CheckColdRows(const ColdRows& cold) {
    std::string bytes;
    for (uint32_t vector = 0; vector < lsm::kVectorsMax; ++vector) {
      const uint64_t first = cold.begin().value + uint64_t{vector} * lsm::kVectorRows;
      std::vector<RowId> ids;
      cold.RowsIn(vector).ForEach([&](uint32_t place) { ids.emplace_back(first + place); });
      for (RowId id : ids) {
        bool missing = false;
        const Status looked =
            state_->tree->Read(btree::RowKey(id), [&](std::optional<Bytes> value) { missing = !value; });
        RETURN_IF_ERROR(Note(looked));
        if (!looked.ok()) break;
        if (!missing) continue;
        RowHeader header;
        if (Status read = cold.Read(table_.layout(), id, &header, &bytes); !read.ok()) {
          Problem({read.message(), {}, FileOf(cold), Range(first, first + lsm::kVectorRows - 1)});
          break;
        }
        RETURN_IF_ERROR(CheckRow(id, header, bytes));
      }
      if (!ids.empty()) RETURN_IF_ERROR(Pace(cold.chunk().bytes / lsm::kVectorsMax));
    }
    return Status::Ok();
  }

  Status CheckRow(RowId id, const RowHeader& header, const std::string& bytes) {
    if (in_use() && !options_.snapshot->Sees(header.txn, header.lsn)) {
      // The version the snapshot sees is the one whose entries must be there.
      FetchedRow seen;
      const Status fetched = table_.Fetch(*options_.snapshot, id, &seen);
      RETURN_IF_ERROR(Note(fetched, {}, std::to_string(id.value)));
      return fetched.ok() && seen.found ? CheckVersion(id, seen.row) : Status::Ok();
    }
    if (!in_use() && manager_.impl().InProgress(header.txn)) {
      Problem({Format("row %llu belongs to transaction %llu in progress", Number(id),
                      static_cast<unsigned long long>(header.txn.value)),
               {},
               {},
               std::to_string(id.value)});
      return Status::Ok();
    }
    if (header.deleted()) {
      ++report_.ghosts;
      return Status::Ok();
    }
    if ((header.flags & kRowOverflow) != 0) ++report_.overflow_values;
    return CheckVersion(id, bytes);
  }

  Status CheckVersion(RowId id, const std::string& bytes) {
    ++report_.rows;
    auto bad = [&](const Status& status) {
      Problem({Format("row %llu: %s", Number(id), status.message().c_str()), {}, {}, std::to_string(id.value)});
      return Status::Ok();
    };
    if (Status valid = types::RowReader::Validate(table_.layout(), bytes); !valid.ok()) return bad(valid);
    Result<std::string> whole = table_.Materialize(bytes);
    if (!whole.ok()) return in_use() && !IsSeen(id) ? Status::Ok() : bad(whole.status());
    for (size_t i = 0; i < indexes_.size(); ++i) {
      ASSIGN_OR_RETURN(std::optional<std::string> key, indexes_[i].key_of(*whole));
      if (!key) continue;
      const Result<bool> found = HasEntry(i, id, *key);
      RETURN_IF_ERROR(Note(found.status(), indexes_[i].name));
      if (!found.ok() || *found || (in_use() && !IsSeen(id))) continue;
      Problem({Format("index \"%s\" has no entry for row %llu", indexes_[i].name.c_str(), Number(id)),
               indexes_[i].name,
               {},
               std::to_string(id.value)});
    }
    return Status::Ok();
  }

  // As long as a snapshot sees the row, an entry that has died since is there too.
  Result<bool> HasEntry(size_t i, RowId id, const std::string& key) const {
    std::string entry = key;
    entry.resize(entry.size() + 8);
    StoreBE(entry.data() + key.size(), id.value);
    bool found = false;
    RETURN_IF_ERROR(trees_[i]->Read(
        AsBytes(entry), [&](std::optional<Bytes> value) { found = value && (in_use() || value->empty()); }));
    return found;
  }

  // Does the snapshot see some version of it? (What is read from a segment may have been purged meanwhile.)
  bool IsSeen(RowId id) const {
    FetchedRow row;
    return table_.Fetch(*options_.snapshot, id, &row).ok() && row.found;
  }

  // ---- Entries

  struct Entry {
    std::string key;
    RowId row;
  };

  // The key the index should have for a version; nothing: none, or the version cannot be read.
  std::optional<std::string> KeyOf(const CheckedIndex& index, const FetchedRow& row) const {
    if (!row.found) return std::nullopt;
    const Result<std::string> whole = table_.Materialize(row.row);
    if (!whole.ok()) return std::nullopt;
    Result<std::optional<std::string>> key = index.key_of(*whole);
    return key.ok() ? *key : std::nullopt;
  }

  // Whether the entry has gone, or leads to a version with its key that is newest or that the snapshot sees.
  Result<bool> IsRightByNow(size_t i, const Entry& entry) const {
    std::string bytes = entry.key;
    bytes.resize(bytes.size() + 8);
    StoreBE(bytes.data() + entry.key.size(), entry.row.value);
    for (const auto pause : kPauses) {
      if (pause.count() > 0) {
        const BlockingRegion region;
        std::this_thread::sleep_for(pause);
      }
      FetchedRow row;
      RETURN_IF_ERROR(table_.FetchNewest(entry.row, &row));
      if (KeyOf(indexes_[i], row) == entry.key) return true;
      RETURN_IF_ERROR(table_.Fetch(*options_.snapshot, entry.row, &row));
      if (KeyOf(indexes_[i], row) == entry.key) return true;
      bool plain = false;
      RETURN_IF_ERROR(
          trees_[i]->Read(AsBytes(bytes), [&](std::optional<Bytes> value) { plain = value && value->empty(); }));
      if (!plain) return true;
    }
    return false;
  }

  bool SnapshotSeesBoth(size_t i, const Entry& a, RowId b) const {
    FetchedRow row;
    if (!table_.Fetch(*options_.snapshot, a.row, &row).ok() || KeyOf(indexes_[i], row) != a.key) return false;
    return table_.Fetch(*options_.snapshot, b, &row).ok() && KeyOf(indexes_[i], row) == a.key;
  }

  Status CheckEntry(size_t i, const Entry& entry) {
    const CheckedIndex& index = indexes_[i];
    FetchedRow row;
    const Status fetched = table_.FetchNewest(entry.row, &row);
    RETURN_IF_ERROR(Note(fetched, {}, std::to_string(entry.row.value)));
    if (!fetched.ok()) return Status::Ok();
    auto wrong = [&](const char* what) -> Status {
      if (in_use()) {
        const Result<bool> right = IsRightByNow(i, entry);
        RETURN_IF_ERROR(Note(right.status(), index.name, std::to_string(entry.row.value)));
        if (!right.ok() || *right) return Status::Ok();
      }
      Problem({Format("index \"%s\" leads to row %llu, which %s", index.name.c_str(), Number(entry.row), what),
               index.name,
               {},
               std::to_string(entry.row.value)});
      return Status::Ok();
    };
    if (!row.found) return wrong("does not exist");
    Result<std::string> whole = table_.Materialize(row.row);
    if (!whole.ok()) return in_use() ? wrong("cannot be read") : std::move(whole).status();
    ASSIGN_OR_RETURN(std::optional<std::string> key, index.key_of(*whole));
    if (key != entry.key) RETURN_IF_ERROR(wrong("has another key"));
    const bool null = index.key_has_null && index.key_has_null(*whole);
    if (index.unique && !null && previous_ && previous_->key == entry.key &&
        (!in_use() || SnapshotSeesBoth(i, entry, previous_->row))) {
      Problem({Format("index \"%s\" has the key of row %llu twice", index.name.c_str(), Number(entry.row)),
               index.name,
               {},
               std::to_string(entry.row.value)});
    }
    previous_ = entry;
    return Status::Ok();
  }

  Status CheckEntries(size_t i) {
    const CheckedIndex& index = indexes_[i];
    std::vector<Entry> entries;
    previous_.reset();
    return WalkEntries(
        *trees_[i], index.name,
        [&](Bytes key, Bytes value) {
          if (key.size() < 8) {
            Problem({Format("index \"%s\": an entry without a row id", index.name.c_str()), index.name, {}, {}});
            return;
          }
          if (!value.empty()) {
            ++report_.dead_entries;
            return;
          }
          ++report_.entries;
          entries.push_back(
              {std::string(AsText(key.first(key.size() - 8))), RowId(LoadBE<uint64_t>(key.data() + key.size() - 8))});
        },
        [&]() -> Status {
          for (const Entry& entry : entries) RETURN_IF_ERROR(CheckEntry(i, entry));
          entries.clear();
          return Status::Ok();
        });
  }

  TransactionManager& manager_;
  const RowTable& table_;
  const std::vector<CheckedIndex>& indexes_;
  const CheckOptions& options_;
  std::shared_ptr<TableState> state_;
  std::vector<std::shared_ptr<store::TieredTree>> trees_;
  std::optional<Entry> previous_;  // of the index being walked
  CheckReport report_;
};

}  // namespace

Result<CheckReport> CheckDirectory(TransactionManager& manager, SpaceId space, const CheckOptions& options) {
  CheckReport report;
  ASSIGN_OR_RETURN(const std::shared_ptr<btree::Tree> entries, manager.store().OpenTree(space, store::kDirectoryTree));
  RETURN_IF_ERROR(btree::TreeVerifier(
                      manager.store().pool(), *entries,
                      [&] { return options.pace ? options.pace(btree::kPageBytes) : Status::Ok(); },
                      [&](const btree::TreeFault& fault) {
                        report.problems.push_back({fault.text, {}, "pages", {}});
                      })
                      .Run());
  return report;
}

Result<CheckReport> CheckTable(TransactionManager& manager, const RowTable& table,
                               const std::vector<CheckedIndex>& indexes, const CheckOptions& options) {
  return TableCheck(manager, table, indexes, options).Run();
}

}  // namespace phantom::txn
