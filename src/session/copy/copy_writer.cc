#include "session/copy/copy_writer.h"

#include <algorithm>

#include "catalog/catalog.h"
#include "engine/evaluator.h"
#include "engine/foreign_keys.h"
#include "engine/memory_broker.h"
#include "engine/runtime.h"
#include "engine/table_writer.h"
#include "planner/expr_util.h"
#include "planner/physical_plan.h"
#include "planner/planner.h"
#include "session/copy/row_parser.h"
#include "session/session_state.h"
#include "types/keywords.h"
#include "types/text_format.h"

namespace phantom::session {

namespace {

constexpr size_t kContextBytesMax = 100;

// "INSERT INTO t (a, b) VALUES ($1, $2)": the planner's answer says how a row is completed and checked.
std::string InsertText(const CopyInPlan& plan) {
  std::string text =
      "INSERT INTO " + types::QuoteIdentifier(plan.table->schema_name) + "." + types::QuoteIdentifier(plan.table->name);
  std::string names;
  std::string values;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    names += (i > 0 ? ", " : "") + types::QuoteIdentifier(plan.table->column(plan.columns[i]).name);
    values += (i > 0 ? ", $" : "$") + std::to_string(i + 1);
  }
  if (plan.columns.empty()) return text + " DEFAULT VALUES";
  return text + " (" + names + ") OVERRIDING SYSTEM VALUE VALUES (" + values + ")";
}

// Parameters as columns of an input row, whose values have been read with their typmods: what applies the same once more is left out.
class ParametersAsInputs {
 public:
  ParametersAsInputs(planner::NodeArena& arena, std::span<const types::Type> types) : arena_(arena), types_(types) {}

  planner::Expr* operator()(const planner::Expr* part) const {
    if (part->kind == planner::ExprKind::kFunction) {
      const auto& call = *planner::As<planner::FunctionCall>(part);
      if (!IsTypmodCoercion(call)) return nullptr;
      const planner::Expr* arg = call.args[0];
      if (arg->kind != planner::ExprKind::kParam || types_[NumberOf(arg)] != part->type) return nullptr;
      return Input(NumberOf(arg), part->type);
    }
    return part->kind == planner::ExprKind::kParam ? Input(NumberOf(part), part->type) : nullptr;
  }

 private:
  static size_t NumberOf(const planner::Expr* param) {
    return static_cast<size_t>(planner::As<planner::ParamExpr>(param)->number - 1);
  }
  // numeric(numeric, int4), bpchar(bpchar, int4, bool), varchar(varchar, int4, bool).
  static bool IsTypmodCoercion(const planner::FunctionCall& call) {
    constexpr Oid kNumeric = 1703, kBpchar = 668, kVarchar = 669;
    const Oid function = call.function == nullptr ? 0 : call.function->oid;
    return function == kNumeric || function == kBpchar || function == kVarchar;
  }
  planner::Expr* Input(size_t number, types::Type type) const {
    auto* input = arena_.New<planner::InputRef>();
    input->type = type;
    input->index = static_cast<int>(number);
    return input;
  }

  planner::NodeArena& arena_;
  std::span<const types::Type> types_;
};

// The expressions of a plan of one row over an input row.
Result<std::vector<planner::Expr*>> RowExpressions(planner::NodeArena& arena, const planner::PhysicalNode& node,
                                                   const ParametersAsInputs& inputs) {
  std::vector<planner::Expr*> row;
  if (node.kind == planner::PhysicalKind::kValues) {
    const auto& values = *planner::As<planner::PhysicalValues>(&node);
    if (values.rows.size() != 1) return Error(sqlstate::kInternalError, "unexpected plan for COPY");
    for (const planner::Expr* expr : values.rows[0]) row.push_back(planner::Copy(arena, expr, inputs));
    return row;
  }
  if (node.kind == planner::PhysicalKind::kProject && node.children.size() == 1) {
    ASSIGN_OR_RETURN(const std::vector<planner::Expr*> inner, RowExpressions(arena, *node.children[0], inputs));
    for (const planner::Expr* expr : planner::As<planner::PhysicalProject>(&node)->exprs) {
      row.push_back(planner::Copy(arena, expr, [&](const planner::Expr* part) -> planner::Expr* {
        if (part->kind != planner::ExprKind::kInputRef) return inputs(part);
        return inner[static_cast<size_t>(planner::As<planner::InputRef>(part)->index)];
      }));
    }
    return row;
  }
  return Error(sqlstate::kInternalError, "unexpected plan for COPY");
}

}  // namespace

std::string CopyContextText(std::string_view text) {
  if (text.size() <= kContextBytesMax) return std::string(text);
  size_t length = kContextBytesMax;
  // Never in the middle of a character.
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80) --length;
  return std::string(text.substr(0, length)) + "...";
}

void CopyInTask::Writer::LineNumbers::Add(uint64_t line) {
  if (runs_.empty() || runs_.back().line + (count_ - runs_.back().row) != line) runs_.push_back({count_, line});
  ++count_;
}

