// engine/functions/tables.h
//
// The kernel tables, one a file of kernels. A new file declares its table here and is listed in registry_tables.cc.
#pragma once
#include <span>

#include "engine/kernel.h"

namespace phantom::engine {

std::span<const KernelEntry> IntegerKernels();
std::span<const KernelEntry> FloatKernels();
std::span<const KernelEntry> ComparisonKernels();
std::span<const KernelEntry> RegexKernels();
std::span<const KernelEntry> StringKernels();
std::span<const KernelEntry> PatternKernels();
std::span<const KernelEntry> NumericKernels();
std::span<const KernelEntry> AggregateSumKernels();
std::span<const KernelEntry> AggregateOrderKernels();
std::span<const KernelEntry> AggregateMomentKernels();
std::span<const KernelEntry> CountKernels();
std::span<const KernelEntry> GenerateSeriesKernels();
std::span<const KernelEntry> CastKernels();
std::span<const KernelEntry> DatetimeArithmeticKernels();
std::span<const KernelEntry> DatetimePartKernels();
std::span<const KernelEntry> DatetimeMakeKernels();
std::span<const KernelEntry> TextBuildingKernels();
std::span<const KernelEntry> AggregateCollectKernels();
std::span<const KernelEntry> WindowRangeKernels();
std::span<const KernelEntry> SessionInfoKernels();
std::span<const KernelEntry> SessionRowKernels();
std::span<const KernelEntry> CatalogInfoKernels();
std::span<const KernelEntry> BinaryStringKernels();
std::span<const KernelEntry> ArrayKernels();
std::span<const KernelEntry> ArrayComparisonKernels();
std::span<const KernelEntry> ArrayTextKernels();
std::span<const KernelEntry> JsonAccessKernels();
std::span<const KernelEntry> JsonbKernels();
std::span<const KernelEntry> JsonBuildKernels();
std::span<const KernelEntry> WindowKernels();
std::span<const KernelEntry> ObjectDefinitionKernels();
std::span<const KernelEntry> PrivilegeKernels();
std::span<const KernelEntry> RandomKernels();
std::span<const KernelEntry> RegexSetKernels();
std::span<const KernelEntry> AggregateOrderedKernels();
std::span<const KernelEntry> AggregateHypotheticalKernels();
std::span<const KernelEntry> SystemViewKernels();
std::span<const KernelEntry> AclKernels();
std::span<const KernelEntry> ParseIdentKernels();
std::span<const KernelEntry> FormattingKernels();
std::span<const KernelEntry> EnumKernels();
std::span<const KernelEntry> BitStringKernels();
std::span<const KernelEntry> SendKernels();
std::span<const KernelEntry> HashKernels();
std::span<const KernelEntry> UnicodeTextKernels();

// All of the above.
std::span<const std::span<const KernelEntry>> AllKernelTables();

}  // namespace phantom::engine
