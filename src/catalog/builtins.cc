#include "catalog/builtins.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/builtin/data.h"
#include "common/arena.h"
#include "common/check.h"

namespace phantom::catalog {
namespace {

uint64_t Pair(Oid a, Oid b) { return uint64_t{a} << 32 | b; }

template <typename Row>
using ByOid = std::unordered_map<Oid, const Row*>;

// Rows grouped by a name: all rows sorted by it, and where each name's rows are.
template <typename Row>
class ByName {
 public:
  void Build(const std::vector<Row>& rows) {
    sorted_.reserve(rows.size());
    for (const Row& row : rows) sorted_.push_back(&row);
    std::stable_sort(sorted_.begin(), sorted_.end(), [](const Row* a, const Row* b) { return a->name < b->name; });
    places_.reserve(rows.size());
    for (size_t begin = 0, end; begin < sorted_.size(); begin = end) {
      for (end = begin + 1; end < sorted_.size() && sorted_[end]->name == sorted_[begin]->name;) ++end;
      places_.emplace(sorted_[begin]->name, std::pair(begin, end));
    }
  }
  std::span<const Row* const> Find(std::string_view name) const {
    auto place = places_.find(name);
    if (place == places_.end()) return {};
    return std::span(sorted_).subspan(place->second.first, place->second.second - place->second.first);
  }

 private:
  std::vector<const Row*> sorted_;
  std::unordered_map<std::string_view, std::pair<size_t, size_t>> places_;
};

template <typename Row>
void IndexByOid(const std::vector<Row>& rows, ByOid<Row>& index) {
  index.reserve(rows.size());
  for (const Row& row : rows) index.emplace(row.oid, &row);
}

template <typename Map, typename Key>
auto FindIn(const Map& map, const Key& key) -> typename Map::mapped_type {
  auto found = map.find(key);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

struct Builtins::Tables {
  Arena arena;
  std::vector<TypeRow> types;
  std::vector<RangeRow> ranges;
  std::vector<FunctionRow> functions;
  std::vector<AggregateRow> aggregates;
  std::vector<OperatorRow> operators;
  std::vector<CastRow> casts;
  std::vector<AccessMethodRow> methods;
  std::vector<OpclassRow> opclasses;
  std::vector<OpfamilyRow> opfamilies;
  std::vector<AmopRow> amops;
  std::vector<AmprocRow> amprocs;
  std::vector<CollationRow> collations;

  ByOid<TypeRow> type_by_oid;
  ByOid<FunctionRow> function_by_oid;
  ByOid<OperatorRow> operator_by_oid;
  ByOid<OpclassRow> opclass_by_oid;
  ByOid<OpfamilyRow> opfamily_by_oid;
  ByOid<AggregateRow> aggregate_by_function;
  ByName<TypeRow> type_by_name;
  ByName<FunctionRow> function_by_name;
  ByName<OperatorRow> operator_by_name;
  ByName<OpclassRow> opclass_by_name;
  std::unordered_map<uint64_t, const CastRow*> cast_by_types;
  std::unordered_map<uint64_t, const OpclassRow*> default_opclass;
  std::unordered_map<Oid, std::vector<const AmopRow*>> amops_by_operator;
  std::unordered_map<Oid, std::vector<const AmopRow*>> amops_by_family;
  std::unordered_map<Oid, std::vector<const AmprocRow*>> amprocs_by_family;

  TsvReader Open(Oid table) { return TsvReader(BuiltinRows(table), arena); }

  // "{23,25}" or "23 25" as OIDs in the arena.
  std::span<const Oid> Oids(std::string_view list) {
    size_t count = list.empty() ? 0 : 1 + std::count_if(list.begin(), list.end(), [](char c) { return c == ' ' || c == ','; });
    if (count == 0) return {};
    Oid* oids = static_cast<Oid*>(arena.Allocate(count * sizeof(Oid), alignof(Oid)));
    ListReader reader(list);
    std::string_view element;
    for (size_t i = 0; reader.Next(element); ++i) {
      std::from_chars(element.data(), element.data() + element.size(), oids[i]);
    }
    return {oids, count};
  }

  std::span<const std::string_view> Texts(std::string_view list) {
    std::vector<std::string_view> found;
    ListReader reader(list);
    for (std::string_view element; reader.Next(element);) found.push_back(element == "\"\"" ? std::string_view() : element);
    return Keep(found);
  }

  std::span<const std::string_view> Keep(const std::vector<std::string_view>& texts) {
    if (texts.empty()) return {};
    auto* kept = static_cast<std::string_view*>(
        arena.Allocate(texts.size() * sizeof(std::string_view), alignof(std::string_view)));
    std::copy(texts.begin(), texts.end(), kept);
    return {kept, texts.size()};
  }

  void ReadTypes();
  void ReadFunctions();
  void ReadOperators();
  void ReadIndexSupport();
};

void Builtins::Tables::ReadTypes() {
  for (TsvReader in = Open(oid::kPgType); !in.at_end();) {
    TypeRow row;
    row.oid = in.Oid();
    row.name = in.Text();
    row.schema = in.Oid();
    row.owner = in.Oid();
    row.length = static_cast<int16_t>(in.Int());
    row.by_value = in.Bool();
    row.kind = static_cast<TypeKind>(in.Char());
    row.category = in.Char();
    row.preferred = in.Bool();
    row.defined = in.Bool();
    row.delimiter = in.Char();
    row.relation = in.Oid();
    row.subscript = in.Oid();
    row.element = in.Oid();
    row.array = in.Oid();
    row.input = in.Oid();
    row.output = in.Oid();
    row.receive = in.Oid();
    row.send = in.Oid();
    row.typmod_in = in.Oid();
    row.typmod_out = in.Oid();
    row.analyze = in.Oid();
    row.align = in.Char();
    row.storage = in.Char();
    row.not_null = in.Bool();
    row.base_type = in.Oid();
    row.typmod = static_cast<int32_t>(in.Int());
    row.dimensions = static_cast<int32_t>(in.Int());
    row.collation = in.Oid();
    row.default_text = in.Text();
    in.Skip(2);
    types.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgRange); !in.at_end();) {
    RangeRow row;
    row.type = in.Oid();
    row.subtype = in.Oid();
    row.multirange = in.Oid();
    row.collation = in.Oid();
    row.opclass = in.Oid();
    row.canonical = in.Oid();
    row.subdiff = in.Oid();
    ranges.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgCast); !in.at_end();) {
    CastRow row;
    row.oid = in.Oid();
    row.source = in.Oid();
    row.target = in.Oid();
    row.function = in.Oid();
    row.context = static_cast<CastContext>(in.Char());
    row.method = static_cast<CastMethod>(in.Char());
    casts.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgCollation); !in.at_end();) {
    CollationRow row;
    row.oid = in.Oid();
    row.name = in.Text();
    row.schema = in.Oid();
    row.owner = in.Oid();
    row.provider = in.Char();
    row.deterministic = in.Bool();
    row.encoding = static_cast<int32_t>(in.Int());
    row.collate = in.Text();
    row.ctype = in.Text();
    in.Skip(2);
    collations.push_back(row);
  }
  IndexByOid(types, type_by_oid);
  type_by_name.Build(types);
  for (const CastRow& row : casts) cast_by_types.emplace(Pair(row.source, row.target), &row);
}

