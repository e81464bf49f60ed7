#include <unordered_map>

#include "engine/functions/tables.h"
#include "engine/kernel.h"

namespace phantom::engine {

namespace {

// The tables, indexed once on first use.
struct Registry {
  std::unordered_map<Oid, const KernelEntry*> by_oid[4];
  std::unordered_map<std::string_view, const KernelEntry*> by_source[4];

  Registry() {
    for (std::span<const KernelEntry> table : AllKernelTables()) {
      for (const KernelEntry& entry : table) {
        const size_t kind = static_cast<size_t>(entry.kind);
        if (entry.oid != 0) by_oid[kind].emplace(entry.oid, &entry);
        if (!entry.prosrc.empty()) by_source[kind].emplace(entry.prosrc, &entry);
      }
    }
  }
};

}  // namespace

const KernelEntry* FindKernel(KernelKind kind, Oid oid, std::string_view prosrc) {
  static const Registry registry;
  const size_t k = static_cast<size_t>(kind);
  if (auto found = registry.by_oid[k].find(oid); found != registry.by_oid[k].end()) return found->second;
  if (auto found = registry.by_source[k].find(prosrc); found != registry.by_source[k].end()) return found->second;
  return nullptr;
}

}  // namespace phantom::engine
