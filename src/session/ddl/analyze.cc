// ANALYZE of one table: a random sample of its rows, summarized column by column into pg_statistic.
#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "engine/context.h"
#include "session/ddl/column_sample.h"
#include "session/ddl/runner.h"
#include "txn/row_table.h"
#include "txn/snapshot.h"
#include "txn/transaction.h"

namespace phantom::session {

namespace {

// Rows sampled for each common value or histogram bound wanted (Chaudhuri, Motwani and Narasayya, 1998).
constexpr size_t kRowsPerTarget = 300;
constexpr size_t kRowsMin = 100;
// Up to so many row ids all rows are counted; beyond, rows are drawn by id and their number follows from the hits.
constexpr uint64_t kIdsCountedMax = 1'000'000;
// Ids drawn for each row wanted: where fewer are in use, all are looked at.
constexpr size_t kTriesPerRow = 8;

// SplitMix64. The same table gives the same sample.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Below(uint64_t bound) {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<uint64_t>((static_cast<unsigned __int128>(z ^ (z >> 31)) * bound) >> 64);
  }

 private:
  uint64_t state_;
};

struct RowSample {
  std::vector<std::string> rows;  // RowCodec bytes, in order of row id
  double total_rows = 0;
};

// Ids of `wanted` random rows in order, having looked at every row.
Status DrawFromAll(const txn::RowTable& table, const engine::ExecutionContext& execution, size_t wanted, Random& random,
                   std::vector<RowId>& ids, double& total_rows) {
  txn::TableScan scan(table, *execution.snapshot, {});
  types::Chunk chunk;
  std::vector<RowId> batch(types::kVectorSize);
  uint64_t seen = 0;
  for (;;) {
    RETURN_IF_ERROR(scan.Next(chunk, batch.data()));
    if (chunk.size() == 0) break;
    RETURN_IF_ERROR(execution.CheckCancelled());
    for (uint32_t i = 0; i < chunk.size(); ++i) {
      ++seen;
      if (ids.size() < wanted) {
        ids.push_back(batch[i]);
      } else if (uint64_t place = random.Below(seen); place < wanted) {
        ids[place] = batch[i];
      }
    }
  }
  total_rows = static_cast<double>(seen);
  std::sort(ids.begin(), ids.end());
  return Status::Ok();
}

int32_t PagesOf(const txn::RowTable::Size& size, double rows) {
  return rows > 0 ? static_cast<int32_t>(std::ceil(size.pages)) : 0;
}

Result<RowSample> DrawRows(const txn::RowTable& table, const engine::ExecutionContext& execution, size_t wanted,
                           uint64_t seed) {
  const txn::Snapshot& snapshot = *execution.snapshot;
  RowSample sample;
  Random random(seed);
  const uint64_t ids_used = table.EndRowId().value - 1;
  std::vector<RowId> ids;
  txn::FetchedRow row;
  if (ids_used > kIdsCountedMax) {
    std::vector<std::pair<RowId, std::string>> found;
    std::unordered_set<uint64_t> tried;
    const size_t tries_max = std::min<uint64_t>(wanted * kTriesPerRow, ids_used / 2);
    while (found.size() < wanted && tried.size() < tries_max) {
      const RowId id(1 + random.Below(ids_used));
      if (!tried.insert(id.value).second) continue;
      RETURN_IF_ERROR(execution.CheckCancelled());
      RETURN_IF_ERROR(table.Fetch(snapshot, id, &row));
      if (row.found) found.emplace_back(id, std::move(row.row));
    }
    if (found.size() == wanted) {
      sample.total_rows = std::round(static_cast<double>(found.size()) / static_cast<double>(tried.size()) *
                                     static_cast<double>(ids_used));
      std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (auto& [id, bytes] : found) sample.rows.push_back(std::move(bytes));
      return sample;
    }
  }
  RETURN_IF_ERROR(DrawFromAll(table, execution, wanted, random, ids, sample.total_rows));
  for (const RowId id : ids) {
    RETURN_IF_ERROR(table.Fetch(snapshot, id, &row));
    if (row.found) sample.rows.push_back(std::move(row.row));
  }
  return sample;
}

}  // namespace

