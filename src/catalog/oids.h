// catalog/oids.h
//
// OIDs of PostgreSQL 15 that code names: system tables, schemas, roles, languages. Types' OIDs are in types/type.h.
#pragma once
#include "common/ids.h"

namespace phantom::catalog {

// OIDs below are built-in objects; user objects start here.
inline constexpr Oid kFirstUserOid = 16384;

namespace oid {

// System tables (pg_class.oid).
inline constexpr Oid kPgAggregate = 2600;
inline constexpr Oid kPgAm = 2601;
inline constexpr Oid kPgAmop = 2602;
inline constexpr Oid kPgAmproc = 2603;
inline constexpr Oid kPgAttrdef = 2604;
inline constexpr Oid kPgAttribute = 1249;
inline constexpr Oid kPgAuthid = 1260;
inline constexpr Oid kPgAuthMembers = 1261;
inline constexpr Oid kPgCast = 2605;
inline constexpr Oid kPgClass = 1259;
inline constexpr Oid kPgCollation = 3456;
inline constexpr Oid kPgConstraint = 2606;
inline constexpr Oid kPgConversion = 2607;
inline constexpr Oid kPgDatabase = 1262;
inline constexpr Oid kPgDbRoleSetting = 2964;
inline constexpr Oid kPgDefaultAcl = 826;
inline constexpr Oid kPgDepend = 2608;
inline constexpr Oid kPgDescription = 2609;
inline constexpr Oid kPgEnum = 3501;
inline constexpr Oid kPgIndex = 2610;
inline constexpr Oid kPgInherits = 2611;
inline constexpr Oid kPgLanguage = 2612;
inline constexpr Oid kPgNamespace = 2615;
inline constexpr Oid kPgOpclass = 2616;
inline constexpr Oid kPgOperator = 2617;
inline constexpr Oid kPgOpfamily = 2753;
inline constexpr Oid kPgProc = 1255;
inline constexpr Oid kPgRange = 3541;
inline constexpr Oid kPgRewrite = 2618;
inline constexpr Oid kPgSequence = 2224;
inline constexpr Oid kPgShdepend = 1214;
inline constexpr Oid kPgShdescription = 2396;
inline constexpr Oid kPgStatistic = 2619;
inline constexpr Oid kPgTablespace = 1213;
inline constexpr Oid kPgTrigger = 2620;
inline constexpr Oid kPgType = 1247;

// Schemas.
inline constexpr Oid kSchemaPgCatalog = 11;
inline constexpr Oid kSchemaPgToast = 99;
inline constexpr Oid kSchemaPublic = 2200;
inline constexpr Oid kSchemaInformationSchema = 13207;

// Roles, databases, tablespaces, access methods, languages, collations.
inline constexpr Oid kRolePublic = 0;
inline constexpr Oid kRolePostgres = 10;
inline constexpr Oid kRolePgDatabaseOwner = 6171;
inline constexpr Oid kDatabaseTemplate1 = 1;
inline constexpr Oid kDatabaseTemplate0 = 4;
inline constexpr Oid kDatabasePostgres = 5;
inline constexpr Oid kTablespaceDefault = 1663;
inline constexpr Oid kTablespaceGlobal = 1664;
inline constexpr Oid kAmHeap = 2;
inline constexpr Oid kAmBtree = 403;
inline constexpr Oid kAmHash = 405;
inline constexpr Oid kLanguageInternal = 12;
inline constexpr Oid kLanguageC = 13;
inline constexpr Oid kLanguageSql = 14;
inline constexpr Oid kCollationDefault = 100;
inline constexpr Oid kCollationC = 950;
inline constexpr Oid kCollationPosix = 951;

}  // namespace oid
}  // namespace phantom::catalog
