#include "catalog/acl.h"

#include <charconv>
#include <utility>

#include "catalog/oids.h"
#include "catalog/row.h"
#include "catalog/stored_sql.h"

namespace phantom::catalog {
namespace {

struct Privilege {
  AclMode mode;
  char letter;
  std::string_view name;
};

constexpr Privilege kPrivileges[] = {
    {acl::kInsert, 'a', "INSERT"},         {acl::kSelect, 'r', "SELECT"},       {acl::kUpdate, 'w', "UPDATE"},
    {acl::kDelete, 'd', "DELETE"},         {acl::kTruncate, 'D', "TRUNCATE"},   {acl::kReferences, 'x', "REFERENCES"},
    {acl::kTrigger, 't', "TRIGGER"},       {acl::kExecute, 'X', "EXECUTE"},     {acl::kUsage, 'U', "USAGE"},
    {acl::kCreate, 'C', "CREATE"},         {acl::kTemporary, 'T', "TEMPORARY"}, {acl::kConnect, 'c', "CONNECT"},
    {acl::kSet, 's', "SET"},               {acl::kAlterSystem, 'A', "ALTER SYSTEM"},
};

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool SameWord(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (Upper(a[i]) != Upper(b[i])) return false;
  }
  return true;
}

// Takes a role ("#10", "postgres", "\"odd name\"" or nothing for PUBLIC) from the front.
std::string_view TakeRole(std::string_view& text, std::string& unquoted) {
  unquoted.clear();
  if (!text.empty() && text[0] == '"') {
    size_t i = 1;
    for (; i < text.size(); ++i) {
      if (text[i] == '"') {
        if (i + 1 >= text.size() || text[i + 1] != '"') break;
        ++i;
      }
      unquoted += text[i];
    }
    text.remove_prefix(i + 1 > text.size() ? text.size() : i + 1);
    return unquoted;
  }
  size_t end = text.find_first_of("=/");
  std::string_view role = text.substr(0, end);
  text.remove_prefix(role.size());
  return role;
}

Oid RoleOid(std::string_view role, const std::function<Oid(std::string_view)>& role_oid) {
  if (role.empty()) return 0;
  if (role[0] != '#') return role_oid(role);
  Oid oid = 0;
  std::from_chars(role.data() + 1, role.data() + role.size(), oid);
  return oid;
}

}  // namespace

Acl ParseAcl(std::string_view text, const std::function<Oid(std::string_view)>& role_oid) {
  Acl acl;
  std::string unquoted;
  for (const std::string& element : SplitArrayText(text)) {
    std::string_view rest = element;
    AclItem item;
    std::string_view grantee = TakeRole(rest, unquoted);
    bool is_public = grantee.empty();
    item.grantee = RoleOid(grantee, role_oid);
    if (!is_public && item.grantee == 0) continue;
    if (!rest.empty()) rest.remove_prefix(1);
    while (!rest.empty() && rest[0] != '/') {
      AclMode mode = 0;
      for (const Privilege& privilege : kPrivileges) {
        if (privilege.letter == rest[0]) mode = privilege.mode;
      }
      rest.remove_prefix(1);
      item.privileges |= mode;
      if (!rest.empty() && rest[0] == '*') {
        item.grant_options |= mode;
        rest.remove_prefix(1);
      }
    }
    if (!rest.empty()) rest.remove_prefix(1);
    item.grantor = RoleOid(TakeRole(rest, unquoted), role_oid);
    acl.push_back(item);
  }
  return acl;
}

std::string StoreAcl(const Acl& acl) {
  std::string text = "{";
  for (const AclItem& item : acl) {
    if (text.size() > 1) text += ',';
    if (item.grantee != 0) text += '#' + std::to_string(item.grantee);
    text += '=' + AclLetters(item.privileges, item.grant_options) + "/#" + std::to_string(item.grantor);
  }
  return text + '}';
}

std::string ShowAcl(std::string_view stored, const std::function<std::string(Oid)>& role_name) {
  if (stored.find('#') == std::string_view::npos) return std::string(stored);
  std::vector<std::string> elements;
  auto name_of = [&](Oid role) {
    std::string name = role_name(role);
    return name.empty() ? std::to_string(role) : QuotedIfNeeded(name);
  };
  for (const AclItem& item : ParseAcl(stored, [](std::string_view) { return Oid{0}; })) {
    elements.push_back((item.grantee == 0 ? "" : name_of(item.grantee)) + '=' +
                       AclLetters(item.privileges, item.grant_options) + '/' + name_of(item.grantor));
  }
  return JoinArrayText(elements);
}

AclMode AllPrivileges(Oid catalog, char relation_kind) {
  switch (catalog) {
    case oid::kPgClass: return relation_kind == 'S' ? acl::kAllSequence : acl::kAllTable;
    case oid::kPgNamespace: return acl::kAllSchema;
    case oid::kPgDatabase: return acl::kAllDatabase;
    case oid::kPgProc: return acl::kExecute;
    case oid::kPgTablespace: return acl::kCreate;
    default: return acl::kUsage;  // types, languages
  }
}

Acl DefaultAcl(Oid catalog, char relation_kind, Oid owner) {
  Acl acl;
  AclMode everybody = 0;
  if (catalog == oid::kPgDatabase) everybody = acl::kTemporary | acl::kConnect;
  if (catalog == oid::kPgProc) everybody = acl::kExecute;
  if (catalog == oid::kPgType || catalog == oid::kPgLanguage) everybody = acl::kUsage;
  if (everybody != 0) acl.push_back({0, owner, everybody, 0});
  acl.push_back({owner, owner, AllPrivileges(catalog, relation_kind), 0});
  return acl;
}

std::string AclLetters(AclMode privileges, AclMode grant_options) {
  std::string letters;
  for (const Privilege& privilege : kPrivileges) {
    if ((privileges & privilege.mode) == 0) continue;
    letters += privilege.letter;
    if ((grant_options & privilege.mode) != 0) letters += '*';
  }
  return letters;
}

AclMode AclModeFromName(std::string_view name) {
  if (SameWord(name, "TEMP")) return acl::kTemporary;
  for (const Privilege& privilege : kPrivileges) {
    if (SameWord(privilege.name, name)) return privilege.mode;
  }
  return 0;
}

std::string_view AclModeName(AclMode single) {
  for (const Privilege& privilege : kPrivileges) {
    if (privilege.mode == single) return privilege.name;
  }
  return {};
}

}  // namespace phantom::catalog