Status DdlRunner::Analyze(const catalog::Table& table, std::span<const int> columns, int default_target) {
  struct Wanted {
    int column;
    int target;
  };
  std::vector<Wanted> wanted;
  size_t rows_wanted = kRowsMin;
  for (int column = 1; column <= static_cast<int>(table.columns.size()); ++column) {
    const catalog::Column& attribute = table.column(column);
    if (attribute.dropped || attribute.statistics_target == 0) continue;
    if (!columns.empty() && std::ranges::find(columns, column) == columns.end()) continue;
    int target = attribute.statistics_target > 0 ? attribute.statistics_target : default_target;
    wanted.push_back({column, target});
    rows_wanted = std::max(rows_wanted, kRowsPerTarget * static_cast<size_t>(target));
  }

  txn::TransactionManager& manager = catalog_.shared().manager();
  ASSIGN_OR_RETURN(const txn::RowTable rows, txn::RowTable::Open(manager, table.space, table.tree, table.layout));
  // Rows as they are now: to estimate is not to read.
  const txn::Snapshot snapshot = catalog_.store().transaction()->TakeCatalogSnapshot();
  engine::ExecutionContext execution;
  context_.fill_execution(execution);
  execution.snapshot = &snapshot;
  rows.NoteAnalyzed();
  ASSIGN_OR_RETURN(const RowSample sample, DrawRows(rows, execution, rows_wanted, table.oid));
  ASSIGN_OR_RETURN(const txn::RowTable::Size size, rows.EstimateSize());

  const auto count = static_cast<uint32_t>(sample.rows.size());
  for (const Wanted& item : wanted) {
    if (count == 0) break;
    RETURN_IF_ERROR(execution.CheckCancelled());
    const catalog::Column& attribute = table.column(item.column);
    const uint32_t position = static_cast<uint32_t>(item.column) - 1;
    const types::Layout layout = table.layout.layout(position);
    ASSIGN_OR_RETURN(const SampledType type, TypeToSample(attribute.type, layout));
    types::Vector values(attribute.type, layout, count);
    ColumnSample column(type.type, layout, type.compare);
    for (uint32_t i = 0; i < count; ++i) {
      const types::RowReader reader(table.layout, sample.rows[i]);
      if (position < reader.stored_columns() && !reader.IsNull(position) && reader.IsOverflow(position)) {
        column.AddWide(reader.Overflow(position).size);
        continue;
      }
      RETURN_IF_ERROR(rows.Decode(sample.rows[i], {&position, 1}, {&values, 1}, i));
      values.IsNull(i) ? column.AddNull() : column.Add(values.slot(i));
    }
    RETURN_IF_ERROR(catalog_.SetColumnStatistics(table.oid, item.column, type.type, layout, attribute.collation,
                                                 column.Summarize(sample.total_rows, item.target)));
  }
  return catalog_.SetStatistics(table, sample.total_rows, PagesOf(size, sample.total_rows));
}

Status DdlRunner::CountRows(const catalog::Table& table) {
  ASSIGN_OR_RETURN(const txn::RowTable rows,
                   txn::RowTable::Open(catalog_.shared().manager(), table.space, table.tree, table.layout));
  ASSIGN_OR_RETURN(const txn::RowTable::Size size, rows.EstimateSize());
  double counted = size.rows;
  if (rows.EndRowId().value - 1 <= kIdsCountedMax) {
    const txn::Snapshot snapshot = catalog_.store().transaction()->TakeSnapshot();
    engine::ExecutionContext execution;
    context_.fill_execution(execution);
    execution.snapshot = &snapshot;
    Random random(table.oid);
    std::vector<RowId> drawn;
    RETURN_IF_ERROR(DrawFromAll(rows, execution, 0, random, drawn, counted));
  }
  return catalog_.SetStatistics(table, counted, PagesOf(size, counted));
}

Status DdlRunner::SetStatisticsTarget(const catalog::Table& table, const parser::AlterTableCmd& command) {
  constexpr int32_t kTargetMax = 10000;
  const auto* number = parser::DynCast<parser::Constant>(command.def);
  int32_t target = -1;
  if (number != nullptr) target = number->integer;
  if (target < -1) return Errorf(sqlstate::kInvalidParameterValue, "statistics target %d is too low", target);
  if (target > kTargetMax) {
    target = kTargetMax;
    context_.warning(Errorf(sqlstate::kInvalidParameterValue, "lowering statistics target to %d", target));
  }
  ASSIGN_OR_RETURN(int column, ColumnToAlter(table, command.name));
  return catalog_.SetStatisticsTarget(table, column, target);
}

Result<DdlRunner::SampledType> DdlRunner::TypeToSample(types::Type type, types::Layout layout) {
  catalog::TypeRef row = catalog_.TypeByOid(type.oid);
  while (row != nullptr && row->kind == catalog::TypeKind::kDomain) {
    type = {row->base_type, row->typmod};
    row = catalog_.TypeByOid(type.oid);
  }
  if (row == nullptr) return Errorf(sqlstate::kInternalError, "cache lookup failed for type %u", type.oid);
  types::CompareFn compare = types::CompareFunction(type.oid);
  if (row->kind == catalog::TypeKind::kEnum) compare = types::CompareFunctionOf(layout);
  if (row->kind == catalog::TypeKind::kComposite || row->kind == catalog::TypeKind::kRange) compare = nullptr;
  return SampledType{type, compare};
}

}  // namespace phantom::session
