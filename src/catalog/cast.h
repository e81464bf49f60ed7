// catalog/cast.h
//
// Casts between types as pg_cast describes them. All built in; pointers are good for the whole process.
#pragma once
#include "common/ids.h"

namespace phantom::catalog {

enum class CastContext : char { kImplicit = 'i', kAssignment = 'a', kExplicit = 'e' };
enum class CastMethod : char {
  kFunction = 'f',
  kBinary = 'b',  // same bytes: relabel
  kInOut = 'i',   // through text
};

struct CastRow {
  Oid oid = 0;
  Oid source = 0;
  Oid target = 0;
  Oid function = 0;  // pg_proc OID; 0 unless kFunction
  CastContext context = CastContext::kExplicit;
  CastMethod method = CastMethod::kFunction;
};

}  // namespace phantom::catalog
