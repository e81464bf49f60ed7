#include "bench/tpcc/load.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "bench/tpcc/random.h"

namespace tpcc {
namespace {

constexpr const char* kTables = R"(
CREATE TABLE warehouse (w_id integer NOT NULL, w_name varchar(10) NOT NULL, w_street_1 varchar(20) NOT NULL,
  w_street_2 varchar(20) NOT NULL, w_city varchar(20) NOT NULL, w_state char(2) NOT NULL, w_zip char(9) NOT NULL,
  w_tax numeric(4,4) NOT NULL, w_ytd numeric(12,2) NOT NULL, PRIMARY KEY (w_id));
CREATE TABLE district (d_id integer NOT NULL, d_w_id integer NOT NULL, d_name varchar(10) NOT NULL, d_street_1 varchar(20) NOT NULL,
  d_street_2 varchar(20) NOT NULL, d_city varchar(20) NOT NULL, d_state char(2) NOT NULL, d_zip char(9) NOT NULL,
  d_tax numeric(4,4) NOT NULL, d_ytd numeric(12,2) NOT NULL, d_next_o_id integer NOT NULL, PRIMARY KEY (d_w_id, d_id));
CREATE TABLE customer (c_id integer NOT NULL, c_d_id integer NOT NULL, c_w_id integer NOT NULL, c_first varchar(16) NOT NULL,
  c_middle char(2) NOT NULL, c_last varchar(16) NOT NULL, c_street_1 varchar(20) NOT NULL, c_street_2 varchar(20) NOT NULL,
  c_city varchar(20) NOT NULL, c_state char(2) NOT NULL, c_zip char(9) NOT NULL, c_phone char(16) NOT NULL, c_since timestamp NOT NULL,
  c_credit char(2) NOT NULL, c_credit_lim numeric(12,2) NOT NULL, c_discount numeric(4,4) NOT NULL, c_balance numeric(12,2) NOT NULL,
  c_ytd_payment numeric(12,2) NOT NULL, c_payment_cnt integer NOT NULL, c_delivery_cnt integer NOT NULL, c_data varchar(500) NOT NULL,
  PRIMARY KEY (c_w_id, c_d_id, c_id));
CREATE TABLE history (h_c_id integer NOT NULL, h_c_d_id integer NOT NULL, h_c_w_id integer NOT NULL, h_d_id integer NOT NULL,
  h_w_id integer NOT NULL, h_date timestamp NOT NULL, h_amount numeric(6,2) NOT NULL, h_data varchar(24) NOT NULL);
CREATE TABLE new_order (no_o_id integer NOT NULL, no_d_id integer NOT NULL, no_w_id integer NOT NULL,
  PRIMARY KEY (no_w_id, no_d_id, no_o_id));
CREATE TABLE orders (o_id integer NOT NULL, o_d_id integer NOT NULL, o_w_id integer NOT NULL, o_c_id integer NOT NULL,
  o_entry_d timestamp NOT NULL, o_carrier_id integer, o_ol_cnt integer NOT NULL, o_all_local integer NOT NULL,
  PRIMARY KEY (o_w_id, o_d_id, o_id));
CREATE TABLE order_line (ol_o_id integer NOT NULL, ol_d_id integer NOT NULL, ol_w_id integer NOT NULL, ol_number integer NOT NULL,
  ol_i_id integer NOT NULL, ol_supply_w_id integer NOT NULL, ol_delivery_d timestamp, ol_quantity integer NOT NULL,
  ol_amount numeric(6,2) NOT NULL, ol_dist_info char(24) NOT NULL, PRIMARY KEY (ol_w_id, ol_d_id, ol_o_id, ol_number));
CREATE TABLE item (i_id integer NOT NULL, i_im_id integer NOT NULL, i_name varchar(24) NOT NULL, i_price numeric(5,2) NOT NULL,
  i_data varchar(50) NOT NULL, PRIMARY KEY (i_id));
CREATE TABLE stock (s_i_id integer NOT NULL, s_w_id integer NOT NULL, s_quantity integer NOT NULL, s_dist_01 char(24) NOT NULL,
  s_dist_02 char(24) NOT NULL, s_dist_03 char(24) NOT NULL, s_dist_04 char(24) NOT NULL, s_dist_05 char(24) NOT NULL,
  s_dist_06 char(24) NOT NULL, s_dist_07 char(24) NOT NULL, s_dist_08 char(24) NOT NULL, s_dist_09 char(24) NOT NULL,
  s_dist_10 char(24) NOT NULL, s_ytd numeric(8,0) NOT NULL, s_order_cnt integer NOT NULL, s_remote_cnt integer NOT NULL,
  s_data varchar(50) NOT NULL, PRIMARY KEY (s_w_id, s_i_id))
)";
constexpr const char* kIndexes = R"(
CREATE INDEX customer_by_name ON customer (c_w_id, c_d_id, c_last, c_first);
CREATE INDEX orders_by_customer ON orders (o_w_id, o_d_id, o_c_id, o_id)
)";
constexpr const char* kNow = "2026-01-01 00:00:00";
constexpr const char* kNull = "\\N";

std::string Number(int value) { return std::to_string(value); }

// In hundredths, or ten thousandths.
std::string Hundredths(int value) {
  const std::string digits = Number(value % 100);
  return Number(value / 100) + (digits.size() < 2 ? ".0" : ".") + digits;
}
std::string TenThousandths(int value) { return "0." + Number(10000 + value).substr(1); }

class Loader {
 public:
  Loader(Database& database, int warehouses) : database_(database), warehouses_(warehouses) {}

