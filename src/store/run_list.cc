#include "store/run_list.h"

#include <array>

#include "btree/cursor.h"
#include "btree/tree.h"
#include "store/records.h"

namespace phantom::store {

namespace {

// Tree id and a byte.
class ListKey {
 public:
  static constexpr size_t kBytes = 5;
  explicit ListKey(TreeId tree) {
    StoreBE(bytes_.data(), tree.value);
    bytes_[4] = std::byte{1};
  }
  operator Bytes() const { return bytes_; }

 private:
  std::array<std::byte, kBytes> bytes_;
};

Result<std::vector<RunInfo>> Parse(TreeId tree, Bytes value) {
  if (value.empty() || value.size() % sizeof(RunValue) != 0 || value.size() > kRunsMax * sizeof(RunValue)) {
    return Errorf(sqlstate::kDataCorrupted, "the list of runs of tree %u is malformed", tree.value);
  }
  std::vector<RunInfo> runs;
  for (; !value.empty(); value = value.subspan(sizeof(RunValue))) {
    RunValue run;
    ReadFrom(value, &run);
    runs.push_back({ColdFileId(run.file), run.bytes, run.entries, TxnId(run.added_by)});
  }
  return runs;
}

}  // namespace

Result<std::vector<RunInfo>> ReadRunList(const btree::Tree& directory, TreeId tree) {
  std::string value;
  RETURN_IF_ERROR(directory.Read(ListKey(tree), [&](std::optional<Bytes> found) {
    if (found) value = AsText(*found);
  }));
  if (value.empty()) return std::vector<RunInfo>();
  return Parse(tree, AsBytes(value));
}

Status WriteRunList(btree::Tree& directory, TreeId tree, const std::vector<RunInfo>& runs) {
  std::vector<RunValue> values;
  for (const RunInfo& run : runs) values.push_back({run.file.value, run.bytes, run.entries, run.added_by.value});
  return directory
      .Modify(ListKey(tree),
              [&](std::optional<Bytes>, btree::Edit& edit) {
                edit.op = values.empty() ? btree::Edit::Op::kRemove : btree::Edit::Op::kPut;
                edit.head = {reinterpret_cast<const std::byte*>(values.data()), values.size() * sizeof(RunValue)};
                return Status::Ok();
              })
      .status();
}

Status ForEachRun(const btree::Tree& directory, FunctionRef<Status(TreeId tree, const RunInfo& run)> fn) {
  btree::Cursor cursor(directory);
  RETURN_IF_ERROR(cursor.SeekFirst());
  while (cursor.Valid()) {
    if (cursor.key().size() == ListKey::kBytes) {
      const TreeId tree(LoadBE<uint32_t>(cursor.key().data()));
      ASSIGN_OR_RETURN(const std::vector<RunInfo> runs, Parse(tree, cursor.value()));
      for (const RunInfo& run : runs) RETURN_IF_ERROR(fn(tree, run));
    }
    RETURN_IF_ERROR(cursor.Next());
  }
  return Status::Ok();
}

}  // namespace phantom::store