void Builtins::Tables::ReadFunctions() {
  functions.reserve(3300);
  for (TsvReader in = Open(oid::kPgProc); !in.at_end();) {
    FunctionRow row;
    row.oid = in.Oid();
    row.name = in.Text();
    row.schema = in.Oid();
    row.owner = in.Oid();
    row.language = in.Oid();
    row.cost = in.Float();
    row.rows = in.Float();
    row.variadic = in.Oid();
    row.support = in.Oid();
    row.kind = static_cast<FunctionKind>(in.Char());
    row.security_definer = in.Bool();
    row.leakproof = in.Bool();
    row.strict = in.Bool();
    row.returns_set = in.Bool();
    row.volatility = static_cast<Volatility>(in.Char());
    row.parallel = in.Char();
    in.Skip(1);
    row.default_count = static_cast<int16_t>(in.Int());
    row.return_type = in.Oid();
    row.arguments = Oids(in.Text());
    row.all_arguments = Oids(in.Text());
    std::vector<std::string_view> modes;
    ListReader mode_list(in.Text());
    for (std::string_view mode; mode_list.Next(mode);) modes.push_back(mode);
    if (!modes.empty()) {
      auto* kept = static_cast<ArgumentMode*>(arena.Allocate(modes.size(), 1));
      for (size_t i = 0; i < modes.size(); ++i) kept[i] = static_cast<ArgumentMode>(modes[i][0]);
      row.modes = {kept, modes.size()};
    }
    row.names = Texts(in.Text());
    std::vector<std::string_view> defaults;
    for (std::string_view list = in.Text(); !list.empty();) {
      size_t end = list.find(", ");
      defaults.push_back(list.substr(0, end));
      list = end == std::string_view::npos ? std::string_view() : list.substr(end + 2);
    }
    PHANTOM_CHECK(static_cast<size_t>(row.default_count) == defaults.size());
    row.defaults = Keep(defaults);
    in.Skip(1);
    row.source = in.Text();
    in.Skip(1);
    row.sql_body = in.Text();
    in.Skip(2);
    functions.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgAggregate); !in.at_end();) {
    AggregateRow row;
    row.function = in.Oid();
    row.kind = in.Char();
    row.direct_arguments = static_cast<int16_t>(in.Int());
    row.transition = in.Oid();
    row.final = in.Oid();
    row.combine = in.Oid();
    row.serialize = in.Oid();
    row.deserialize = in.Oid();
    row.moving_transition = in.Oid();
    row.moving_inverse = in.Oid();
    row.moving_final = in.Oid();
    row.final_extra = in.Bool();
    row.moving_final_extra = in.Bool();
    row.final_modify = in.Char();
    row.moving_final_modify = in.Char();
    row.sort_operator = in.Oid();
    row.transition_type = in.Oid();
    row.transition_space = static_cast<int32_t>(in.Int());
    row.moving_transition_type = in.Oid();
    row.moving_transition_space = static_cast<int32_t>(in.Int());
    row.has_initial = in.Next(row.initial);
    row.has_moving_initial = in.Next(row.moving_initial);
    aggregates.push_back(row);
  }
  IndexByOid(functions, function_by_oid);
  function_by_name.Build(functions);
  for (const AggregateRow& row : aggregates) aggregate_by_function.emplace(row.function, &row);
}

