// Every function of the catalog has a kernel, but for those over types we do not speak yet (kForeignTypes) and those of
// features beyond our language (replication, large objects, upgrades, ...): kernels_missing.inc names them all,
// "name(argument types)", so that none is missing unnoticed and none that is there stays in the list.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/builtin/data.h"
#include "catalog/oids.h"
#include "common/arena.h"
#include "engine/kernel.h"

using namespace phantom;

namespace {

constexpr std::string_view kMissing =
#include "kernels_missing.inc"
    ;

// Types without values here, and those of functions that SQL cannot call: geometry, text search, networks, ranges, XML,
// handlers, internals.
const std::set<std::string_view> kForeignTypes = {
    "point", "lseg", "path", "box", "polygon", "line", "circle", "tsvector", "tsquery", "gtsvector", "inet", "cidr",
    "macaddr", "macaddr8", "xml", "jsonpath", "money", "internal", "cstring", "_cstring", "int4range", "int8range",
    "numrange", "daterange", "tsrange", "tstzrange", "anyrange", "anycompatiblerange", "int4multirange", "int8multirange",
    "nummultirange", "datemultirange", "tsmultirange", "tstzmultirange", "anymultirange", "anycompatiblemultirange",
    "pg_snapshot", "txid_snapshot", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_mcv_list",
    "pg_ndistinct", "pg_dependencies", "pg_node_tree", "pg_ddl_command", "regconfig", "regdictionary", "aclitem",
    "_aclitem", "trigger", "event_trigger", "language_handler", "fdw_handler", "table_am_handler", "index_am_handler",
    "tsm_handler", "refcursor", "_pg_lsn",
};

std::vector<std::string_view> Fields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (size_t tab; (tab = line.find('\t')) != std::string_view::npos; line.remove_prefix(tab + 1)) {
    fields.push_back(line.substr(0, tab));
  }
  fields.push_back(line);
  return fields;
}

// Calls visit(fields) for each built-in row of a system table.
template <typename Visit>
void ForEachRow(Oid table, Visit visit) {
  std::string_view rest = catalog::BuiltinRows(table);
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    visit(Fields(rest.substr(0, end)));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
}

enum Column : size_t { kOid = 0, kName = 1, kLanguage = 4, kKind = 9, kReturnsSet = 13, kReturnType = 18, kArguments = 19, kSource = 25 };

bool HasKernel(const std::vector<std::string_view>& proc) {
  using engine::KernelKind;
  if (proc[kLanguage] == "14") return true;  // SQL: its body is the function
  const KernelKind kind = proc[kKind] == "a"          ? KernelKind::kAggregate
                          : proc[kKind] == "w"        ? KernelKind::kWindow
                          : proc[kReturnsSet] == "t" ? KernelKind::kSet
                                                      : KernelKind::kScalar;
  const Oid oid = static_cast<Oid>(std::stoul(std::string(proc[kOid])));
  return engine::FindKernel(kind, oid, proc[kSource]) != nullptr;
}

}  // namespace

TEST_CASE("functions without kernels are the listed ones") {
  std::unordered_map<std::string_view, std::string_view> type_names;
  ForEachRow(catalog::oid::kPgType, [&](const auto& row) { type_names[row[0]] = row[1]; });
  std::set<std::string> missing, listed;
  ForEachRow(catalog::oid::kPgProc, [&](const auto& row) {
    if (HasKernel(row)) return;
    std::string signature = std::string(row[kName]) + "(";
    bool foreign = kForeignTypes.contains(type_names[row[kReturnType]]);
    std::istringstream arguments{std::string(row[kArguments])};
    for (std::string oid, comma; arguments >> oid; comma = ", ") {
      foreign = foreign || kForeignTypes.contains(type_names[oid]);
      signature += comma + std::string(type_names[oid]);
    }
    if (!foreign) missing.insert(signature + ")");
  });
  std::istringstream lines{std::string(kMissing)};
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) listed.insert(line);
  }
  if (const char* path = std::getenv("PHANTOM_KERNELS_MISSING")) {  // to write the list anew
    std::ofstream out(path);
    for (const std::string& signature : missing) out << signature << "\n";
  }
  for (const std::string& signature : missing) {
    INFO(signature << " has no kernel and is not listed");
    CHECK(listed.contains(signature));
  }
  for (const std::string& signature : listed) {
    INFO(signature << " is listed and has a kernel");
    CHECK(missing.contains(signature));
  }
}
