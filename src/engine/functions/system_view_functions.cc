// The smaller functions of system views and psql: keywords, options, what may be updated, statistics that are not kept
// (PostgreSQL 15, chapters 9.26 and 28.2).
#include <string>

#include "catalog/builtins.h"
#include "engine/functions/array_values.h"
#include "engine/functions/catalog_access.h"
#include "engine/functions/tables.h"
#include "engine/kernel_adapters.h"
#include "planner/definition.h"
#include "planner/planner.h"
#include "types/array.h"
#include "types/keywords.h"
#include "types/string_ref.h"

namespace phantom::engine {

namespace {

using types::StringRef;
using Args = std::span<const types::Vector* const>;
using I = int32_t;
using L = int64_t;

constexpr Oid kPgExpandarrayOid = 13208;  // an SQL function, which has no name of its own in C

// ---- Relations ----------------------------------------------------------------------------------

Result<catalog::TableRef> TableOf(const KernelContext& context, I oid) {
  ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
  return catalog->TableByOid(static_cast<Oid>(oid));
}
Status IsPublishable(KernelContext& context, const I& oid, bool& out, bool& null) {
  ASSIGN_OR_RETURN(const catalog::TableRef table, TableOf(context, oid));
  null = table == nullptr;
  out = !null && table->kind == catalog::RelationKind::kTable && !table->is_system() &&
        table->persistence == catalog::Persistence::kPermanent;
  return Status::Ok();
}
// The commands a relation takes, one bit each as PostgreSQL numbers them.
Result<planner::Updatable> UpdatableOf(KernelContext& context, I oid) {
  ASSIGN_OR_RETURN(catalog::Catalog* const catalog, CatalogOf(context));
  ASSIGN_OR_RETURN(const catalog::TableRef table, catalog->TableByOid(static_cast<Oid>(oid)));
  if (table == nullptr) return planner::Updatable();
  planner::PlannerContext planner;
  planner.catalog = catalog;
  planner.format = context.format;
  return planner::DescribeUpdatable(*table, planner);
}
Status IsUpdatable(KernelContext& context, const I& oid, const bool&, I& out) {
  ASSIGN_OR_RETURN(const planner::Updatable updatable, UpdatableOf(context, oid));
  out = updatable.commands;
  return Status::Ok();
}
Status IsColumnUpdatable(KernelContext& context, const I& oid, const int16_t& column, const bool&, bool& out) {
  out = false;
  if (column <= 0) return Status::Ok();
  ASSIGN_OR_RETURN(const planner::Updatable updatable, UpdatableOf(context, oid));
  out = static_cast<size_t>(column) <= updatable.columns.size() && updatable.columns[static_cast<size_t>(column) - 1];
  return Status::Ok();
}

// ---- Rows ---------------------------------------------------------------------------------------

class KeywordRows final : public SetGenerator {
 public:
  Status Next(types::Chunk& out) override {
    constexpr std::pair<const char*, const char*> kCategories[] = {
        {"U", "unreserved"},
        {"C", "unreserved (cannot be function or type name)"},
        {"T", "reserved (can be function or type name)"},
        {"R", "reserved"},
    };
    out.Reset();
    uint32_t count = 0;
    const std::span<const types::Keyword> keywords = types::Keywords();
    for (; count < types::kVectorSize && next_ < keywords.size(); ++count, ++next_) {
      const types::Keyword& keyword = keywords[next_];
      const auto& [code, description] = kCategories[static_cast<size_t>(keyword.category)];
      out.column(0).SetString(count, keyword.name);
      out.column(1).SetString(count, code);
      out.column(2).data<bool>()[count] = keyword.bare_label;
      out.column(3).SetString(count, description);
      out.column(4).SetString(count, keyword.bare_label ? "can be bare label" : "requires AS");
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  size_t next_ = 0;
};
Result<std::unique_ptr<SetGenerator>> StartKeywords(KernelContext&, Args, size_t) {
  return std::unique_ptr<SetGenerator>(std::make_unique<KeywordRows>());
}

// "name=value" each.
class OptionRows final : public SetGenerator {
 public:
  explicit OptionRows(std::string_view bytes) : options_(bytes) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize && next_ < options_.size(); ++next_) {
      if (options_.IsNull(next_)) continue;
      const std::string_view option = options_.Raw(next_);
      const size_t equals = option.find('=');
      out.column(0).SetString(count, option.substr(0, equals));
      if (equals == std::string_view::npos) {
        out.column(1).SetNull(count);
      } else {
        out.column(1).SetString(count, option.substr(equals + 1));
      }
      ++count;
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  const types::ArrayView options_;
  uint32_t next_ = 0;
};
Result<std::unique_ptr<SetGenerator>> StartOptions(KernelContext&, Args args, size_t row) {
  const auto r = static_cast<uint32_t>(row);
  if (args[0]->IsNull(r)) return std::unique_ptr<SetGenerator>();
  return std::unique_ptr<SetGenerator>(std::make_unique<OptionRows>(args[0]->Get<StringRef>(r).view()));
}

// ---- Access methods -----------------------------------------------------------------------------

struct MethodProperties {
  std::string_view method;
  bool order, unique, multi_column, exclude, include;
};
constexpr MethodProperties kMethods[] = {
    {"btree", true, true, true, true, true},   {"hash", false, false, false, true, false},
    {"gist", false, false, true, true, true},  {"gin", false, false, true, false, false},
    {"spgist", false, false, false, true, true}, {"brin", false, false, true, false, false},
};
Status MethodHasProperty(KernelContext&, const I& oid, const StringRef& property, bool& out, bool& null) {
  const catalog::AccessMethodRow* row = catalog::Builtins::Get().AccessMethod(static_cast<Oid>(oid));
  const std::string_view name = property.view();
  null = true;
  for (const MethodProperties& method : kMethods) {
    if (row == nullptr || row->name != method.method) continue;
    null = false;
    if (name == "can_order") out = method.order;
    else if (name == "can_unique") out = method.unique;
    else if (name == "can_multi_col") out = method.multi_column;
    else if (name == "can_exclude") out = method.exclude;
    else if (name == "can_include") out = method.include;
    else null = true;
  }
  return Status::Ok();
}

// ---- Sets that are empty -----------------------------------------------------------------------

// No relation is partitioned, so none has ancestors or a tree; nor are there prepared transactions, extensions to
// create or servers that follow.
Result<std::unique_ptr<SetGenerator>> NoRows(KernelContext&, Args, size_t) {
  return std::unique_ptr<SetGenerator>();
}

// ---- Arrays -------------------------------------------------------------------------------------

// information_schema._pg_expandarray: the elements of a one-dimensional array with their positions.
class NumberedElements final : public SetGenerator {
 public:
  explicit NumberedElements(std::string_view bytes) : array_(bytes) {}

  Status Next(types::Chunk& out) override {
    out.Reset();
    uint32_t count = 0;
    for (; count < types::kVectorSize && next_ < array_.size(); ++count, ++next_) {
      PutElement(array_, next_, out.column(0), count);
      out.column(1).data<I>()[count] = static_cast<I>(next_ + 1);
    }
    out.SetSize(count);
    return Status::Ok();
  }

 private:
  const types::ArrayView array_;
  uint32_t next_ = 0;
};
Result<std::unique_ptr<SetGenerator>> StartNumberedElements(KernelContext&, Args args, size_t row) {
  return std::unique_ptr<SetGenerator>(
      std::make_unique<NumberedElements>(args[0]->Get<StringRef>(static_cast<uint32_t>(row)).view()));
}

// ---- What is not kept ---------------------------------------------------------------------------

// Counters of activity stand at zero and nothing ever happened, as after pg_stat_reset().
template <typename T>
Status Zero(KernelContext&, Args args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    args[0]->IsNull(row) ? result.SetNull(row) : (void)(result.data<T>()[row] = 0);
  }
  return Status::Ok();
}
Status Never(KernelContext&, Args, const Rows& rows, types::Vector& result) {
  for (size_t i = 0; i < rows.count; ++i) result.SetNull(static_cast<uint32_t>(rows[i]));
  return Status::Ok();
}
Status TriggerDepth(KernelContext&, I& out) {
  out = 0;
  return Status::Ok();
}
Status JitAvailable(KernelContext&, bool& out) {
  out = false;
  return Status::Ok();
}

#define NONE(name) KernelEntry::Scalar(name, Zero<L>)
#define NO_TIME(name) KernelEntry::Scalar(name, Zero<double>)
#define NEVER(name) KernelEntry::Scalar(name, Never)

constexpr KernelEntry kTable[] = {
    KernelEntry::Scalar("pg_relation_is_publishable", Strict<IsPublishable, bool, I>),
    KernelEntry::Scalar("pg_relation_is_updatable", Strict<IsUpdatable, I, I, bool>),
    KernelEntry::Scalar("pg_column_is_updatable", Strict<IsColumnUpdatable, bool, I, int16_t, bool>),
    KernelEntry::Scalar("pg_trigger_depth", Strict<TriggerDepth, I>),
    KernelEntry::Scalar("pg_jit_available", Strict<JitAvailable, bool>),
    KernelEntry::Set("pg_get_keywords", StartKeywords),
    KernelEntry::Set("pg_options_to_table", StartOptions),
    KernelEntry::Set("pg_partition_ancestors", NoRows),
    KernelEntry::Set("pg_partition_tree", NoRows),
    KernelEntry::Set("pg_available_extensions", NoRows),
    KernelEntry::Set("pg_available_extension_versions", NoRows),
    KernelEntry::Set("pg_stat_get_wal_senders", NoRows),
    KernelEntry::Scalar("pg_indexam_has_property", Strict<MethodHasProperty, bool, I, StringRef>),
    NEVER("pg_partition_root"),
    KernelEntry::Set(kPgExpandarrayOid, StartNumberedElements),
    NO_TIME("pg_stat_get_db_blk_read_time"), NO_TIME("pg_stat_get_db_blk_write_time"),
    NO_TIME("pg_stat_get_db_session_time"), NO_TIME("pg_stat_get_db_active_time"),
    NO_TIME("pg_stat_get_db_idle_in_transaction_time"),
    NONE("pg_stat_get_analyze_count"), NONE("pg_stat_get_autoanalyze_count"), NONE("pg_stat_get_autovacuum_count"),
    NONE("pg_stat_get_blocks_fetched"), NONE("pg_stat_get_blocks_hit"), NONE("pg_stat_get_db_blocks_fetched"),
    NONE("pg_stat_get_db_blocks_hit"), NONE("pg_stat_get_db_checksum_failures"),
    NEVER("pg_stat_get_db_checksum_last_failure"), NONE("pg_stat_get_db_conflict_all"),
    NONE("pg_stat_get_db_conflict_bufferpin"), NONE("pg_stat_get_db_conflict_lock"),
    NONE("pg_stat_get_db_conflict_snapshot"), NONE("pg_stat_get_db_conflict_startup_deadlock"),
    NONE("pg_stat_get_db_conflict_tablespace"), NONE("pg_stat_get_db_deadlocks"), NONE("pg_stat_get_db_sessions"),
    NONE("pg_stat_get_db_sessions_abandoned"), NONE("pg_stat_get_db_sessions_fatal"),
    NONE("pg_stat_get_db_sessions_killed"), NEVER("pg_stat_get_db_stat_reset_time"),
    NONE("pg_stat_get_db_temp_bytes"), NONE("pg_stat_get_db_temp_files"), NONE("pg_stat_get_db_tuples_deleted"),
    NONE("pg_stat_get_db_tuples_fetched"), NONE("pg_stat_get_db_tuples_inserted"),
    NONE("pg_stat_get_db_tuples_returned"), NONE("pg_stat_get_db_tuples_updated"),
    NONE("pg_stat_get_db_xact_commit"), NONE("pg_stat_get_db_xact_rollback"), NONE("pg_stat_get_dead_tuples"),
    NONE("pg_stat_get_function_calls"), NONE("pg_stat_get_ins_since_vacuum"),
    NEVER("pg_stat_get_last_analyze_time"), NEVER("pg_stat_get_last_autoanalyze_time"),
    NEVER("pg_stat_get_last_autovacuum_time"), NEVER("pg_stat_get_last_vacuum_time"),
    NONE("pg_stat_get_live_tuples"), NONE("pg_stat_get_mod_since_analyze"), NONE("pg_stat_get_numscans"),
    NONE("pg_stat_get_tuples_deleted"), NONE("pg_stat_get_tuples_fetched"), NONE("pg_stat_get_tuples_hot_updated"),
    NONE("pg_stat_get_tuples_inserted"), NONE("pg_stat_get_tuples_returned"), NONE("pg_stat_get_tuples_updated"),
    NONE("pg_stat_get_vacuum_count"), NONE("pg_stat_get_xact_blocks_fetched"), NONE("pg_stat_get_xact_blocks_hit"),
    NONE("pg_stat_get_xact_function_calls"), NONE("pg_stat_get_xact_numscans"),
    NONE("pg_stat_get_xact_tuples_deleted"), NONE("pg_stat_get_xact_tuples_fetched"),
    NONE("pg_stat_get_xact_tuples_hot_updated"), NONE("pg_stat_get_xact_tuples_inserted"),
    NONE("pg_stat_get_xact_tuples_returned"), NONE("pg_stat_get_xact_tuples_updated"),
};

}  // namespace

std::span<const KernelEntry> SystemViewKernels() { return kTable; }

}  // namespace phantom::engine
