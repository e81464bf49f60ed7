// pg_statistic's rows: written by ANALYZE, read for the planner.
#include "catalog/statistics.h"

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/shared_catalog.h"
#include "catalog/system_store.h"
#include "types/array.h"

namespace phantom::catalog {
namespace {

// pg_statistic.stakindN.
constexpr int kKindCommonValues = 1;
constexpr int kKindHistogram = 2;
constexpr int kKindCorrelation = 3;
constexpr int kSlots = 5;

// btree strategies.
constexpr int16_t kLess = 1;
constexpr int16_t kEqual = 3;

types::Value MakeArray(types::Type array_type, Oid element, types::Layout layout, const std::vector<types::Value>& values) {
  types::ArrayBuilder builder(element, layout);
  for (const types::Value& value : values) builder.Add(value.slot());
  return types::Value::String(array_type, builder.Finish());
}

types::Value MakeNumbers(types::Type array_type, const std::vector<float>& numbers) {
  types::ArrayBuilder builder(types::kFloat4Oid);
  for (float number : numbers) builder.Add(&number);
  return types::Value::String(array_type, builder.Finish());
}

std::vector<types::Value> ReadArray(const types::Value& array) {
  std::vector<types::Value> values;
  if (array.is_null() || !types::ArrayView::IsValid(array.AsString())) return values;
  types::ArrayView view(array.AsString());
  alignas(16) std::byte slot[16];
  for (uint32_t i = 0; i < view.size(); ++i) {
    if (view.IsNull(i)) continue;
    view.Get(i, slot);
    values.push_back(types::Value::FromSlot(types::Type(view.element_type()), view.element_layout(), slot));
  }
  return values;
}

std::vector<float> ReadNumbers(const types::Value& array) {
  std::vector<float> numbers;
  if (array.is_null() || !types::ArrayView::IsValid(array.AsString())) return numbers;
  types::ArrayView view(array.AsString());
  for (uint32_t i = 0; i < view.size(); ++i) numbers.push_back(view.GetAs<float>(i));
  return numbers;
}

std::shared_ptr<const ColumnStatistics> Read(const Row& row) {
  auto statistics = std::make_shared<ColumnStatistics>();
  statistics->null_fraction = row.Float(pg_statistic::stanullfrac);
  statistics->width = static_cast<int32_t>(row.Int(pg_statistic::stawidth));
  statistics->distinct = row.Float(pg_statistic::stadistinct);
  for (int slot = 0; slot < kSlots; ++slot) {
    const types::Value& values = row.value(pg_statistic::stavalues1 + slot);
    const types::Value& numbers = row.value(pg_statistic::stanumbers1 + slot);
    switch (row.Int(pg_statistic::stakind1 + slot)) {
      case kKindCommonValues:
        statistics->common_values = ReadArray(values);
        statistics->common_frequencies = ReadNumbers(numbers);
        if (statistics->common_values.size() != statistics->common_frequencies.size()) statistics->common_values.clear();
        break;
      case kKindHistogram:
        statistics->histogram = ReadArray(values);
        break;
      case kKindCorrelation:
        if (std::vector<float> read = ReadNumbers(numbers); !read.empty()) {
          statistics->correlation = read[0];
          statistics->has_correlation = true;
        }
        break;
      default:
        break;
    }
  }
  return statistics;
}

}  // namespace

Status Catalog::SetStatistics(const Table& table, double rows, int32_t pages) {
  RETURN_IF_ERROR(UpdateClassInPassing(table.oid, [&](Row& row) {
    row.SetFloat(pg_class::reltuples, static_cast<float>(rows)).SetInt(pg_class::relpages, pages);
  }));
  for (const Index& index : table.indexes) {
    if (!index.predicate_sql.empty()) continue;
    RETURN_IF_ERROR(UpdateClassInPassing(
        index.oid, [&](Row& row) { row.SetFloat(pg_class::reltuples, static_cast<float>(rows)); }));
  }
  return Status::Ok();
}

Status Catalog::SetStatisticsTarget(const Table& table, int column, int32_t target) {
  return UpdateAttribute(table.oid, column, [&](Row& row) { row.SetInt(pg_attribute::attstattarget, target); });
}

Status Catalog::SetColumnStatistics(Oid relation, int attribute, types::Type type, types::Layout layout, Oid collation,
                                    const ColumnStatistics& statistics) {
  ASSIGN_OR_RETURN(std::vector<Row> before,
                   store_->Find(oid::kPgStatistic, index_oid::kStatisticByColumn, {relation, attribute}));
  TableRef system = SystemTables::Get().Find(oid::kPgStatistic);
  Row row(*system);
  row.SetInt(pg_statistic::starelid, relation).SetInt(pg_statistic::staattnum, attribute);
  row.SetBool(pg_statistic::stainherit, false).SetInt(pg_statistic::stawidth, statistics.width);
  row.SetFloat(pg_statistic::stanullfrac, static_cast<float>(statistics.null_fraction));
  row.SetFloat(pg_statistic::stadistinct, static_cast<float>(statistics.distinct));
  for (int slot = 0; slot < kSlots; ++slot) {
    row.SetInt(pg_statistic::stakind1 + slot, 0).SetInt(pg_statistic::staop1 + slot, 0);
    row.SetInt(pg_statistic::stacoll1 + slot, 0);
    row.SetNull(pg_statistic::stanumbers1 + slot).SetNull(pg_statistic::stavalues1 + slot);
  }
  const OpclassRow* opclass = DefaultOpclass(type.oid, oid::kAmBtree);
  auto operator_of = [&](int16_t strategy) -> Oid {
    if (opclass == nullptr) return 0;
    const AmopRow* amop = builtins_.Amop(opclass->family, opclass->input_type, opclass->input_type, strategy);
    return amop == nullptr ? 0 : amop->operator_oid;
  };
  int used = 0;
  auto fill = [&](int kind, int16_t strategy, const std::vector<types::Value>* values, const std::vector<float>& numbers) {
    row.SetInt(pg_statistic::stakind1 + used, kind).SetInt(pg_statistic::staop1 + used, operator_of(strategy));
    row.SetInt(pg_statistic::stacoll1 + used, collation);
    if (!numbers.empty()) {
      int column = pg_statistic::stanumbers1 + used;
      row.SetValue(column, MakeNumbers(system->column(column).type, numbers));
    }
    if (values != nullptr) {
      int column = pg_statistic::stavalues1 + used;
      row.SetValue(column, MakeArray(system->column(column).type, type.oid, layout, *values));
    }
    ++used;
  };
  if (!statistics.common_values.empty()) {
    fill(kKindCommonValues, kEqual, &statistics.common_values, statistics.common_frequencies);
  }
  if (!statistics.histogram.empty()) fill(kKindHistogram, kLess, &statistics.histogram, {});
  if (statistics.has_correlation) fill(kKindCorrelation, kLess, nullptr, {static_cast<float>(statistics.correlation)});
  if (before.empty()) {
    RETURN_IF_ERROR(store_->Insert(row));
  } else {
    row.id = before[0].id;
    RETURN_IF_ERROR(store_->Update(before[0], row));
  }
  Changed();
  return Status::Ok();
}

Result<std::shared_ptr<const TableStatistics>> Catalog::StatisticsOf(Oid relation) {
  ObjectCache& local = Local();
  auto known = local.statistics.find(relation);
  if (known != local.statistics.end()) return known->second;
  if (!private_) {
    if (std::shared_ptr<const TableStatistics> shared = cache_->FindStatistics(relation)) {
      local.statistics.emplace(relation, shared);
      return shared;
    }
  }
  const uint64_t version = cache_->version();
  ASSIGN_OR_RETURN(std::vector<Row> rows, store_->Find(oid::kPgStatistic, index_oid::kStatisticByColumn, {relation}));
  auto loaded = std::make_shared<TableStatistics>();
  for (const Row& row : rows) {
    (*loaded)[static_cast<int>(row.Int(pg_statistic::staattnum))] = Read(row);
  }
  local.statistics[relation] = loaded;
  if (!private_ && !IsTemporaryRelation(relation)) cache_->OfferStatistics(relation, loaded, version);
  return std::shared_ptr<const TableStatistics>(loaded);
}

}  // namespace phantom::catalog
