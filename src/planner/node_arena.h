// planner/node_arena.h
//
// Owns the nodes of one statement: bound expressions, query trees, plans. Nodes point at each other
// freely with plain pointers (a subtree may be shared) and die together with the arena. Unlike
// common::Arena, nodes may own vectors, strings and values: their destructors run.
//
// Thread safety: none while nodes are made; afterwards nodes are immutable and may be read from any thread.
#pragma once
#include <type_traits>
#include <utility>
#include <vector>

#include "common/arena.h"

namespace phantom::planner {

class NodeArena {
 public:
  NodeArena() = default;
  NodeArena(const NodeArena&) = delete;
  NodeArena& operator=(const NodeArena&) = delete;
  ~NodeArena() {
    for (auto it = owned_.rbegin(); it != owned_.rend(); ++it) it->destroy(it->object);
  }

  template <typename T, typename... Args>
  T* New(Args&&... args) {
    T* node = arena_.New<T>(std::forward<Args>(args)...);
    if constexpr (!std::is_trivially_destructible_v<T>) {
      owned_.push_back({node, [](void* object) { static_cast<T*>(object)->~T(); }});
    }
    return node;
  }

  std::string_view Copy(std::string_view text) { return arena_.Copy(text); }
  size_t allocated_bytes() const { return arena_.allocated_bytes(); }

 private:
  struct Owned {
    void* object;
    void (*destroy)(void*);
  };
  Arena arena_;
  std::vector<Owned> owned_;
};

}  // namespace phantom::planner
