// Golden bytes of the tree's log records: docs/formats/wal.md.
#include "btree/change.h"
#include "btree/fixture.h"
#include "btree/node.h"
#include "btree/pages_record.h"

using namespace phantom;
using namespace phantom::btree;

static std::string Hex(Bytes bytes) {
  std::string hex;
  for (std::byte b : bytes) hex += Format("%02x", static_cast<unsigned>(b));
  return hex;
}

TEST_CASE("a change's record is as documented") {
  Fixture fixture(64 * kPageBytes);
  Tree tree = fixture.NewTree(TreeKind::kRowId);
  wal::Record record;
  auto put = [&](std::string_view value) {
    const Lsn lsn = tree.Modify(RowKey(RowId(0x0102)),
                                [&](std::optional<Bytes>, Edit& edit) {
                                  edit.op = Edit::Op::kPut;
                                  edit.head = AsBytes(std::string_view("stampme!"));
                                  edit.body = AsBytes(value);
                                  edit.stamp = true;
                                  edit.txn = TxnId(7);
                                  edit.link = Lsn(0x90);
                                  return Status::Ok();
                                })
                        .value();
    REQUIRE(fixture.log->ReadRecord(lsn, &record).ok());
  };
  put("abcdef");
  REQUIRE(record.flags() == (kHasAfter | kStampLsn));
  REQUIRE(Hex(record.payload()) ==
          "0100000001000000900000000000000065000000080000000e0000000000000000000000000001020000000000000000"
          "616263646566");
  put("abXef");
  REQUIRE(record.flags() == (kHasBefore | kHasAfter | kStampLsn));
  REQUIRE(Hex(record.payload()) ==
          "010000000100000090000000000000006500000008000e000d000a00020000000000000000000102c000000000000000"
          "61626364656658");
}

TEST_CASE("a record of pages is as documented") {
  Fixture fixture(64 * kPageBytes);
  PagesRecord pages;
  pages.SplitLeft(PageId(SpaceId(1), 2), AsBytes("sep"));
  pages.Put(PageId(SpaceId(1), 3), AsBytes("sep"), AsBytes("four"));
  pages.Remove(PageId(SpaceId(1), 3), AsBytes("gone"));
  pages.Free(PageId(SpaceId(1), 4));
  std::vector<std::byte> entries;
  PagesRecord::AddEntry(&entries, AsBytes("a"), AsBytes("bc"));
  PagesRecord::AddEntry(&entries, AsBytes("d"), {});
  pages.PutAll(PageId(SpaceId(1), 5), entries);
  wal::Record record;
  REQUIRE(fixture.log->ReadRecord(pages.Append(*fixture.log, TreeId(9)), &record).ok());
  REQUIRE(Hex(record.payload()) ==
          "090000000000000002000000010000000200000003000000736570030000000100000003000000090000000300736570"
          "666f757203000000010000000400000004000000676f6e6504000000010000000500000000000000"
          "0500000001000000060000000c000000010002006162630100000064");
  std::vector<ParsedPageAction> actions;
  REQUIRE(ParsePages(record, &actions).ok());
  REQUIRE(actions.size() == 5);
  REQUIRE(AsText(actions[2].data) == "gone");

  alignas(8) std::byte page[kPageBytes];
  node::Init(page, PageId(SpaceId(1), 5), TreeId(9), TreeKind::kKeyed, 0, {}, nullptr);
  REQUIRE(ApplyToPage(actions[4], page).ok());
  REQUIRE(node::Count(page) == 2);
  REQUIRE(AsText(node::Value(page, 0)) == "bc");
  // Cut short.
  for (const size_t bytes : {2u, 4u, 6u, 8u, 11u}) {
    ParsedPageAction cut = actions[4];
    cut.data = cut.data.first(bytes);
    REQUIRE(ApplyToPage(cut, page).sqlstate() == sqlstate::kDataCorrupted);
  }
}
