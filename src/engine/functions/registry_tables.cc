#include "engine/functions/tables.h"
#include "engine/functions/xid_snapshots.h"

namespace phantom::engine {

std::span<const std::span<const KernelEntry>> AllKernelTables() {
  static const std::span<const KernelEntry> kTables[] = {
      IntegerKernels(),
      FloatKernels(),
      ComparisonKernels(),
      RegexKernels(),
      StringKernels(),
      PatternKernels(),
      NumericKernels(),
      AggregateSumKernels(),
      AggregateOrderKernels(),
      AggregateMomentKernels(),
      CountKernels(),
      GenerateSeriesKernels(),
      CastKernels(),
      DatetimeArithmeticKernels(),
      DatetimePartKernels(),
      DatetimeMakeKernels(),
      TextBuildingKernels(),
      AggregateCollectKernels(),
      WindowRangeKernels(),
      SessionInfoKernels(),
      SessionRowKernels(),
      CatalogInfoKernels(),
      BinaryStringKernels(),
      ArrayKernels(),
      ArrayComparisonKernels(),
      ArrayTextKernels(),
      JsonAccessKernels(),
      JsonbKernels(),
      JsonBuildKernels(),
      WindowKernels(),
      ObjectDefinitionKernels(),
      PrivilegeKernels(),
      RandomKernels(),
      RegexSetKernels(),
      AggregateOrderedKernels(),
      AggregateHypotheticalKernels(),
      SystemViewKernels(),
      AclKernels(),
      ParseIdentKernels(),
      FormattingKernels(),
      EnumKernels(),
      BitStringKernels(),
      SendKernels(),
      HashKernels(),
      UnicodeTextKernels(),
      XidSnapshotKernels(),
  };
  return kTables;
}

}  // namespace phantom::engine
