// engine/functions/xid_snapshots.h
//
// The kernels on transaction ids and snapshots, beside the tables of tables.h.
#pragma once
#include <span>

#include "engine/kernel.h"

namespace phantom::engine {

std::span<const KernelEntry> XidSnapshotKernels();

}  // namespace phantom::engine
