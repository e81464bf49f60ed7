// types/slot_functions.h
//
// How values of a type are compared and hashed where the type may be a user's: then its OID alone does not say how the
// value lies (an enum's is a number, a row's bytes), and the layout does.
#pragma once
#include "types/compare.h"
#include "types/hash.h"

namespace phantom::types {

// Never null: types without an order are compared by their layout.
CompareFn CompareFunctionFor(Oid type, Layout layout);
EqualFn EqualFunctionFor(Oid type, Layout layout);
// Null for types that are not hashable.
HashFn HashFunctionFor(Oid type, Layout layout);

}  // namespace phantom::types
