#include "planner/explain.h"

#include "planner/explain_format.h"
#include "planner/explain_nodes.h"
#include "types/jsonb.h"

namespace phantom::planner {

namespace {

class PlanWriter {
 public:
  PlanWriter(const ExplainOptions& options, std::span<const ExplainMetrics> metrics) : options_(options), metrics_(metrics) {}

  std::string Text(const ShownNode& root) {
    std::string out;
    Lines(root, 0, "", out);
    if (options_.summary) {
      out += Format("Planning Time: %.3f ms\n", options_.planning_ms);
      if (options_.analyze) out += Format("Execution Time: %.3f ms\n", options_.execution_ms);
    }
    if (!out.empty()) out.pop_back();
    return out;
  }

  std::string Json(const ShownNode& root) {
    std::string out = "[\n  {\n    \"Plan\": ";
    JsonNode(root, "", "", 4, out);
    if (options_.summary) {
      out += Format(",\n    \"Planning Time\": %.3f,\n    \"Triggers\": [\n    ]", options_.planning_ms);
      if (options_.analyze) out += Format(",\n    \"Execution Time\": %.3f", options_.execution_ms);
    }
    return out + "\n  }\n]";
  }

 private:
  const ExplainMetrics* MetricsOf(const PhysicalNode* node) const {
    auto id = static_cast<size_t>(node->id);
    return options_.analyze && id < metrics_.size() ? &metrics_[id] : nullptr;
  }

  void Lines(const ShownNode& shown, int depth, const std::string& label, std::string& out) {
    int indent = depth == 0 ? 0 : 2 + 6 * (depth - 1);
    if (!label.empty()) out += std::string(static_cast<size_t>(indent), ' ') + label + "\n";
    int extra = label.empty() ? 0 : 2;
    if (depth > 0) out += std::string(static_cast<size_t>(indent + extra), ' ') + "->  ";
    out += shown.title;
    if (options_.costs) {
      const PlanCost& cost = shown.node->cost;
      out += Format("  (cost=%.2f..%.2f rows=%.0f width=%d)", cost.startup, cost.total, cost.rows, cost.width);
    }
    if (const ExplainMetrics* metrics = MetricsOf(shown.node)) {
      if (metrics->loops == 0) {
        out += " (never executed)";
      } else {
        auto loops = static_cast<double>(metrics->loops);
        if (options_.timing) {
          out += Format(" (actual time=%.3f..%.3f rows=%.0f loops=%.0f)", metrics->first_row_ms / loops, metrics->total_ms / loops,
                        static_cast<double>(metrics->rows) / loops, loops);
        } else {
          out += Format(" (actual rows=%.0f loops=%.0f)", static_cast<double>(metrics->rows) / loops, loops);
        }
      }
    }
    out += "\n";
    std::string pad(static_cast<size_t>(extra + 2 + 6 * depth), ' ');
    for (const auto& [name, value] : shown.properties) {
      out += pad + name + ": " + value + "\n";
      if (name == "Filter") {
        const ExplainMetrics* metrics = MetricsOf(shown.node);
        if (metrics != nullptr && metrics->rows_removed > 0) {
          out += pad + Format("Rows Removed by Filter: %llu\n", static_cast<unsigned long long>(metrics->rows_removed));
        }
      } else if (name == "Cache Mode") {
        const ExplainMetrics* metrics = MetricsOf(shown.node);
        if (metrics != nullptr && metrics->cache_misses > 0) {
          const auto number = [](uint64_t n) { return static_cast<unsigned long long>(n); };
          out += pad + Format("Hits: %llu  Misses: %llu  Evictions: %llu  Overflows: %llu  Memory Usage: %llukB\n",
                              number(metrics->cache_hits), number(metrics->cache_misses), number(metrics->cache_evictions),
                              number(metrics->cache_overflows), number((metrics->memory_bytes + 1023) / 1024));
        }
      }
    }
    for (const ShownNode::Child& child : shown.children) Lines(*child.shown, depth + 1, child.label, out);
  }

  static std::string Quote(std::string_view text) {
    std::string out;
    types::AppendJsonString(text, out);
    return out;
  }