uint64_t CopyInTask::Writer::LineNumbers::Of(uint64_t row) const {
  const auto after = std::ranges::upper_bound(runs_, row, {}, &Run::row);
  if (after == runs_.begin()) return 0;
  const Run& run = *std::prev(after);
  return run.line + (row - run.row);
}

struct CopyInTask::Writer::Engine {
  // The portal gives the engine a context as any statement's has.
  Portal portal;
  std::unique_ptr<engine::Runtime> runtime;
  planner::NodeArena nodes;
  const planner::PhysicalInsert* insert = nullptr;
  std::unique_ptr<engine::TableWriter> writer;
  std::unique_ptr<engine::ForeignKeys> foreign_keys;
  planner::BoundExpression where;
  engine::Predicate condition;

  std::vector<types::Type> input_types;             // by column of the data
  std::vector<engine::EvaluatorPtr> values;         // by position of insert->columns
  std::vector<types::Vector> nulls;                 // by column of the table
  RowId ids[CopyBatch::kRowsMax];                   // of rows loaded
};

CopyInTask::Writer::Writer(SessionState& state, const CopyInPlan& plan)
    : state_(state), plan_(plan), engine_(std::make_unique<Engine>()) {}
CopyInTask::Writer::~Writer() = default;

Result<std::unique_ptr<CopyInTask::Writer>> CopyInTask::Writer::Make(SessionState& state, const CopyInPlan& plan) {
  std::unique_ptr<Writer> writer(new Writer(state, plan));
  RETURN_IF_ERROR(writer->Prepare());
  return writer;
}

std::vector<std::string> CopyInTask::Writer::column_names() const {
  std::vector<std::string> names;
  for (const int column : plan_.columns) names.push_back(plan_.table->column(column).name);
  return names;
}

const types::FormatContext& CopyInTask::Writer::format() const { return *engine_->portal.context.format; }

bool CopyInTask::Writer::IsSelfContained() const {
  return std::ranges::all_of(engine_->input_types, CopyRowParser::IsSelfContained);
}

std::unique_ptr<CopyBatch> CopyInTask::Writer::MakeBatch() const {
  auto batch = std::make_unique<CopyBatch>();
  for (const types::Type& type : engine_->input_types) {
    batch->input.push_back(engine_->runtime->MakeVector(type, CopyBatch::kRowsMax));
  }
  return batch;
}

Status CopyInTask::Writer::Prepare() {
  Engine& engine = *engine_;
  auto statement = std::make_shared<Statement>();
  ASSIGN_OR_RETURN(statement->source, state_.ParseText(InsertText(plan_)));
  statement->node = statement->source->parsed.statements[0].node;
  std::vector<types::Type> input_types;
  for (const int column : plan_.columns) {
    types::Type type = plan_.table->column(column).type;
    // A domain's value is read as its base type; the planned expressions check the domain.
    for (catalog::TypeRef row = state_.catalog.TypeByOid(type.oid);
         row != nullptr && row->kind == catalog::TypeKind::kDomain; row = state_.catalog.TypeByOid(type.oid)) {
      type = types::Type(row->base_type, row->typmod);
    }
    input_types.push_back(type);
    statement->given_types.push_back(type.oid);
  }
  RETURN_IF_ERROR(state_.EnsurePlan(*statement));
  engine.portal.statement = statement;
  engine.portal.plan = statement->plan;
  engine.portal.snapshot = state_.block.transaction().TakeSnapshot();
  state_.FillContext(&engine.portal.context, engine.portal);
  const planner::PhysicalPlan& plan = *statement->plan;
  if (plan.root->kind != planner::PhysicalKind::kInsert) {
    return Error(sqlstate::kInternalError, "unexpected plan for COPY");
  }
  engine.insert = planner::As<planner::PhysicalInsert>(plan.root);
  engine.runtime = std::make_unique<engine::Runtime>(engine.portal.context, plan.exec_param_count, plan.case_slot_count,
                                                     plan.node_count);
  ASSIGN_OR_RETURN(const std::vector<planner::Expr*> exprs, 
                   RowExpressions(engine.nodes, *plan.root->children[0], {engine.nodes, input_types}));
  ASSIGN_OR_RETURN(engine.values, engine::CompileAll(exprs, *engine.runtime));
  ASSIGN_OR_RETURN(engine.writer, engine::TableWriter::Make(*plan_.table, engine.insert->rules,
                                                            engine.insert->view_checks, *engine.runtime));
  engine.writer->AllowLoad();
  engine.foreign_keys = engine::ForeignKeys::Make(*plan_.table, *engine.runtime);
  engine.input_types = std::move(input_types);
  for (const catalog::Column& column : plan_.table->columns) {
    engine.nulls.push_back(engine.runtime->MakeVector(column.type, 1));
    engine.nulls.back().SetConstantNull();
  }
  if (plan_.where != nullptr) {
    ASSIGN_OR_RETURN(engine.where,
                     planner::BindExpression(*plan_.where, planner::ExpressionUse::kCheck, plan_.table.get(),
                                             types::Type(types::kBoolOid), "", state_.MakePlannerContext()));
    ASSIGN_OR_RETURN(engine.condition, engine::Predicate::Make(engine.where.expr, *engine.runtime));
  }
  return Status::Ok();
}