  void Items() {
    database_.BeginCopy("item");
    for (int i = 1; i <= kItems; ++i) {
      database_.Add({Number(i), Number(random_.Uniform(1, 10000)), random_.Letters(14, 24), Hundredths(random_.Uniform(100, 10000)), Data()});
    }
    database_.FinishCopy();
  }

  void Warehouses() {
    database_.BeginCopy("warehouse");
    for (int w = 1; w <= warehouses_; ++w) {
      database_.Add({Number(w), random_.Letters(6, 10), random_.Letters(10, 20), random_.Letters(10, 20), random_.Letters(10, 20),
                     random_.Letters(2, 2), random_.Zip(), TenThousandths(random_.Uniform(0, 2000)), "300000.00"});
    }
    database_.FinishCopy();
    database_.BeginCopy("district");
    EachDistrict([&](int w, int d) {
      database_.Add({Number(d), Number(w), random_.Letters(6, 10), random_.Letters(10, 20), random_.Letters(10, 20), random_.Letters(10, 20),
                     random_.Letters(2, 2), random_.Zip(), TenThousandths(random_.Uniform(0, 2000)), "30000.00", Number(kCustomers + 1)});
    });
    database_.FinishCopy();
  }

  void Stock() {
    database_.BeginCopy("stock");
    for (int w = 1; w <= warehouses_; ++w) {
      for (int i = 1; i <= kItems; ++i) {
        const auto info = [&] { return random_.Letters(24, 24); };
        database_.Add({Number(i), Number(w), Number(random_.Uniform(10, 100)), info(), info(), info(), info(), info(), info(), info(), info(),
                       info(), info(), "0", "0", "0", Data()});
      }
    }
    database_.FinishCopy();
  }

  void Customers() {
    database_.BeginCopy("customer");
    EachDistrict([&](int w, int d) {
      for (int c = 1; c <= kCustomers; ++c) {
        database_.Add({Number(c), Number(d), Number(w), random_.Letters(8, 16), "OE",
                       LastName(c <= 1000 ? c - 1 : random_.LastName(kLastNameLoad)), random_.Letters(10, 20), random_.Letters(10, 20),
                       random_.Letters(10, 20), random_.Letters(2, 2), random_.Zip(), random_.Digits(16), kNow,
                       random_.Percent(10) ? "BC" : "GC", "50000.00", TenThousandths(random_.Uniform(0, 5000)), "-10.00", "10.00", "1", "0",
                       random_.Letters(300, 500)});
      }
    });
    database_.FinishCopy();
    database_.BeginCopy("history");
    EachDistrict([&](int w, int d) {
      for (int c = 1; c <= kCustomers; ++c) {
        database_.Add({Number(c), Number(d), Number(w), Number(d), Number(w), kNow, "10.00", random_.Letters(12, 24)});
      }
    });
    database_.FinishCopy();
  }

  void Orders() {
    // Lines come after their orders in a COPY of their own, so the counts are kept.
    std::vector<int> lines;
    database_.BeginCopy("orders");
    EachDistrict([&](int w, int d) {
      std::vector<int> customers(kCustomers);
      std::iota(customers.begin(), customers.end(), 1);
      for (size_t i = customers.size() - 1; i > 0; --i) {
        std::swap(customers[i], customers[static_cast<size_t>(random_.Uniform(0, static_cast<int>(i)))]);
      }
      for (int o = 1; o <= kCustomers; ++o) {
        lines.push_back(random_.Uniform(5, 15));
        database_.Add({Number(o), Number(d), Number(w), Number(customers[static_cast<size_t>(o - 1)]), kNow,
                       o < kFirstUndelivered ? Number(random_.Uniform(1, 10)) : kNull, Number(lines.back()), "1"});
      }
    });
    database_.FinishCopy();
    database_.BeginCopy("order_line");
    auto count = lines.begin();
    EachDistrict([&](int w, int d) {
      for (int o = 1; o <= kCustomers; ++o, ++count) {
        for (int line = 1; line <= *count; ++line) {
          const bool delivered = o < kFirstUndelivered;
          database_.Add({Number(o), Number(d), Number(w), Number(line), Number(random_.Uniform(1, kItems)), Number(w), delivered ? kNow : kNull,
                         "5", delivered ? "0.00" : Hundredths(random_.Uniform(1, 999999)), random_.Letters(24, 24)});
        }
      }
    });
    database_.FinishCopy();
    database_.BeginCopy("new_order");
    EachDistrict([&](int w, int d) {
      for (int o = kFirstUndelivered; o <= kCustomers; ++o) database_.Add({Number(o), Number(d), Number(w)});
    });
    database_.FinishCopy();
  }

 private:
  template <typename Work>
  void EachDistrict(Work work) {
    for (int w = 1; w <= warehouses_; ++w) {
      for (int d = 1; d <= kDistricts; ++d) work(w, d);
    }
  }

  // Of an item or its stock: one in ten names the original (4.3.3.1).
  std::string Data() {
    std::string data = random_.Letters(26, 50);
    if (random_.Percent(10)) data.replace(static_cast<size_t>(random_.Uniform(0, static_cast<int>(data.size()) - 8)), 8, "ORIGINAL");
    return data;
  }

  Database& database_;
  const int warehouses_;
  Random random_{1};  // so that both servers hold the same
};

}  // namespace

void Load(Database& database, int warehouses) {
  database.Execute(kTables);
  Loader loader(database, warehouses);
  loader.Items();
  loader.Warehouses();
  loader.Stock();
  loader.Customers();
  loader.Orders();
  database.Execute(kIndexes);
  database.Execute("VACUUM ANALYZE");
}

}  // namespace tpcc
