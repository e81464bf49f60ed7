#include "txn/check.h"

#include <array>

#include "btree/tree.h"
#include "txn/manager_impl.h"
#include "txn/overflow.h"
#include "txn/row_header.h"

namespace phantom::txn {

namespace {

class TableCheck {
 public:
  TableCheck(TransactionManager& manager, const RowTable& table, const std::vector<CheckedIndex>& indexes)
      : manager_(manager), table_(table), indexes_(indexes) {}

  Result<CheckReport> Run() {
    ASSIGN_OR_RETURN(state_, manager_.impl().OpenTable(table_.space(), table_.tree()));
    for (const CheckedIndex& index : indexes_) {
      ASSIGN_OR_RETURN(std::shared_ptr<btree::Tree> tree,
                       manager_.store().OpenTree(index.index->space(), index.index->tree()));
      trees_.push_back(std::move(tree));
    }
    RETURN_IF_ERROR(CheckRows());
    for (size_t i = 0; i < indexes_.size(); ++i) RETURN_IF_ERROR(CheckEntries(i));
    return std::move(report_);
  }

 private:
  void Problem(std::string text) {
    if (report_.problems.size() < CheckReport::kProblemsMax) report_.problems.push_back(std::move(text));
  }

  // Walks a tree leaf by leaf; `take` sees key and value of every entry, latched.
  static Status Walk(const btree::Tree& tree, FunctionRef<void(Bytes key, Bytes value)> take,
                     FunctionRef<Status()> after_leaf) {
    std::string from;
    for (bool more = true; more;) {
      std::string next;
      RETURN_IF_ERROR(tree.VisitLeaf(AsBytes(from), [&](const btree::LeafView& leaf) {
        std::array<std::byte, btree::kKeyBytesMax> key;
        for (uint32_t i = leaf.LowerBound(AsBytes(from)); i < leaf.count(); ++i) {
          const size_t size = leaf.CopyKey(i, key.data());
          take({key.data(), size}, leaf.value(i));
        }
        more = !leaf.is_last();
        if (more) next.assign(AsText(leaf.high_fence()));
      }));
      from = std::move(next);
      RETURN_IF_ERROR(after_leaf());
    }
    return Status::Ok();
  }

  Status CheckRows() {
    struct Row {
      RowId id;
      RowHeader header;
      std::string bytes;
    };
    std::vector<Row> rows;
    for (const ColdRowsRef& cold : state_->cold.All()) RETURN_IF_ERROR(CheckColdRows(*cold));
    return Walk(
        *state_->tree,
        [&](Bytes key, Bytes value) {
          if (value.size() < RowHeader::kBytes || key.size() != 8) {
            Problem("a row without a header");
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

  // Those the tree lacks; the others are checked there.
  Status CheckColdRows(const ColdRows& cold) {
    std::string bytes;
    for (uint32_t vector = 0; vector < lsm::kVectorsMax; ++vector) {
      std::vector<RowId> ids;
      cold.RowsIn(vector).ForEach([&](uint32_t place) {
        ids.emplace_back(cold.begin().value + uint64_t{vector} * lsm::kVectorRows + place);
      });
      for (RowId id : ids) {
        bool missing = false;
        RETURN_IF_ERROR(state_->tree->Read(btree::RowKey(id), [&](std::optional<Bytes> value) { missing = !value; }));
        if (!missing) continue;
        RowHeader header;
        if (Status read = cold.Read(table_.layout(), id, &header, &bytes); !read.ok()) {
          Problem(read.message());
          return Status::Ok();
        }
        RETURN_IF_ERROR(CheckRow(id, header, bytes));
      }
    }
    return Status::Ok();
  }

  Status CheckRow(RowId id, const RowHeader& header, const std::string& bytes) {
    const auto number = static_cast<unsigned long long>(id.value);
    if (manager_.impl().InProgress(header.txn)) {
      Problem(Format("row %llu belongs to transaction %llu in progress", number,
                     static_cast<unsigned long long>(header.txn.value)));
      return Status::Ok();
    }
    if (header.deleted()) {
      ++report_.ghosts;
      return Status::Ok();
    }
    ++report_.rows;
    if (Status valid = types::RowReader::Validate(table_.layout(), bytes); !valid.ok()) {
      Problem(Format("row %llu: %s", number, valid.message().c_str()));
      return Status::Ok();
    }
    Result<std::string> whole = table_.Materialize(bytes);
    if (!whole.ok()) {
      Problem(Format("row %llu: %s", number, whole.status().message().c_str()));
      return Status::Ok();
    }
    if ((header.flags & kRowOverflow) != 0) ++report_.overflow_values;
    for (size_t i = 0; i < indexes_.size(); ++i) {
      ASSIGN_OR_RETURN(std::optional<std::string> key, indexes_[i].key_of(*whole));
      if (!key) continue;
      std::string entry = *key;
      entry.resize(entry.size() + 8);
      StoreBE(entry.data() + key->size(), id.value);
      bool found = false;
      RETURN_IF_ERROR(trees_[i]->Read(AsBytes(entry), [&](std::optional<Bytes> value) {
        found = value && value->empty();
      }));
      if (!found) Problem(Format("index \"%s\" has no entry for row %llu", indexes_[i].name.c_str(), number));
    }
    return Status::Ok();
  }

  Status CheckEntries(size_t i) {
    const CheckedIndex& index = indexes_[i];
    struct Entry {
      std::string key;
      RowId row;
    };
    std::vector<Entry> entries;
    std::string previous;
    bool has_previous = false;
    return Walk(
        *trees_[i],
        [&](Bytes key, Bytes value) {
          if (key.size() < 8) {
            Problem(Format("index \"%s\": an entry without a row id", index.name.c_str()));
            return;
          }
          if (!value.empty()) {
            ++report_.dead_entries;
            return;
          }
          ++report_.entries;
          entries.push_back({std::string(AsText(key.first(key.size() - 8))),
                             RowId(LoadBE<uint64_t>(key.data() + key.size() - 8))});
        },
        [&]() -> Status {
          FetchedRow row;
          for (const Entry& entry : entries) {
            const auto number = static_cast<unsigned long long>(entry.row.value);
            RETURN_IF_ERROR(table_.FetchNewest(entry.row, &row));
            if (!row.found) {
              Problem(Format("index \"%s\" leads to row %llu, which does not exist", index.name.c_str(), number));
              continue;
            }
            ASSIGN_OR_RETURN(std::string whole, table_.Materialize(row.row));
            ASSIGN_OR_RETURN(std::optional<std::string> key, index.key_of(whole));
            if (key != entry.key) {
              Problem(Format("index \"%s\" leads to row %llu, which has another key", index.name.c_str(), number));
            }
            const bool null = index.key_has_null && index.key_has_null(whole);
            if (index.unique && !null && has_previous && previous == entry.key) {
              Problem(Format("index \"%s\" has the key of row %llu twice", index.name.c_str(), number));
            }
            previous = entry.key;
            has_previous = true;
          }
          entries.clear();
          return Status::Ok();
        });
  }

  TransactionManager& manager_;
  const RowTable& table_;
  const std::vector<CheckedIndex>& indexes_;
  std::shared_ptr<TableState> state_;
  std::vector<std::shared_ptr<btree::Tree>> trees_;
  CheckReport report_;
};

}  // namespace

Result<CheckReport> CheckTable(TransactionManager& manager, const RowTable& table,
                               const std::vector<CheckedIndex>& indexes) {
  return TableCheck(manager, table, indexes).Run();
}

}  // namespace phantom::txn
