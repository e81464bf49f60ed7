#include "btree/redo.h"

#include <map>
#include <random>

#include "btree/change.h"
#include "btree/cursor.h"
#include "btree/fixture.h"
#include "btree/node.h"
#include "btree/redo_team.h"
#include "wal/log_reader.h"

using namespace phantom;
using namespace phantom::btree;

namespace {

constexpr uint64_t kLogFileBytes = 4 << 20;

// Splits, merges and new roots as well as changes, in two trees.
void Work(Fixture& fixture, std::vector<Tree>& trees, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    Tree& tree = trees[random() % trees.size()];
    const std::string key = Format("key %06d", static_cast<int>(random() % 4000));
    if (i % 100 == 99) {
      const std::string value(200, 'f');
      std::vector<std::string> keys;
      for (int n = static_cast<int>(random() % 4000), k = 0; k < 50; ++k) keys.push_back(Format("key %06d", n + k));
      std::vector<Tree::Entry> entries;
      for (const std::string& filled : keys) entries.push_back({AsBytes(filled), AsBytes(value)});
      for (std::span<const Tree::Entry> left = entries; !left.empty();) left = left.subspan(tree.Fill(left).value());
      continue;
    }
    const bool shrinking = i / 5000 % 2 == 1;
    if (random() % 10 < (shrinking ? 1u : 8u)) {
      REQUIRE(Put(tree, AsBytes(key), std::string(random() % 300, static_cast<char>('a' + i % 26))).ok());
    } else {
      REQUIRE(Remove(tree, AsBytes(key)).ok());
    }
  }
  fixture.log->Flush(Lsn(fixture.log->appended().value - 1));
}

using Pages = std::map<uint64_t, std::string>;

// What of every page counts: its header without the checksum, and its entries.
Pages ContentOf(PageMap& map, BufferPool& pool) {
  Pages pages;
  for (PageId page : map.ListPages(SpaceId(1))) {
    Result<Frame*> frame = pool.Fetch(page);
    REQUIRE(frame.ok());
    REQUIRE(*frame != nullptr);
    (*frame)->latch.LockShared();
    const std::byte* data = (*frame)->data;
    REQUIRE(node::Verify(data) == nullptr);
    const PageHeader& header = HeaderOf(data);
    std::string& content = pages[page.value];
    content = Format("%llu %u %u ", static_cast<unsigned long long>(header.lsn), header.tree, header.level);
    content += AsText(node::LowFence(data));
    content += AsText(node::HighFence(data));
    for (uint32_t i = 0; i < node::Count(data); ++i) {
      std::byte key[kKeyBytesMax];
      content += AsText(Bytes(key, node::CopyKey(data, i, key)));
      content += AsText(node::Value(data, i));
    }
    (*frame)->latch.UnlockShared();
  }
  return pages;
}

// A second page file, to which the first one's log is replayed.
struct Replica {
  explicit Replica(Fixture& f, uint64_t pool_bytes) : fixture(f) {
    file = std::move(f.env.Open("d/replica", io::OpenMode::kCreate)).value();
    map = std::make_unique<PageMap>(*file);
    map->Create();
    REQUIRE(map->CreateSpace(SpaceId(1), Lsn(1)).value());
    pool = std::make_unique<BufferPool>(*map, pool_bytes);
  }

  // Records before `skipped` are not replayed.
  Status Replay(uint32_t threads, uint64_t skipped = 0) {
    RedoTeam team(*pool, threads);
    wal::LogReader reader(fixture.env, "wal", kLogFileBytes, Lsn(0), 1);
    for (uint64_t n = 0;; ++n) {
      ASSIGN_OR_RETURN(const std::optional<wal::RecordView> record, reader.Next());
      if (!record) break;
      if (n >= skipped) RETURN_IF_ERROR(team.Apply(*record));
    }
    REQUIRE(reader.position() == fixture.log->appended());
    return team.Finish();
  }

  Fixture& fixture;
  std::unique_ptr<io::File> file;
  std::unique_ptr<PageMap> map;
  std::unique_ptr<BufferPool> pool;
};

}  // namespace

TEST_CASE("replaying gives the same pages with any number of threads, in memory or not, and also twice") {
  Fixture fixture(1024 * kPageBytes);
  std::vector<Tree> trees;
  for (int i = 0; i < 2; ++i) trees.push_back(fixture.NewTree(TreeKind::kKeyed));
  Work(fixture, trees, 1);
  const Pages expected = ContentOf(*fixture.map, *fixture.pool);
  REQUIRE(expected.size() > 100);
  for (const uint64_t frames : {64, 1024}) {
    for (const uint32_t threads : {1, 2, 7}) {
      INFO(frames << " frames, " << threads << " threads");
      Replica replica(fixture, frames * kPageBytes);
      REQUIRE(replica.Replay(threads).ok());
      REQUIRE(ContentOf(*replica.map, *replica.pool) == expected);
      REQUIRE(replica.Replay(threads).ok());
      REQUIRE(ContentOf(*replica.map, *replica.pool) == expected);
    }
  }
}

TEST_CASE("a changed page that is missing to the end is an error, one that was freed is not") {
  Fixture fixture(1024 * kPageBytes);
  std::vector<Tree> trees{fixture.NewTree(TreeKind::kKeyed)};
  Replica replica(fixture, 1024 * kPageBytes);
  SECTION("the root was never made") {
    REQUIRE(Put(trees[0], AsBytes("key"), "value").ok());
    fixture.log->Flush(Lsn(fixture.log->appended().value - 1));
    REQUIRE(replica.Replay(3, 1).sqlstate() == sqlstate::kDataCorrupted);
  }
  SECTION("all was freed") {
    Work(fixture, trees, 2);
    REQUIRE(trees[0].FreePages().ok());
    fixture.log->Flush(Lsn(fixture.log->appended().value - 1));
    const Status replayed = replica.Replay(3, 1);
    INFO(replayed.ToString());
    REQUIRE(replayed.ok());
    REQUIRE(replica.map->ListPages(SpaceId(1)).empty());
  }
}

TEST_CASE("a record that does not fit its page stops the replay") {
  Fixture fixture(1024 * kPageBytes);
  std::vector<Tree> trees{fixture.NewTree(TreeKind::kKeyed)};
  Work(fixture, trees, 3);
  // Of a key that the root's page does not have.
  ChangePayload payload{};
  payload.page = trees[0].root().value;
  payload.tree = trees[0].id().value + 1;
  const wal::RecordInfo info{.type = wal::RecordType::kChange, .flags = kHasBefore};
  const Lsn lsn = fixture.log->Append(info, {{reinterpret_cast<const std::byte*>(&payload), sizeof(payload)}});
  REQUIRE(lsn);
  Work(fixture, trees, 4);
  Replica replica(fixture, 1024 * kPageBytes);
  REQUIRE(replica.Replay(3).sqlstate() == sqlstate::kDataCorrupted);
}
