#include <algorithm>

#include "store/store.h"
#include "txn/transaction.h"

namespace phantom::txn {

Status TransactionManager::CreateSpace(SpaceId space) { return store().CreateSpace(space); }

Status TransactionManager::DropSpace(SpaceId space) { return store().DropSpace(space); }

bool TransactionManager::HasSpace(SpaceId space) {
  std::vector<SpaceId> spaces = store().ListSpaces();
  return std::find(spaces.begin(), spaces.end(), space) != spaces.end();
}

}  // namespace phantom::txn
