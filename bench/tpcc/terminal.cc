#include "bench/tpcc/terminal.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace tpcc {
namespace {

// While another delivery takes the oldest order, the next look finds the one after it.
constexpr int kDeliveryLooksMax = 3;
constexpr size_t kCustomerDataMax = 500;

std::string Number(int value) { return std::to_string(value); }

std::string Money(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

// The column of a district's information in stock.
std::string DistrictInfo(int district) { return district < 10 ? "s_dist_0" + Number(district) : "s_dist_" + Number(district); }

}  // namespace

Terminal::Terminal(const std::string& conninfo, int number, int warehouses, uint64_t seed)
    : database_(conninfo),
      random_(seed),
      warehouses_(warehouses),
      home_(1 + number % warehouses),
      stock_district_(1 + number / warehouses % kDistricts) {}

int Terminal::OtherWarehouse() {
  if (warehouses_ == 1) return home_;
  const int other = random_.Uniform(1, warehouses_ - 1);
  return other < home_ ? other : other + 1;
}

Kind Terminal::DrawKind() {
  const int drawn = random_.Uniform(1, 100);
  if (drawn <= 45) return kNewOrder;
  if (drawn <= 88) return kPayment;
  return drawn <= 92 ? kOrderStatus : drawn <= 96 ? kDelivery : kStockLevel;
}

Terminal::Order Terminal::DrawOrder() {
  Order order{random_.Uniform(1, kDistricts), random_.Customer(), {}, true, random_.Percent(1)};
  order.lines.resize(static_cast<size_t>(random_.Uniform(5, 15)));
  for (Line& line : order.lines) {
    line = {random_.Percent(1) ? OtherWarehouse() : home_, random_.Item(), random_.Uniform(1, 10)};
    order.all_local = order.all_local && line.supply_warehouse == home_;
  }
  std::sort(order.lines.begin(), order.lines.end(),
            [](const Line& a, const Line& b) { return std::pair(a.supply_warehouse, a.item) < std::pair(b.supply_warehouse, b.item); });
  if (order.unused_item) order.lines.back().item = kItems + 1;
  return order;
}

Terminal::CustomerKey Terminal::DrawCustomer(int warehouse, int district) {
  if (random_.Percent(60)) return {warehouse, district, 0, LastName(random_.LastName(kLastNameRun))};
  return {warehouse, district, random_.Customer(), {}};
}

Terminal::Paying Terminal::DrawPayment() {
  const int district = random_.Uniform(1, kDistricts);
  const bool remote = random_.Percent(15);
  const int customer_warehouse = remote ? OtherWarehouse() : home_;
  const int customer_district = remote ? random_.Uniform(1, kDistricts) : district;
  return {district, DrawCustomer(customer_warehouse, customer_district), Money(random_.Uniform(100, 500000) / 100.0)};
}

void Terminal::PlayOne() {
  const Kind kind = DrawKind();
  const Order order = kind == kNewOrder ? DrawOrder() : Order{};
  const Paying paying = kind == kPayment ? DrawPayment() : Paying{};
  const CustomerKey customer = kind == kOrderStatus ? DrawCustomer(home_, random_.Uniform(1, kDistricts)) : CustomerKey{};
  const std::string drawn = Number(kind == kDelivery ? random_.Uniform(1, 10) : random_.Uniform(10, 20));
  Played& played = played_[kind];
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    try {
      database_.Query("BEGIN", {});
      bool keep = true;
      switch (kind) {
        case kNewOrder: keep = EnterOrder(order); break;
        case kPayment: Pay(paying); break;
        case kOrderStatus: ShowOrder(customer); break;
        case kDelivery: Deliver(drawn); break;
        case kStockLevel: ShowStock(drawn); break;
        case kKinds: break;
      }
      database_.Query(keep ? "COMMIT" : "ROLLBACK", {});
      played.rolled_back += keep ? 0 : 1;
      break;
    } catch (const TryAgain&) {
      database_.Query("ROLLBACK", {});
      ++played.retried;
    }
  }
  played.latencies_us.push_back(static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun).count()));
}

