#include "store/run_load.h"

#include "io/env.h"
#include "lsm/run_reader.h"
#include "lsm/run_writer.h"
#include "store/cold_files.h"
#include "store/records.h"
#include "store/run_file.h"
#include "store/store.h"
#include "store/tiered_tree.h"

namespace phantom::store {

struct RunLoad::State {
  State(Store& s, std::shared_ptr<TieredTree> t, uint8_t trim)
      : store(s), tree(std::move(t)), file(s, tree->id(), trim) {}

  Store& store;
  std::shared_ptr<TieredTree> tree;
  RunFile file;
};

RunLoad::RunLoad(Store& store, std::shared_ptr<TieredTree> tree, uint8_t filter_trim)
    : state_(std::make_unique<State>(store, std::move(tree), filter_trim)) {}
RunLoad::~RunLoad() = default;
RunLoad::RunLoad(RunLoad&&) noexcept = default;

uint64_t RunLoad::entries() const { return state_->file.entries(); }

Status RunLoad::Add(Bytes key, Bytes value) { return state_->file.Add(key, value); }

Status RunLoad::Publish(TxnId txn, Lsn* last) {
  State& s = *state_;
  if (s.file.entries() == 0) return Status::Ok();
  ASSIGN_OR_RETURN(std::shared_ptr<const Run> run, s.file.Finish(txn));
  RETURN_IF_ERROR(s.tree->Publish(run, [&] {
    const RunPayload payload{s.tree->space().value, s.tree->id().value, 0, run->info.file.value};
    wal::RecordInfo info;
    info.type = wal::RecordType::kRunAdd;
    info.txn = txn;
    info.prev = *last;
    *last = s.store.log().Append(info, {BytesOf(payload)});
    s.store.env().Step("load: run to be published");
  }));
  s.file.Keep();
  return Status::Ok();
}

}  // namespace phantom::store