void Builtins::Tables::ReadOperators() {
  for (TsvReader in = Open(oid::kPgOperator); !in.at_end();) {
    OperatorRow row;
    row.oid = in.Oid();
    row.name = in.Text();
    row.schema = in.Oid();
    row.owner = in.Oid();
    row.kind = in.Char();
    row.can_merge = in.Bool();
    row.can_hash = in.Bool();
    row.left = in.Oid();
    row.right = in.Oid();
    row.result = in.Oid();
    row.commutator = in.Oid();
    row.negator = in.Oid();
    row.function = in.Oid();
    row.restrict_estimator = in.Oid();
    row.join_estimator = in.Oid();
    operators.push_back(row);
  }
  IndexByOid(operators, operator_by_oid);
  operator_by_name.Build(operators);
}

void Builtins::Tables::ReadIndexSupport() {
  for (TsvReader in = Open(oid::kPgAm); !in.at_end();) {
    AccessMethodRow row;
    row.oid = in.Oid();
    row.name = in.Text();
    row.handler = in.Oid();
    row.kind = in.Char();
    methods.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgOpclass); !in.at_end();) {
    OpclassRow row;
    row.oid = in.Oid();
    row.method = in.Oid();
    row.name = in.Text();
    row.schema = in.Oid();
    row.owner = in.Oid();
    row.family = in.Oid();
    row.input_type = in.Oid();
    row.is_default = in.Bool();
    row.key_type = in.Oid();
    opclasses.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgOpfamily); !in.at_end();) {
    OpfamilyRow row;
    row.oid = in.Oid();
    row.method = in.Oid();
    row.name = in.Text();
    row.schema = in.Oid();
    row.owner = in.Oid();
    opfamilies.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgAmop); !in.at_end();) {
    AmopRow row;
    row.oid = in.Oid();
    row.family = in.Oid();
    row.left = in.Oid();
    row.right = in.Oid();
    row.strategy = static_cast<int16_t>(in.Int());
    row.purpose = in.Char();
    row.operator_oid = in.Oid();
    row.method = in.Oid();
    row.sort_family = in.Oid();
    amops.push_back(row);
  }
  for (TsvReader in = Open(oid::kPgAmproc); !in.at_end();) {
    AmprocRow row;
    row.oid = in.Oid();
    row.family = in.Oid();
    row.left = in.Oid();
    row.right = in.Oid();
    row.number = static_cast<int16_t>(in.Int());
    row.function = in.Oid();
    amprocs.push_back(row);
  }
  IndexByOid(opclasses, opclass_by_oid);
  IndexByOid(opfamilies, opfamily_by_oid);
  opclass_by_name.Build(opclasses);
  for (const OpclassRow& row : opclasses) {
    if (row.is_default) default_opclass.emplace(Pair(row.input_type, row.method), &row);
  }
  for (const AmopRow& row : amops) {
    amops_by_operator[row.operator_oid].push_back(&row);
    amops_by_family[row.family].push_back(&row);
  }
  for (const AmprocRow& row : amprocs) amprocs_by_family[row.family].push_back(&row);
}

Builtins::Builtins() : tables_(new Tables) {
  tables_->ReadTypes();
  tables_->ReadFunctions();
  tables_->ReadOperators();
  tables_->ReadIndexSupport();
}

Builtins::~Builtins() { delete tables_; }