bool Terminal::EnterOrder(const Order& order) {
  const std::string w = Number(home_), d = Number(order.district), c = Number(order.customer);
  database_.Query("SELECT w_tax FROM warehouse WHERE w_id = $1", {w});
  const Rows district = database_.Query(
      "UPDATE district SET d_next_o_id = d_next_o_id + 1 WHERE d_w_id = $1 AND d_id = $2 RETURNING d_next_o_id - 1, d_tax", {w, d});
  const std::string o = district.text(0, 0);
  database_.Query("SELECT c_discount, c_last, c_credit FROM customer WHERE c_w_id = $1 AND c_d_id = $2 AND c_id = $3", {w, d, c});
  database_.Query("INSERT INTO orders (o_id, o_d_id, o_w_id, o_c_id, o_entry_d, o_ol_cnt, o_all_local) "
                  "VALUES ($1, $2, $3, $4, current_timestamp, $5, $6)",
                  {o, d, w, c, Number(static_cast<int>(order.lines.size())), order.all_local ? "1" : "0"});
  database_.Query("INSERT INTO new_order (no_o_id, no_d_id, no_w_id) VALUES ($1, $2, $3)", {o, d, w});
  for (size_t i = 0; i < order.lines.size(); ++i) {
    if (!EnterLine(order, o, i)) return false;
  }
  return true;
}

bool Terminal::EnterLine(const Order& order, const std::string& order_id, size_t number) {
  const Line& line = order.lines[number];
  const std::string i = Number(line.item), supply = Number(line.supply_warehouse);
  const Rows item = database_.Query("SELECT i_price, i_name, i_data FROM item WHERE i_id = $1", {i});
  if (item.count() == 0) return false;
  const Rows stock = database_.Query("SELECT s_quantity, s_data, " + DistrictInfo(order.district) +
                                         " FROM stock WHERE s_w_id = $1 AND s_i_id = $2 FOR UPDATE", {supply, i});
  const int left = stock.number(0, 0) - line.quantity;
  database_.Query("UPDATE stock SET s_quantity = $1, s_ytd = s_ytd + $2, s_order_cnt = s_order_cnt + 1, s_remote_cnt = s_remote_cnt + $3 "
                  "WHERE s_w_id = $4 AND s_i_id = $5",
                  {Number(left >= 10 ? left : left + 91), Number(line.quantity), line.supply_warehouse == home_ ? "0" : "1", supply, i});
  database_.Query("INSERT INTO order_line (ol_o_id, ol_d_id, ol_w_id, ol_number, ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_dist_info) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                  {order_id, Number(order.district), Number(home_), Number(static_cast<int>(number) + 1), i, supply, Number(line.quantity),
                   Money(line.quantity * item.decimal(0, 0)), stock.text(0, 2)});
  return true;
}

std::string Terminal::FindCustomer(const CustomerKey& key) {
  if (key.id != 0) return Number(key.id);
  const Rows rows = database_.Query("SELECT c_id FROM customer WHERE c_w_id = $1 AND c_d_id = $2 AND c_last = $3 ORDER BY c_first",
                                    {Number(key.warehouse), Number(key.district), key.last_name});
  return rows.text((rows.count() - 1) / 2, 0);  // of n the one at n/2, rounded up, counted from 1
}

void Terminal::Pay(const Paying& paying) {
  const std::string w = Number(home_), d = Number(paying.district);
  const Rows warehouse = database_.Query("UPDATE warehouse SET w_ytd = w_ytd + $1 WHERE w_id = $2 "
                                         "RETURNING w_name, w_street_1, w_street_2, w_city, w_state, w_zip", {paying.amount, w});
  const Rows district = database_.Query("UPDATE district SET d_ytd = d_ytd + $1 WHERE d_w_id = $2 AND d_id = $3 "
                                        "RETURNING d_name, d_street_1, d_street_2, d_city, d_state, d_zip", {paying.amount, w, d});
  const std::string cw = Number(paying.customer.warehouse), cd = Number(paying.customer.district), c = FindCustomer(paying.customer);
  const Rows customer = database_.Query(
      "SELECT c_first, c_middle, c_last, c_street_1, c_street_2, c_city, c_state, c_zip, c_phone, c_since, c_credit, c_credit_lim, "
      "c_discount, c_balance FROM customer WHERE c_w_id = $1 AND c_d_id = $2 AND c_id = $3 FOR UPDATE", {cw, cd, c});
  if (customer.text(0, 10) == "BC") {
    const Rows old = database_.Query("SELECT c_data FROM customer WHERE c_w_id = $1 AND c_d_id = $2 AND c_id = $3", {cw, cd, c});
    const std::string data = c + " " + cd + " " + cw + " " + d + " " + w + " " + paying.amount + " " + old.text(0, 0);
    database_.Query("UPDATE customer SET c_balance = c_balance - $1, c_ytd_payment = c_ytd_payment + $1, c_payment_cnt = c_payment_cnt + 1, "
                    "c_data = $2 WHERE c_w_id = $3 AND c_d_id = $4 AND c_id = $5",
                    {paying.amount, data.substr(0, kCustomerDataMax), cw, cd, c});
  } else {
    database_.Query("UPDATE customer SET c_balance = c_balance - $1, c_ytd_payment = c_ytd_payment + $1, c_payment_cnt = c_payment_cnt + 1 "
                    "WHERE c_w_id = $2 AND c_d_id = $3 AND c_id = $4", {paying.amount, cw, cd, c});
  }
  database_.Query("INSERT INTO history (h_c_id, h_c_d_id, h_c_w_id, h_d_id, h_w_id, h_date, h_amount, h_data) "
                  "VALUES ($1, $2, $3, $4, $5, current_timestamp, $6, $7)",
                  {c, cd, cw, d, w, paying.amount, warehouse.text(0, 0) + "    " + district.text(0, 0)});
}

