// types/type_table.h
//
// The built-in types: OID, OID of the array type, pg_type's typlen, layout, internal name, SQL name. Private to this room.
#pragma once
#include <array>
#include <string_view>

#include "types/type.h"

namespace phantom::types {

struct TypeInfo {
  Oid oid;
  Oid array;
  int16_t length;
  Layout layout;
  std::string_view name;
  std::string_view sql_name;
};

// clang-format off
inline constexpr TypeInfo kTypeTable[] = {
    {16, 1000, 1, Layout::kBool, "bool", "boolean"},
    {17, 1001, -1, Layout::kString, "bytea", "bytea"},
    {18, 1002, 1, Layout::kString, "char", "\"char\""},
    {19, 1003, 64, Layout::kString, "name", "name"},
    {20, 1016, 8, Layout::kInt64, "int8", "bigint"},
    {21, 1005, 2, Layout::kInt16, "int2", "smallint"},
    {22, 1006, -1, Layout::kString, "int2vector", "int2vector"},
    {23, 1007, 4, Layout::kInt32, "int4", "integer"},
    {24, 1008, 4, Layout::kInt32, "regproc", "regproc"},
    {25, 1009, -1, Layout::kString, "text", "text"},
    {26, 1028, 4, Layout::kInt32, "oid", "oid"},
    {27, 1010, 6, Layout::kInt64, "tid", "tid"},
    {28, 1011, 4, Layout::kInt32, "xid", "xid"},
    {29, 1012, 4, Layout::kInt32, "cid", "cid"},
    {30, 1013, -1, Layout::kString, "oidvector", "oidvector"},
    {32, 0, 8, Layout::kString, "pg_ddl_command", "pg_ddl_command"},
    {114, 199, -1, Layout::kString, "json", "json"},
    {142, 143, -1, Layout::kString, "xml", "xml"},
    {194, 0, -1, Layout::kString, "pg_node_tree", "pg_node_tree"},
    {269, 0, 4, Layout::kString, "table_am_handler", "table_am_handler"},
    {325, 0, 4, Layout::kString, "index_am_handler", "index_am_handler"},
    {600, 1017, 16, Layout::kString, "point", "point"},
    {601, 1018, 32, Layout::kString, "lseg", "lseg"},
    {602, 1019, -1, Layout::kString, "path", "path"},
    {603, 1020, 32, Layout::kString, "box", "box"},
    {604, 1027, -1, Layout::kString, "polygon", "polygon"},
    {628, 629, 24, Layout::kString, "line", "line"},
    {650, 651, -1, Layout::kString, "cidr", "cidr"},
    {700, 1021, 4, Layout::kFloat32, "float4", "real"},
    {701, 1022, 8, Layout::kFloat64, "float8", "double precision"},
    {705, 0, -2, Layout::kString, "unknown", "unknown"},
    {718, 719, 24, Layout::kString, "circle", "circle"},
    {774, 775, 8, Layout::kString, "macaddr8", "macaddr8"},
    {790, 791, 8, Layout::kInt64, "money", "money"},
    {829, 1040, 6, Layout::kString, "macaddr", "macaddr"},
    {869, 1041, -1, Layout::kString, "inet", "inet"},
    {1033, 1034, 12, Layout::kString, "aclitem", "aclitem"},
    {1042, 1014, -1, Layout::kString, "bpchar", "character"},
    {1043, 1015, -1, Layout::kString, "varchar", "character varying"},
    {1082, 1182, 4, Layout::kInt32, "date", "date"},
    {1083, 1183, 8, Layout::kInt64, "time", "time without time zone"},
    {1114, 1115, 8, Layout::kInt64, "timestamp", "timestamp without time zone"},
    {1184, 1185, 8, Layout::kInt64, "timestamptz", "timestamp with time zone"},
    {1186, 1187, 16, Layout::kInterval, "interval", "interval"},
    {1266, 1270, 12, Layout::kTimeTz, "timetz", "time with time zone"},
    {1560, 1561, -1, Layout::kString, "bit", "bit"},
    {1562, 1563, -1, Layout::kString, "varbit", "bit varying"},
    {1700, 1231, -1, Layout::kNumeric, "numeric", "numeric"},
    {1790, 2201, -1, Layout::kString, "refcursor", "refcursor"},
    {2202, 2207, 4, Layout::kInt32, "regprocedure", "regprocedure"},
    {2203, 2208, 4, Layout::kInt32, "regoper", "regoper"},
    {2204, 2209, 4, Layout::kInt32, "regoperator", "regoperator"},
    {2205, 2210, 4, Layout::kInt32, "regclass", "regclass"},
    {2206, 2211, 4, Layout::kInt32, "regtype", "regtype"},
    {2249, 2287, -1, Layout::kString, "record", "record"},
    {2275, 1263, -2, Layout::kString, "cstring", "cstring"},
    {2276, 0, 4, Layout::kString, "any", "\"any\""},
    {2277, 0, -1, Layout::kString, "anyarray", "anyarray"},
    {2278, 0, 4, Layout::kString, "void", "void"},
    {2279, 0, 4, Layout::kString, "trigger", "trigger"},
    {2280, 0, 4, Layout::kString, "language_handler", "language_handler"},
    {2281, 0, 8, Layout::kString, "internal", "internal"},
    {2283, 0, 4, Layout::kString, "anyelement", "anyelement"},
    {2776, 0, 4, Layout::kString, "anynonarray", "anynonarray"},
    {2950, 2951, 16, Layout::kUuid, "uuid", "uuid"},
    {2970, 2949, -1, Layout::kString, "txid_snapshot", "txid_snapshot"},
    {3115, 0, 4, Layout::kString, "fdw_handler", "fdw_handler"},
    {3220, 3221, 8, Layout::kInt64, "pg_lsn", "pg_lsn"},
    {3310, 0, 4, Layout::kString, "tsm_handler", "tsm_handler"},
    {3361, 0, -1, Layout::kString, "pg_ndistinct", "pg_ndistinct"},
    {3402, 0, -1, Layout::kString, "pg_dependencies", "pg_dependencies"},
    {3500, 0, 4, Layout::kString, "anyenum", "anyenum"},
    {3614, 3643, -1, Layout::kString, "tsvector", "tsvector"},
    {3615, 3645, -1, Layout::kString, "tsquery", "tsquery"},
    {3642, 3644, -1, Layout::kString, "gtsvector", "gtsvector"},
    {3734, 3735, 4, Layout::kInt32, "regconfig", "regconfig"},
    {3769, 3770, 4, Layout::kInt32, "regdictionary", "regdictionary"},
    {3802, 3807, -1, Layout::kString, "jsonb", "jsonb"},
    {3831, 0, -1, Layout::kString, "anyrange", "anyrange"},
    {3838, 0, 4, Layout::kString, "event_trigger", "event_trigger"},
    {4072, 4073, -1, Layout::kString, "jsonpath", "jsonpath"},
    {4089, 4090, 4, Layout::kInt32, "regnamespace", "regnamespace"},
    {4096, 4097, 4, Layout::kInt32, "regrole", "regrole"},
    {4191, 4192, 4, Layout::kInt32, "regcollation", "regcollation"},
    {4537, 0, -1, Layout::kString, "anymultirange", "anymultirange"},
    {4538, 0, -1, Layout::kString, "anycompatiblemultirange", "anycompatiblemultirange"},
    {4600, 0, -1, Layout::kString, "pg_brin_bloom_summary", "pg_brin_bloom_summary"},
    {4601, 0, -1, Layout::kString, "pg_brin_minmax_multi_summary", "pg_brin_minmax_multi_summary"},
    {5017, 0, -1, Layout::kString, "pg_mcv_list", "pg_mcv_list"},
    {5038, 5039, -1, Layout::kString, "pg_snapshot", "pg_snapshot"},
    {5069, 271, 8, Layout::kInt64, "xid8", "xid8"},
    {5077, 0, 4, Layout::kString, "anycompatible", "anycompatible"},
    {5078, 0, -1, Layout::kString, "anycompatiblearray", "anycompatiblearray"},
    {5079, 0, 4, Layout::kString, "anycompatiblenonarray", "anycompatiblenonarray"},
    {5080, 0, -1, Layout::kString, "anycompatiblerange", "anycompatiblerange"},
};
// clang-format on

// From here on only the catalog (FormatContext's hooks) can describe types: row types of system views,
// information_schema's domains, users' types.
inline constexpr Oid kFirstDescribedOid = 12000;

// The row of a type, or of the element of an array type; null when this room does not know it.
const TypeInfo* FindTypeInfo(Oid type);
const TypeInfo* FindElementInfo(Oid array);

}  // namespace phantom::types
