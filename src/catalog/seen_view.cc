#include "catalog/seen_view.h"

#include "catalog/builtin/columns.h"
#include "catalog/catalog.h"
#include "catalog/system_store.h"
#include "txn/transaction.h"

namespace phantom::catalog {

Result<TableRef> ViewAsSeen(Catalog& catalog, Oid oid) {
  SystemStore& store = catalog.store();
  txn::Transaction& transaction = *store.transaction();
  ASSIGN_OR_RETURN(TableRef view, catalog.TableByOid(oid));
  if (view != nullptr && !view->is_view()) return TableRef();
  if (!transaction.keeps_snapshot() || (view != nullptr && view->is_system())) return view;
  std::optional<Row> rule;
  {
    const txn::Snapshot seen = transaction.TakeSnapshot();
    const SystemStore::View then(store, seen);
    ASSIGN_OR_RETURN(rule, store.FindOne(oid::kPgRewrite, index_oid::kRewriteByRelation, {oid}));
  }
  if (!rule) return TableRef();
  if (view == nullptr) return catalog.OpenByOid(oid);
  ASSIGN_OR_RETURN(std::string query, catalog.ExpandStored(rule->Text(pg_rewrite::ev_action), nullptr));
  if (query == view->view_sql) return view;
  auto earlier = std::make_shared<Table>(*view);
  earlier->view_sql = std::move(query);
  return TableRef(std::move(earlier));
}

}  // namespace phantom::catalog