void Terminal::ShowOrder(const CustomerKey& key) {
  const std::string w = Number(key.warehouse), d = Number(key.district), c = FindCustomer(key);
  database_.Query("SELECT c_balance, c_first, c_middle, c_last FROM customer WHERE c_w_id = $1 AND c_d_id = $2 AND c_id = $3", {w, d, c});
  const Rows order = database_.Query("SELECT o_id, o_entry_d, o_carrier_id FROM orders WHERE o_w_id = $1 AND o_d_id = $2 AND o_c_id = $3 "
                                     "ORDER BY o_id DESC LIMIT 1", {w, d, c});
  database_.Query("SELECT ol_i_id, ol_supply_w_id, ol_quantity, ol_amount, ol_delivery_d FROM order_line "
                  "WHERE ol_w_id = $1 AND ol_d_id = $2 AND ol_o_id = $3", {w, d, order.text(0, 0)});
}

void Terminal::Deliver(const std::string& carrier) {
  for (int district = 1; district <= kDistricts; ++district) DeliverDistrict(district, carrier);
}

void Terminal::DeliverDistrict(int district, const std::string& carrier) {
  const std::string w = Number(home_), d = Number(district);
  for (int look = 0; look < kDeliveryLooksMax; ++look) {
    const Rows oldest = database_.Query("SELECT no_o_id FROM new_order WHERE no_w_id = $1 AND no_d_id = $2 ORDER BY no_o_id LIMIT 1 FOR UPDATE",
                                        {w, d});
    if (oldest.count() == 0) continue;
    const std::string o = oldest.text(0, 0);
    database_.Query("DELETE FROM new_order WHERE no_w_id = $1 AND no_d_id = $2 AND no_o_id = $3", {w, d, o});
    const Rows order = database_.Query("UPDATE orders SET o_carrier_id = $1 WHERE o_w_id = $2 AND o_d_id = $3 AND o_id = $4 RETURNING o_c_id",
                                       {carrier, w, d, o});
    database_.Query("UPDATE order_line SET ol_delivery_d = current_timestamp WHERE ol_w_id = $1 AND ol_d_id = $2 AND ol_o_id = $3", {w, d, o});
    const Rows total = database_.Query("SELECT sum(ol_amount) FROM order_line WHERE ol_w_id = $1 AND ol_d_id = $2 AND ol_o_id = $3", {w, d, o});
    database_.Query("UPDATE customer SET c_balance = c_balance + $1, c_delivery_cnt = c_delivery_cnt + 1 "
                    "WHERE c_w_id = $2 AND c_d_id = $3 AND c_id = $4", {total.text(0, 0), w, d, order.text(0, 0)});
    return;
  }
}

void Terminal::ShowStock(const std::string& threshold) {
  const std::string w = Number(home_), d = Number(stock_district_);
  const Rows district = database_.Query("SELECT d_next_o_id FROM district WHERE d_w_id = $1 AND d_id = $2", {w, d});
  const int next = district.number(0, 0);
  database_.Query("SELECT count(DISTINCT s_i_id) FROM order_line, stock WHERE ol_w_id = $1 AND ol_d_id = $2 AND ol_o_id < $3 AND ol_o_id >= $4 "
                  "AND s_w_id = $1 AND s_i_id = ol_i_id AND s_quantity < $5", {w, d, Number(next), Number(next - 20), threshold});
}

}  // namespace tpcc
