// The declarations below are libpg_query's own: PostgreSQL's headers declare the same variables without __thread, which
// does not link with a libpg_query whose variables are thread-local. So this file must not include them.
#include "parser/grammar.h"

#include <csetjmp>
#include <cstddef>

extern "C" {
using PgMemoryContext = struct MemoryContextData*;
struct ErrorData;

extern __thread sigjmp_buf* PG_exception_stack;
extern __thread void* error_context_stack;
extern __thread PgMemoryContext CurrentMemoryContext;
extern __thread void (*emit_log_hook)(ErrorData*);
extern __thread bool standard_conforming_strings;
extern __thread bool escape_string_warning;
extern __thread int backslash_quote;
extern __thread int log_min_messages;

PgMemoryContext pg_query_enter_memory_context();
void pg_query_exit_memory_context(PgMemoryContext context);
const void* raw_parser(const char* text, int mode);
ErrorData* CopyErrorData();
void FlushErrorState();
}

namespace phantom::parser {

namespace {

// Where NoticeHook puts what it hears. The hook has no argument of ours, and the grammar runs on one thread.
struct NoticeSink {
  std::vector<ParseNotice>* notices;
  std::string_view text;
};
thread_local NoticeSink* notice_sink = nullptr;

void NoticeHook(ErrorData* data) {
  if (notice_sink == nullptr) return;
  notice_sink->notices->push_back({IsWarning(data), StatusOfErrorData(data, notice_sink->text)});
}

// Returns false after an error, with *error set to PostgreSQL's description of it. Has no objects with destructors,
// since the grammar leaves by longjmp.
bool RunGuarded(const char* text, int mode, RawList** list, ErrorData** error) {
  sigjmp_buf* const outer_stack = PG_exception_stack;
  void* const outer_context_stack = error_context_stack;
  const PgMemoryContext context = CurrentMemoryContext;
  sigjmp_buf here;
  if (sigsetjmp(here, 0) == 0) {
    PG_exception_stack = &here;
    *list = raw_parser(text, mode);
    PG_exception_stack = outer_stack;
    return true;
  }
  PG_exception_stack = outer_stack;
  error_context_stack = outer_context_stack;
  CurrentMemoryContext = context;
  *error = CopyErrorData();
  FlushErrorState();
  return false;
}

}  // namespace

GrammarRun::GrammarRun() : context_(pg_query_enter_memory_context()) {}

GrammarRun::~GrammarRun() { pg_query_exit_memory_context(static_cast<PgMemoryContext>(context_)); }

Result<RawList*> GrammarRun::Run(std::string_view text, GrammarMode mode, const ParseOptions& options,
                                 std::vector<ParseNotice>* notices) {
  standard_conforming_strings = options.standard_conforming_strings;
  escape_string_warning = options.escape_string_warning;
  log_min_messages = kNoticeLevel;  // the hook hears what is logged
  backslash_quote = static_cast<int>(options.backslash_quote);
  NoticeSink sink{notices, text};
  notice_sink = &sink;
  emit_log_hook = &NoticeHook;
  RawList* list = nullptr;
  ErrorData* error = nullptr;
  bool ok = RunGuarded(text.data(), static_cast<int>(mode), &list, &error);
  notice_sink = nullptr;
  if (!ok) return StatusOfErrorData(error, text);
  return list;
}

}  // namespace phantom::parser
