#include "catalog/builtin_comments.h"

#include <map>

#include "catalog/builtin/data.h"
#include "catalog/oids.h"

namespace phantom::catalog {
namespace {

struct Comments {
  Comments() {
    for (TsvReader in(BuiltinRows(oid::kPgDescription), arena); !in.at_end();) {
      ObjectAddress object{.oid = in.Oid()};
      object.catalog = in.Oid();
      object.column = static_cast<int32_t>(in.Int());
      texts[object] = in.Text();
    }
    for (TsvReader in(BuiltinRows(oid::kPgShdescription), arena); !in.at_end();) {
      ObjectAddress object{.oid = in.Oid()};
      object.catalog = in.Oid();
      texts[object] = in.Text();
    }
  }

  Arena arena;
  std::map<ObjectAddress, std::string_view> texts;
};

}  // namespace

std::string_view BuiltinComment(const ObjectAddress& object) {
  static const Comments comments;
  const auto found = comments.texts.find(object);
  return found == comments.texts.end() ? std::string_view() : found->second;
}

}  // namespace phantom::catalog