  // relationship: to the node above; empty for a subplan with its label, and for the topmost.
  void JsonNode(const ShownNode& shown, const std::string& label, const char* relationship, int indent, std::string& out) {
    std::string pad(static_cast<size_t>(indent + 2), ' ');
    out += "{\n" + pad + "\"Node Type\": " + Quote(shown.type);
    auto add = [&](std::string_view name, const std::string& value) { out += ",\n" + pad + Quote(name) + ": " + value; };
    if (!label.empty()) {
      add("Parent Relationship", Quote(label.starts_with("InitPlan") || label.starts_with("CTE") ? "InitPlan" : "SubPlan"));
      add("Subplan Name", Quote(label));
    }
    if (label.empty() && *relationship != '\0') add("Parent Relationship", Quote(relationship));
    add("Parallel Aware", "false");
    add("Async Capable", "false");
    for (const auto& [name, value] : shown.identity) add(name, Quote(value));
    if (options_.costs) {
      const PlanCost& cost = shown.node->cost;
      add("Startup Cost", Format("%.2f", cost.startup));
      add("Total Cost", Format("%.2f", cost.total));
      add("Plan Rows", Format("%.0f", cost.rows));
      add("Plan Width", std::to_string(cost.width));
    }
    if (const ExplainMetrics* metrics = MetricsOf(shown.node)) {
      double loops = metrics->loops == 0 ? 1 : static_cast<double>(metrics->loops);
      if (options_.timing) {
        add("Actual Startup Time", Format("%.3f", metrics->first_row_ms / loops));
        add("Actual Total Time", Format("%.3f", metrics->total_ms / loops));
      }
      add("Actual Rows", Format("%.0f", static_cast<double>(metrics->rows) / loops));
      add("Actual Loops", std::to_string(metrics->loops));
    }
    for (const auto& [name, value] : shown.properties) {
      if (name == "Sort Key" || name == "Group Key" || name == "Output") {
        out += ",\n" + pad + Quote(name) + ": [";
        // Items are separated by top-level commas.
        std::string item;
        int depth = 0;
        bool first = true, quoted = false;
        auto flush = [&] {
          out += (first ? "" : ", ") + Quote(item);
          first = false;
          item.clear();
        };
        for (size_t i = 0; i < value.size(); ++i) {
          char c = value[i];
          if (c == '\'') quoted = !quoted;
          if (!quoted && (c == '(' || c == '[')) ++depth;
          if (!quoted && (c == ')' || c == ']')) --depth;
          if (!quoted && depth == 0 && c == ',' && i + 1 < value.size() && value[i + 1] == ' ') {
            flush();
            ++i;
          } else {
            item += c;
          }
        }
        flush();
        out += "]";
      } else {
        add(name, Quote(value));
      }
    }
    if (!shown.children.empty()) {
      out += ",\n" + pad + "\"Plans\": [\n";
      int inputs = 0;
      for (size_t i = 0; i < shown.children.size(); ++i) {
        out += std::string(static_cast<size_t>(indent + 4), ' ');
        const bool many = shown.type == "Append" || shown.type == "Merge Append";
        const char* relation = shown.type == "Subquery Scan" ? "Subquery" : many ? "Member" : inputs == 0 ? "Outer" : "Inner";
        if (shown.children[i].label.empty()) ++inputs;
        JsonNode(*shown.children[i].shown, shown.children[i].label, relation, indent + 4, out);
        out += i + 1 < shown.children.size() ? ",\n" : "\n";
      }
      out += pad + "]";
    }
    out += "\n" + std::string(static_cast<size_t>(indent), ' ') + "}";
  }

  const ExplainOptions& options_;
  std::span<const ExplainMetrics> metrics_;
};

}  // namespace

std::string Explain(const PhysicalPlan& plan, const ExplainOptions& options, std::span<const ExplainMetrics> metrics,
                    const PlannerContext& context) {
  NodeArena arena;
  const ShownNode& root = *DescribePlan(plan, options, context, arena);
  PlanWriter writer(options, metrics);
  switch (options.format) {
    case ExplainFormat::kText:
      return writer.Text(root);
    case ExplainFormat::kJson:
      return writer.Json(root);
    case ExplainFormat::kXml:
      return ExplainAsXml(writer.Json(root));
    case ExplainFormat::kYaml:
      return ExplainAsYaml(writer.Json(root));
  }
  return {};
}

}  // namespace phantom::planner
