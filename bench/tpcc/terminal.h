// bench/tpcc/terminal.h
//
// A terminal of TPC-C: draws transactions in the specification's proportions, without keying and think times, and plays them one after
// the other over a connection of its own.
//
// Where a client may choose: a new order's lines are entered in the order of their stock, so that two orders cannot wait for each
// other; a delivery is one transaction for its ten districts, played at once and not queued; displayed values are fetched and dropped.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bench/tpcc/database.h"
#include "bench/tpcc/random.h"

namespace tpcc {

enum Kind { kNewOrder, kPayment, kOrderStatus, kDelivery, kStockLevel, kKinds };

struct Played {
  std::vector<uint32_t> latencies_us;
  int rolled_back = 0;  // new orders with an item that does not exist: they count as played
  int retried = 0;
};

class Terminal {
 public:
  // number: from 0; home warehouses go round.
  Terminal(const std::string& conninfo, int number, int warehouses, uint64_t seed);

  // Draws a transaction and plays it, again while the server gives it up in favour of another.
  void PlayOne();

  const std::array<Played, kKinds>& played() const { return played_; }

 private:
  struct Line {
    int supply_warehouse;
    int item;
    int quantity;
  };
  // By last name in 60 cases of 100, by number otherwise.
  struct CustomerKey {
    int warehouse;
    int district;
    int id;  // or 0
    std::string last_name;
  };
  struct Order {
    int district;
    int customer;
    std::vector<Line> lines;
    bool all_local;
    bool unused_item;  // the last line's
  };
  struct Paying {
    int district;
    CustomerKey customer;
    std::string amount;
  };

  Kind DrawKind();
  Order DrawOrder();
  CustomerKey DrawCustomer(int warehouse, int district);
  Paying DrawPayment();

  // Each between BEGIN and COMMIT. The first two say whether the items exist.
  bool EnterOrder(const Order& order);
  bool EnterLine(const Order& order, const std::string& order_id, size_t number);
  void Pay(const Paying& paying);
  void ShowOrder(const CustomerKey& key);
  void Deliver(const std::string& carrier);
  void DeliverDistrict(int district, const std::string& carrier);
  void ShowStock(const std::string& threshold);
  // The number of the customer meant.
  std::string FindCustomer(const CustomerKey& key);

  int OtherWarehouse();

  Database database_;
  Random random_;
  const int warehouses_;
  const int home_;
  const int stock_district_;  // of the stock levels
  std::array<Played, kKinds> played_;
};

}  // namespace tpcc
