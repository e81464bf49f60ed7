// Types' output and send functions as functions one can call: what a value is in the wire's text and binary formats.
#include <string>

#include "engine/functions/tables.h"
#include "types/binary_format.h"
#include "types/text_format.h"

namespace phantom::engine {

namespace {

using Args = std::span<const types::Vector* const>;

template <Status (*kAppend)(types::Type, const void*, const types::FormatContext&, std::string&)>
Status Write(KernelContext& context, Args args, const Rows& rows, types::Vector& result) {
  std::string bytes;
  for (size_t i = 0; i < rows.count; ++i) {
    const auto row = static_cast<uint32_t>(rows[i]);
    if (args[0]->IsNull(row)) {
      result.SetNull(row);
      continue;
    }
    bytes.clear();
    RETURN_IF_ERROR(kAppend(args[0]->type(), args[0]->row_slot(row), *context.format, bytes));
    result.SetString(row, bytes);
  }
  return Status::Ok();
}

constexpr KernelEntry Out(std::string_view name) { return KernelEntry::Scalar(name, Write<types::AppendText>); }
constexpr KernelEntry Send(std::string_view name) { return KernelEntry::Scalar(name, Write<types::AppendBinary>); }

constexpr KernelEntry kTable[] = {
    Out("boolout"),         Out("int2out"),         Out("int4out"),           Out("int8out"),
    Out("float4out"),       Out("float8out"),       Out("numeric_out"),       Out("textout"),
    Out("varcharout"),      Out("bpcharout"),       Out("charout"),           Out("nameout"),
    Out("byteaout"),        Out("date_out"),        Out("time_out"),          Out("timetz_out"),
    Out("timestamp_out"),   Out("timestamptz_out"), Out("interval_out"),      Out("uuid_out"),
    Out("json_out"),        Out("jsonb_out"),       Out("oidout"),            Out("regclassout"),
    Out("regtypeout"),      Out("regprocout"),      Out("regprocedureout"),   Out("regoperout"),
    Out("regoperatorout"),  Out("regroleout"),      Out("regnamespaceout"),   Out("regcollationout"),
    Out("array_out"),       Out("record_out"),      Out("bit_out"),           Out("varbit_out"),
    Out("oidvectorout"),    Out("int2vectorout"),   Out("tidout"),            Out("xidout"),
    Out("cidout"),          Out("xid8out"),         Out("enum_out"),          Out("anyarray_out"),
    Out("void_out"),        Out("pg_lsn_out"),      Out("unknownout"),        Out("cash_out"),
    Out("anyenum_out"),     Out("anycompatiblearray_out"),
    Send("boolsend"),       Send("int2send"),       Send("int4send"),         Send("int8send"),
    Send("float4send"),     Send("float8send"),     Send("numeric_send"),     Send("textsend"),
    Send("varcharsend"),    Send("bpcharsend"),     Send("charsend"),         Send("namesend"),
    Send("byteasend"),      Send("date_send"),      Send("time_send"),        Send("timetz_send"),
    Send("timestamp_send"), Send("timestamptz_send"), Send("interval_send"),  Send("uuid_send"),
    Send("json_send"),      Send("jsonb_send"),     Send("oidsend"),          Send("regclasssend"),
    Send("regtypesend"),    Send("regprocsend"),    Send("regproceduresend"), Send("regopersend"),
    Send("regoperatorsend"), Send("regrolesend"),   Send("regnamespacesend"), Send("regcollationsend"),
    Send("array_send"),     Send("record_send"),    Send("bit_send"),         Send("varbit_send"),
    Send("oidvectorsend"),  Send("int2vectorsend"), Send("tidsend"),          Send("xidsend"),
    Send("cidsend"),        Send("xid8send"),       Send("enum_send"),        Send("anyarray_send"),
    Send("void_send"),      Send("pg_lsn_send"),    Send("unknownsend"),      Send("cash_send"),
    Send("anycompatiblearray_send"),
};

}  // namespace

std::span<const KernelEntry> SendKernels() { return kTable; }

}  // namespace phantom::engine
