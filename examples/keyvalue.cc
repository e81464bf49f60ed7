// The embedded key-value database: a small program that uses all of it. docs/KEYVALUE.md explains.
//
//   keyvalue DIRECTORY
#include <cstdio>
#include <string>

#include "kv/database.h"

using phantom::Result;
using phantom::Status;
namespace kv = phantom::kv;

static Status Run(const std::string& directory) {
  ASSIGN_OR_RETURN(std::unique_ptr<kv::Database> db, kv::Database::Open(directory));

  // A write is on disk when the call returns, unless it says that it need not be.
  RETURN_IF_ERROR(db->Put("user:17", "Ada"));
  for (int i = 18; i < 30; ++i) RETURN_IF_ERROR(db->Put("user:" + std::to_string(i), "somebody", {.sync = false}));
  RETURN_IF_ERROR(db->Sync());

  std::string value;
  ASSIGN_OR_RETURN(bool found, db->Get("user:17", &value));
  std::printf("user:17 is %s\n", found ? value.c_str() : "nobody");

  // Both or neither.
  kv::Batch batch;
  batch.Delete("user:18");
  batch.Put("user:19", "Grace");
  RETURN_IF_ERROR(db->Write(batch));

  // What a snapshot sees stays as it was.
  const kv::Snapshot before = db->TakeSnapshot();
  RETURN_IF_ERROR(db->Put("user:17", "Augusta"));
  ASSIGN_OR_RETURN(found, db->Get(before, "user:17", &value));
  std::printf("user:17 was %s\n", value.c_str());

  // Reads and writes with nobody in between.
  for (int i = 0; i < 3; ++i) {
    RETURN_IF_ERROR(db->Update("visits", [](std::optional<std::string_view> present, std::string* to) {
      *to = std::to_string((present ? std::stoi(std::string(*present)) : 0) + 1);
      return kv::Change::kPut;
    }));
  }
  ASSIGN_OR_RETURN(found, db->Get("visits", &value));
  std::printf("visits: %s\n", value.c_str());

  // The last three users, backwards.
  ASSIGN_OR_RETURN(const uint64_t count, db->Scan({.lower = "user:", .upper = "user;"}, {.limit = 3, .reverse = true},
                                                  [](std::string_view key, std::string_view name) {
                                                    std::printf("%.*s is %.*s\n", static_cast<int>(key.size()),
                                                                key.data(), static_cast<int>(name.size()), name.data());
                                                    return true;
                                                  }));
  std::printf("%llu users shown\n", static_cast<unsigned long long>(count));

  // The same by hand.
  {
    kv::Cursor cursor = db->NewCursor(&before);
    RETURN_IF_ERROR(cursor.Seek("user:18"));
    if (cursor.Valid()) std::printf("the first from user:18 on: %s\n", std::string(cursor.key()).c_str());
  }
  return Status::Ok();
}

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: keyvalue DIRECTORY\n");
    return 2;
  }
  if (const Status status = Run(argv[1]); !status.ok()) {
    std::fprintf(stderr, "keyvalue: %s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
}
