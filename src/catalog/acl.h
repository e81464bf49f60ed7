// catalog/acl.h
//
// Privileges: bits, and lists of grants (aclitem[]). PostgreSQL 15, chapter 5.7.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"

namespace phantom::catalog {

using AclMode = uint32_t;

namespace acl {
inline constexpr AclMode kInsert = 1 << 0;
inline constexpr AclMode kSelect = 1 << 1;
inline constexpr AclMode kUpdate = 1 << 2;
inline constexpr AclMode kDelete = 1 << 3;
inline constexpr AclMode kTruncate = 1 << 4;
inline constexpr AclMode kReferences = 1 << 5;
inline constexpr AclMode kTrigger = 1 << 6;
inline constexpr AclMode kExecute = 1 << 7;
inline constexpr AclMode kUsage = 1 << 8;
inline constexpr AclMode kCreate = 1 << 9;
inline constexpr AclMode kTemporary = 1 << 10;
inline constexpr AclMode kConnect = 1 << 11;
inline constexpr AclMode kSet = 1 << 12;
inline constexpr AclMode kAlterSystem = 1 << 13;

inline constexpr AclMode kAllTable = kInsert | kSelect | kUpdate | kDelete | kTruncate | kReferences | kTrigger;
inline constexpr AclMode kAllColumn = kInsert | kSelect | kUpdate | kReferences;
inline constexpr AclMode kAllSequence = kUsage | kSelect | kUpdate;
inline constexpr AclMode kAllDatabase = kCreate | kTemporary | kConnect;
inline constexpr AclMode kAllSchema = kUsage | kCreate;
}  // namespace acl

// One aclitem: what `grantor` gave `grantee` (0: PUBLIC), and which of it may be passed on.
struct AclItem {
  Oid grantee = 0;
  Oid grantor = 0;
  AclMode privileges = 0;
  AclMode grant_options = 0;
};

using Acl = std::vector<AclItem>;

// The stored form of a list, an aclitem[] whose roles are numbers ("{#16384=arw/#10,=r/#10}"), to a list and back.
// Reading takes names too (built-in rows), which `role_oid` turns into OIDs (0: unknown, the item is dropped).
Acl ParseAcl(std::string_view text, const std::function<Oid(std::string_view)>& role_oid);
std::string StoreAcl(const Acl& acl);
// The array as clients see it, with roles' names (OIDs of roles that are gone stay numbers).
std::string ShowAcl(std::string_view stored, const std::function<std::string(Oid)>& role_name);

// What holds when an object's list is NULL: the owner has everything; PUBLIC has TEMP and CONNECT on databases.
Acl DefaultAcl(Oid catalog, char relation_kind, Oid owner);
// Every privilege there is for a kind of object.
AclMode AllPrivileges(Oid catalog, char relation_kind);

// The letters of a privilege set in aclitem's order ("arwdDxt..."), a '*' after each that may be granted on.
std::string AclLetters(AclMode privileges, AclMode grant_options);
// "INSERT" -> kInsert; 0 for an unknown word. Case as parsed (any).
AclMode AclModeFromName(std::string_view name);
// "SELECT"
std::string_view AclModeName(AclMode single);

}  // namespace phantom::catalog
