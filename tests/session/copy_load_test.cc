// A COPY so long that it is parsed by a thread of its own and loaded into segments.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "instance_fixture.h"

namespace phantom::session {
namespace {

class CopyFixture : public InstanceFixture {
 public:
  static constexpr int kLines = 60000;

  CopyFixture() : file_(std::filesystem::temp_directory_path() / ("copy_load_" + std::to_string(::getpid()) + ".csv")) {}
  ~CopyFixture() { std::filesystem::remove(file_); }

  // Writes the lines, one of them replaced, and copies them; gives the error with its context.
  std::string Copy(int replaced, const std::string& line) {
    {
      std::ofstream out(file_);
      for (int i = 1; i <= kLines; ++i) out << (i == replaced ? line : Line(i)) << '\n';
    }
    return Run("COPY t FROM '" + file_.string() + "' (FORMAT csv)");
  }

 private:
  static std::string Line(int i) {
    const std::string number = std::to_string(i);
    switch (i % 3) {
      case 0:
        return number + ",\"a \"\"quoted\"\" text, " + number + "\"," + number + ".25";
      case 1:
        return number + ",text " + number + ",";
      default:
        return number + ",\"" + number + "\",-" + number;
    }
  }

  const std::filesystem::path file_;
};

}  // namespace

TEST_CASE("a long COPY brings every row, and an error says which line it is in") {
  CopyFixture f;
  REQUIRE(f.Run("CREATE TABLE t (a int PRIMARY KEY, b text CHECK (b <> 'bad'), n numeric(10,2))") == "");
  CHECK(f.Copy(55000, "54999,again,1") ==
        "duplicate key value violates unique constraint \"t_pkey\" | COPY t, line 55000");
  CHECK(f.Copy(55000, "55000,bad,1") ==
        "new row for relation \"t\" violates check constraint \"t_b_check\" | COPY t, line 55000: \"55000,bad,1\"");
  CHECK(f.Copy(55000, "x5,bad,1") ==
        "invalid input syntax for type integer: \"x5\" | COPY t, line 55000, column a: \"x5\"");
  CHECK(f.Copy(55000, "55000,b") == "missing data for column \"n\" | COPY t, line 55000: \"55000,b\"");
  CHECK(f.Run("SELECT count(*) FROM t") == "0");
  CHECK(f.Copy(0, "") == "");
  CHECK(f.Run("SELECT count(*), sum(a), count(n) FROM t") == "60000|1800030000|40000");
  CHECK(f.Run("SELECT b, n FROM t WHERE a = 59997") == "a \"quoted\" text, 59997|59997.25");
  CHECK(f.Run("SELECT b, n FROM t WHERE a = 59999") == "59999|-59999.00");
  CHECK(f.Copy(0, "") == "duplicate key value violates unique constraint \"t_pkey\" | COPY t, line 1");
}

}  // namespace phantom::session