Status CopyInTask::Writer::WithContext(const CopyBatch& batch, Status status, size_t row, bool with_line) const {
  std::string context = Format("COPY %s, line %llu", plan_.table->name.c_str(),
                               static_cast<unsigned long long>(batch.origins[row].number));
  if (with_line && !plan_.options.is_binary()) context += ": \"" + CopyContextText(batch.line(row)) + "\"";
  return std::move(status).Context(std::move(context));
}

Status CopyInTask::Writer::Write(CopyBatch& batch) {
  Engine& engine = *engine_;
  RETURN_IF_ERROR(batch.error);
  if (batch.rows() == 0) return Status::Ok();
  RETURN_IF_ERROR(engine.portal.context.CheckCancelled());
  const engine::Rows all{nullptr, batch.rows()};
  std::vector<const types::Vector*> input;
  for (const types::Vector& vector : batch.input) input.push_back(&vector);
  const engine::Batch in{input, all};
  std::vector<const types::Vector*> full;
  for (const types::Vector& null : engine.nulls) full.push_back(&null);
  for (size_t i = 0; i < engine.values.size(); ++i) {
    const types::Vector* result = nullptr;
    Status status = engine.values[i]->Evaluate(in, result);
    if (!status.ok()) {
      // Once more, row by row, to say where.
      for (size_t row = 0; row < batch.rows(); ++row) {
        const auto at = static_cast<types::SelIndex>(row);
        Status one = engine.values[i]->Evaluate({input, {&at, 1}}, result);
        if (!one.ok()) return WithContext(batch, std::move(one), row, true);
      }
      return status;
    }
    full[static_cast<size_t>(engine.insert->columns[i])] = result;
  }
  engine::Batch rows{full, all};
  RETURN_IF_ERROR(engine.condition.Filter(rows));
  if (rows.rows.count > 0) RETURN_IF_ERROR(engine.writer->PrepareNew(full, rows.rows));
  if (engine.writer->loads()) {
    RETURN_IF_ERROR(LoadRows(batch, full, rows.rows));
    rows.rows.count = 0;
  }
  for (size_t i = 0; i < rows.rows.count; ++i) {
    const size_t row = rows.rows[i];
    if (Status status = engine.writer->Check(i); !status.ok()) return WithContext(batch, std::move(status), row, true);
    Result<RowId> id = engine.writer->Insert(i);
    if (!id.ok()) return WithContext(batch, std::move(id).status(), row, false);
    if (engine.foreign_keys != nullptr) {
      RETURN_IF_ERROR(engine.foreign_keys->Inserted(*id, full, static_cast<uint32_t>(row)));
    }
    ++count_;
  }
  return Status::Ok();
}

Status CopyInTask::Writer::LoadRows(const CopyBatch& batch, std::span<const types::Vector* const> full,
                                     const engine::Rows& rows) {
  Engine& engine = *engine_;
  for (size_t i = 0; i < rows.count; ++i) {
    loaded_lines_.Add(batch.origins[rows[i]].number);
    Status checked = engine.writer->Check(i);
    if (checked.ok()) continue;
    // A row before may have a key that somebody has.
    RETURN_IF_ERROR(LoadContext(engine.writer->Load(i, engine.ids)));
    RETURN_IF_ERROR(LoadContext(engine.writer->FinishLoad()));
    return WithContext(batch, std::move(checked), rows[i], true);
  }
  RETURN_IF_ERROR(LoadContext(engine.writer->Load(rows.count, engine.ids)));
  for (size_t i = 0; i < rows.count && engine.foreign_keys != nullptr; ++i) {
    RETURN_IF_ERROR(engine.foreign_keys->Inserted(engine.ids[i], full, static_cast<uint32_t>(rows[i])));
  }
  count_ += rows.count;
  return Status::Ok();
}

// Says which line a loaded row came from.
Status CopyInTask::Writer::LoadContext(Status status) const {
  const std::optional<uint64_t> failed = engine_->writer->failed_row();
  if (status.ok() || !failed) return status;
  return std::move(status).Context(Format("COPY %s, line %llu", plan_.table->name.c_str(),
                                          static_cast<unsigned long long>(loaded_lines_.Of(*failed))));
}

Status CopyInTask::Writer::Finish() {
  RETURN_IF_ERROR(LoadContext(engine_->writer->FinishLoad()));
  return engine_->runtime->end_queue->Run(*engine_->runtime);
}

}  // namespace phantom::session