const Builtins& Builtins::Get() {
  static const Builtins builtins;
  return builtins;
}

const TypeRow* Builtins::Type(Oid oid) const { return FindIn(tables_->type_by_oid, oid); }
const FunctionRow* Builtins::Function(Oid oid) const { return FindIn(tables_->function_by_oid, oid); }
const OperatorRow* Builtins::Operator(Oid oid) const { return FindIn(tables_->operator_by_oid, oid); }
const OpclassRow* Builtins::Opclass(Oid oid) const { return FindIn(tables_->opclass_by_oid, oid); }
const OpfamilyRow* Builtins::Opfamily(Oid oid) const { return FindIn(tables_->opfamily_by_oid, oid); }
const AggregateRow* Builtins::Aggregate(Oid function) const { return FindIn(tables_->aggregate_by_function, function); }

namespace {

// For tables of a handful of rows.
template <typename Rows, typename Matches>
auto FindFirst(const Rows& rows, Matches matches) -> decltype(&*rows.begin()) {
  auto found = std::find_if(rows.begin(), rows.end(), matches);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

const CollationRow* Builtins::Collation(Oid oid) const {
  return FindFirst(tables_->collations, [&](const CollationRow& row) { return row.oid == oid; });
}
const AccessMethodRow* Builtins::AccessMethod(Oid oid) const {
  return FindFirst(tables_->methods, [&](const AccessMethodRow& row) { return row.oid == oid; });
}
const RangeRow* Builtins::Range(Oid range_type) const {
  return FindFirst(tables_->ranges, [&](const RangeRow& row) { return row.type == range_type; });
}
const RangeRow* Builtins::RangeOfMultirange(Oid multirange_type) const {
  return FindFirst(tables_->ranges, [&](const RangeRow& row) { return row.multirange == multirange_type; });
}

const TypeRow* Builtins::Type(std::string_view name, Oid schema) const {
  for (const TypeRow* row : tables_->type_by_name.Find(name)) {
    if (row->schema == schema) return row;
  }
  return nullptr;
}
std::span<const FunctionRow* const> Builtins::Functions(std::string_view name) const {
  return tables_->function_by_name.Find(name);
}
std::span<const OperatorRow* const> Builtins::Operators(std::string_view name) const {
  return tables_->operator_by_name.Find(name);
}
const OpclassRow* Builtins::Opclass(std::string_view name, Oid method) const {
  for (const OpclassRow* row : tables_->opclass_by_name.Find(name)) {
    if (row->method == method) return row;
  }
  return nullptr;
}
const CollationRow* Builtins::Collation(std::string_view name) const {
  return FindFirst(tables_->collations, [&](const CollationRow& row) { return row.name == name; });
}
const AccessMethodRow* Builtins::AccessMethod(std::string_view name) const {
  return FindFirst(tables_->methods, [&](const AccessMethodRow& row) { return row.name == name; });
}

const CastRow* Builtins::Cast(Oid source, Oid target) const {
  return FindIn(tables_->cast_by_types, Pair(source, target));
}
const OpclassRow* Builtins::DefaultOpclass(Oid type, Oid method) const {
  return FindIn(tables_->default_opclass, Pair(type, method));
}

const AmopRow* Builtins::Amop(Oid family, Oid left, Oid right, int16_t strategy) const {
  auto found = tables_->amops_by_family.find(family);
  if (found == tables_->amops_by_family.end()) return nullptr;
  for (const AmopRow* row : found->second) {
    if (row->left == left && row->right == right && row->strategy == strategy && row->purpose == 's') return row;
  }
  return nullptr;
}

std::span<const AmopRow* const> Builtins::AmopsOfOperator(Oid operator_oid) const {
  auto found = tables_->amops_by_operator.find(operator_oid);
  if (found == tables_->amops_by_operator.end()) return {};
  return found->second;
}

const AmprocRow* Builtins::Amproc(Oid family, Oid left, Oid right, int16_t number) const {
  auto found = tables_->amprocs_by_family.find(family);
  if (found == tables_->amprocs_by_family.end()) return nullptr;
  for (const AmprocRow* row : found->second) {
    if (row->left == left && row->right == right && row->number == number) return row;
  }
  return nullptr;
}

std::span<const TypeRow> Builtins::types() const { return tables_->types; }
std::span<const FunctionRow> Builtins::functions() const { return tables_->functions; }
std::span<const OperatorRow> Builtins::operators() const { return tables_->operators; }
std::span<const CastRow> Builtins::casts() const { return tables_->casts; }
std::span<const OpclassRow> Builtins::opclasses() const { return tables_->opclasses; }

}  // namespace phantom::catalog
