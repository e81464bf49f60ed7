#include "btree/node.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

#include "common/status.h"

using namespace phantom;
using namespace phantom::btree;

struct Page {
  alignas(64) std::byte bytes[kPageBytes] = {};
};

static std::string Hex(const std::byte* from, size_t size) {
  std::string hex;
  for (size_t i = 0; i < size; ++i) hex += Format("%02x", static_cast<unsigned>(from[i]));
  return hex;
}

TEST_CASE("a node's bytes are as documented") {
  Page page;
  const Bytes high = AsBytes("prefix-z");
  node::Init(page.bytes, PageId(SpaceId(2), 3), TreeId(0x4001), TreeKind::kKeyed, 0, AsBytes("prefix-a"), &high);
  REQUIRE(node::Put(page.bytes, AsBytes("prefix-key"), AsBytes("value")));
  REQUIRE(node::Put(page.bytes, AsBytes("prefix-b"), AsBytes("other")));
  REQUIRE(node::Put(page.bytes, AsBytes("prefix-b"), AsBytes("oth")));
  HeaderOf(page.bytes).lsn = 0x1122334455667788;
  node::SetChecksum(page.bytes);
  REQUIRE(node::ChecksumIsRight(page.bytes));
  REQUIRE(node::Verify(page.bytes) == nullptr);
  REQUIRE(Hex(page.bytes, kSlotsOffset + 2 * sizeof(Slot)) ==
          "6d93c3add262f5870300000002000000887766554433221101400000010002000200de1f02000700f81f0800f01f0800"
          "01000000000000000000000000000000de1f010000000062e61f03000079656b");
  REQUIRE(Hex(page.bytes + HeaderOf(page.bytes).heap, kPageBytes - HeaderOf(page.bytes).heap) ==
          "0300626f7468657205006b657976616c75657072656669782d7a7072656669782d61");
}

TEST_CASE("a node keeps its keys through replacing, removing, compacting and splitting") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    Page page;
    const Bytes high = AsBytes("common~");
    node::Init(page.bytes, PageId(SpaceId(1), 5), TreeId(9), TreeKind::kKeyed, 0, AsBytes("common"), &high);
    REQUIRE(node::Prefix(page.bytes).size() == 6);
    std::map<std::string, std::string> model;
    for (int i = 0; i < 300; ++i) {
      const std::string key = "common" + std::string(random() % 3, 'm') + std::to_string(random() % 60);
      const std::string value(random() % 200, static_cast<char>('a' + i % 26));
      bool equal;
      const uint32_t position = node::LowerBound(page.bytes, AsBytes(key), &equal);
      REQUIRE(equal == model.contains(key));
      if (random() % 4 == 0 && equal) {
        node::Remove(page.bytes, position);
        model.erase(key);
      } else if (node::Put(page.bytes, AsBytes(key), AsBytes(value))) {
        model[key] = value;
      }
      const char* fault = node::Verify(page.bytes);
      INFO((fault ? fault : ""));
      REQUIRE(fault == nullptr);
    }
    if (round % 2 == 0) {
      const std::string separator = std::next(model.begin(), static_cast<int>(model.size() / 2))->first;
      node::SplitLeft(page.bytes, AsBytes(separator));
      model.erase(model.lower_bound(separator), model.end());
      REQUIRE(node::Verify(page.bytes) == nullptr);
    } else {
      node::Compact(page.bytes);
      REQUIRE(node::Verify(page.bytes) == nullptr);
    }
    REQUIRE(node::Count(page.bytes) == model.size());
    uint32_t position = 0;
    for (const auto& [key, value] : model) {
      std::byte copied[kKeyBytesMax];
      REQUIRE(AsText({copied, node::CopyKey(page.bytes, position, copied)}) == key);
      REQUIRE(AsText(node::Value(page.bytes, position)) == value);
      ++position;
    }
  }
}

TEST_CASE("reading a page of random bytes stays inside it") {
  std::mt19937_64 random(4);
  for (int round = 0; round < 2000; ++round) {
    Page page;
    for (size_t i = 0; i < kPageBytes; i += 8) StoreLE(page.bytes + i, random());
    bool equal;
    const std::string key(random() % 40, static_cast<char>(random()));
    (void)node::LowerBound(page.bytes, AsBytes(key), &equal);
    (void)node::Child(page.bytes, node::ChildPosition(page.bytes, AsBytes(key)));
    (void)node::Covers(page.bytes, AsBytes(key));
    (void)node::Verify(page.bytes);
  }
}

TEST_CASE("keys compare as byte strings") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20000; ++round) {
    auto key = [&] {
      std::string text(random() % 14, 'a');
      for (char& c : text) c = static_cast<char>(random() % 3 * 127);
      return text;
    };
    const std::string a = key();
    const std::string b = key();
    const int order = CompareKeys(AsBytes(a), AsBytes(b));
    const int expected = a.compare(b);
    REQUIRE((order < 0) == (expected < 0));
    REQUIRE((order == 0) == (expected == 0));
    const size_t common = std::min(a.size(), b.size());
    size_t prefix = 0;
    while (prefix < common && a[prefix] == b[prefix]) ++prefix;
    REQUIRE(CommonPrefix(AsBytes(a).data(), AsBytes(b).data(), common) == prefix);
    size_t suffix = 0;
    while (suffix < common && a[a.size() - 1 - suffix] == b[b.size() - 1 - suffix]) ++suffix;
    REQUIRE(CommonSuffix(AsBytes(a).data() + a.size(), AsBytes(b).data() + b.size(), common) == suffix);
  }
}
