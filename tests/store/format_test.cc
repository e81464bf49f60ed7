// Golden bytes of the control file and the page map: docs/formats/control.md, page_map.md.
#include <array>
#include <catch2/catch.hpp>

#include "io/sim_env.h"
#include "store/control_file.h"
#include "store/store.h"

using namespace phantom;

static std::string Hex(io::Env& env, const std::string& path, uint64_t offset, size_t size) {
  auto file = std::move(env.Open(path, io::OpenMode::kExisting)).value();
  std::vector<std::byte> bytes(size);
  REQUIRE(file->Read(offset, bytes).ok());
  std::string hex;
  for (std::byte b : bytes) hex += Format("%02x", static_cast<unsigned>(b));
  return hex;
}

TEST_CASE("the control file and the page map are as documented") {
  io::SimEnv env(42);
  store::StoreOptions options;
  options.buffer_pool_bytes = 1 << 20;
  options.log = {.file_bytes = 256 << 10, .ring_bytes = 128 << 10};
  options.checkpoint_thread = false;
  auto opened = store::Store::Open(env, "db", options);
  REQUIRE(opened.ok());
  REQUIRE((*opened)->Close().ok());
  REQUIRE(Hex(env, "db/control", 0, sizeof(store::ControlData)) ==
          "50484e544d43544c010000000100000002000000000000003001000000000000300100000000000004000000f9b890ac"
          "00000400000000000020000000400000010000000000000000401e18240a060063b281385e96737a74e5f8908fafafcc"
          "000000000000000000000000000000000000000000000000f096ddf3e06a9a86");
  store::ControlData control;
  auto file = std::move(env.Open("db/control", io::OpenMode::kExisting)).value();
  REQUIRE(file->Read(0, {reinterpret_cast<std::byte*>(&control), sizeof(control)}).ok());
  const uint64_t meta = (control.meta & UINT32_MAX) * 8192;
  REQUIRE(Hex(env, "db/pages", meta, 96) ==
          "f9b890ac11496e2000000000000000000000000000000000180000000300000001000000000000000000000000000000"
          "000000000000000000000000000000000000000001000000400000000000000002000000508883250000000000000000");
  const std::string place = Hex(env, "db/pages", meta + 64 + 16, 4);
  const uint64_t map_slot = std::stoul(place.substr(0, 2), nullptr, 16);
  REQUIRE(Hex(env, "db/pages", map_slot * 8192, 88) ==
          "508883257717c5f100000000000000000000000000000000000000000200000001000000000000000000000000000000"
          "0000000000000000000000000000000000000000000000000100000016bfb1640000000000000000");
}
