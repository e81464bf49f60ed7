#include "store/run_file.h"

#include "io/env.h"
#include "lsm/run_reader.h"
#include "lsm/run_writer.h"
#include "store/store.h"
#include "store/tiered_tree.h"

namespace phantom::store {

RunFile::RunFile(Store& store, TreeId tree, uint8_t filter_trim)
    : store_(store), tree_(tree), filter_trim_(filter_trim) {}

RunFile::~RunFile() {
  writer_.reset();
  file_.reset();
  // What cannot be removed now is at the next start.
  if (id_ && !named_) static_cast<void>(store_.files().Discard(ColdFileKind::kRun, id_));
}

uint64_t RunFile::entries() const { return writer_ == nullptr ? 0 : writer_->entries(); }
uint64_t RunFile::size() const { return writer_ == nullptr ? 0 : writer_->size(); }

Status RunFile::Add(Bytes key, Bytes value) {
  if (writer_ == nullptr) {
    ASSIGN_OR_RETURN(file_, store_.files().Make(ColdFileKind::kRun, &id_));
    writer_ = std::make_unique<lsm::RunWriter>(
        *file_, lsm::RunOptions{.tree = tree_.value, .filter_trim = filter_trim_});
  }
  return writer_->Add(key, value, IsTombstone(value));
}

Result<std::shared_ptr<const Run>> RunFile::Finish(TxnId added_by) {
  const uint64_t count = entries();
  ASSIGN_OR_RETURN(const uint64_t bytes, writer_->Finish());
  RETURN_IF_ERROR(store_.files().Sync(*file_));
  ASSIGN_OR_RETURN(std::unique_ptr<lsm::RunReader> reader,
                   lsm::RunReader::Open(std::move(file_), store_.files().PathOf(ColdFileKind::kRun, id_),
                                        store_.files().cache()));
  return std::make_shared<const Run>(RunInfo{id_, bytes, count, added_by}, std::move(reader));
}

}  // namespace phantom::store
