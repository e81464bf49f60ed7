// catalog/builtins.h
//
// The objects every database is born with, as PostgreSQL 15 numbers and names them: the rows of src/catalog/builtin,
// parsed once, on first use, into arrays with hash indexes. The binder, the executor and pg_catalog read these rows.
// User schemas hold no functions, operators, casts or operator classes, so the look-ups here are complete for those;
// types have user rows too: ask Catalog.
//
// Thread safety: immutable after construction; Get() may be called from any thread.
#pragma once
#include <span>
#include <string_view>

#include "catalog/cast.h"
#include "catalog/function.h"
#include "catalog/oids.h"
#include "catalog/operator.h"
#include "catalog/type.h"

namespace phantom::catalog {

class Builtins {
 public:
  static const Builtins& Get();

  // By OID; null when there is none.
  const TypeRow* Type(Oid oid) const;
  const FunctionRow* Function(Oid oid) const;
  const OperatorRow* Operator(Oid oid) const;
  const OpclassRow* Opclass(Oid oid) const;
  const OpfamilyRow* Opfamily(Oid oid) const;
  const CollationRow* Collation(Oid oid) const;
  const AccessMethodRow* AccessMethod(Oid oid) const;
  const AggregateRow* Aggregate(Oid function) const;
  const RangeRow* Range(Oid range_type) const;
  const RangeRow* RangeOfMultirange(Oid multirange_type) const;

  // By name, in any schema (information_schema holds a few types and functions): compare the rows' `schema`.
  const TypeRow* Type(std::string_view name, Oid schema) const;
  std::span<const FunctionRow* const> Functions(std::string_view name) const;
  std::span<const OperatorRow* const> Operators(std::string_view name) const;
  const OpclassRow* Opclass(std::string_view name, Oid method) const;
  const CollationRow* Collation(std::string_view name) const;
  const AccessMethodRow* AccessMethod(std::string_view name) const;

  const CastRow* Cast(Oid source, Oid target) const;
  // The class an index of `method` takes for a column of exactly this type; null: none. Binary-coercible and
  // polymorphic types (varchar, enums, arrays) are the caller's to map: see Catalog::DefaultOpclass.
  const OpclassRow* DefaultOpclass(Oid type, Oid method) const;
  const AmopRow* Amop(Oid family, Oid left, Oid right, int16_t strategy) const;
  // Every family an operator belongs to.
  std::span<const AmopRow* const> AmopsOfOperator(Oid operator_oid) const;
  const AmprocRow* Amproc(Oid family, Oid left, Oid right, int16_t number) const;

  std::span<const TypeRow> types() const;
  std::span<const FunctionRow> functions() const;
  std::span<const OperatorRow> operators() const;
  std::span<const CastRow> casts() const;
  std::span<const OpclassRow> opclasses() const;

  Builtins(const Builtins&) = delete;
  Builtins& operator=(const Builtins&) = delete;

 private:
  Builtins();
  ~Builtins();
  struct Tables;
  Tables* tables_;
};

}  // namespace phantom::catalog
