#include "engine/functions/tables.h"

namespace phantom::engine {

std::span<const std::span<const KernelEntry>> AllKernelTables() {
  static const std::span<const KernelEntry> kTables[] = {
      Int4Kernels(),
      CountKernels(),
      GenerateSeriesKernels(),
  };
  return kTables;
}

}  // namespace phantom::engine
