#!/usr/bin/env python3
"""Writes the expected results in this directory from a running PostgreSQL 15.

usage: generate.py "host=127.0.0.1 user=postgres dbname=postgres"

text.tsv: settings, type, literal, text of the value cast to the type, or !SQLSTATE message.
functions.tsv: function, two arguments, result.
binary.tsv: type, literal, hexadecimal bytes of its send function.
order.tsv: type, two literals, their order (-1, 0, 1).
"""
import itertools
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

DATES = """
1999-01-08|January 8, 1999|1/8/1999|1/18/1999|01/02/03|1999-Jan-08|Jan-08-1999|08-Jan-1999|99-Jan-08|08-Jan-99|Jan-08-99
19990108|990108|1999.008|J2451187|January 8, 99 BC|1999-01-08 BC|epoch|infinity|-infinity|today|8 jan 1999|1999 jan 8
jan 8 1999|99 8 jan|Mon 1999-01-08|Monday, 8 January 1999|1999-02-29|2000-02-29|1900-02-29|1999-13-01|1999-00-10|1999-01-32
13/13/1999|0000-01-01|0001-01-01|0001-01-01 BC|4713-01-01 BC|4714-11-24 BC|4714-11-23 BC|5874897-12-31|5874898-01-01||abc
1999-01-08 04:05:06|1999-01-08 04:05:06+08|2020-12-31T23:59:60|20201231T235959|2020-366|2020-060|5/5|jan 99|99 jan 1 2|1997-02
""".replace('\n', '|')
TIMES = """
04:05:06.789|04:05:06|04:05|040506|04:05 AM|04:05 PM|12:00 AM|12:00 PM|13:05 PM|04:05:06.789-8|04:05:06-08:00|04:05-08:00
040506-08|04:05:06 PST|2003-04-12 04:05:06 America/New_York|24:00:00|24:00:01|23:59:60|23:59:60.5|25:00|04:60|04:05:61|allballs
T040506|T04:05:06|04:05:06.1234567|04:05:06.9999999|23:59:59.9999999|0405|04|||12:34:56.5 Europe/Berlin|noon|4:5:6
04:05:06+15:59|04:05:06+16|04:05:06+1530|04:05:06 z|04:05:06 UTC|04:05:06 CEST|04:05:06-00:30:15|t 04|::
""".replace('\n', '|')
STAMPS = """
1999-01-08 04:05:06|1999-01-08 04:05:06 -8:00|January 8 04:05:06 1999 PST|2004-10-19 10:23:54+02|2004-10-19 10:23:54.123456
2004-10-19 10:23:54.1234567|2004-10-19T10:23:54Z|20041019T102354|2004-10-19 10:23:54 America/New_York|2004-10-19 10:23 PM
Sat Feb 16 17:32:01 1997 PST|Feb 16 17:32:01 97 PST|Sun Feb 16 17:32:01.5 1997 BC|1997.02.16 17:32:01|Feb-16-1997 17:32:01
1997-02-16 17:32:01.000001 PDT|1997-07-16 17:32:01 Europe/London|J2452271+08|J2452271T040506+08|J2452271 T X03456-08
4714-11-24 00:00:00 BC|4714-11-23 23:59:59 BC|294276-12-31 23:59:59.999999|294277-01-01 00:00:00|epoch|infinity|-infinity
1999-01-08 24:00:00|1999-01-08 24:00:01|2021-03-14 02:30:00|2021-11-07 01:30:00|2021-11-07 01:30:00 EST|2021-11-07 01:30:00 EDT
2021-03-28 02:30 Europe/Berlin|2020-01-01 MSK|2010-01-01 MSK|2012-01-01 MSK|2020-06-01 EST DST|2020-01-01 foo|2020-01-01 10:00 AM PST
1883-11-18 12:00 America/New_York|1800-01-01 00:00 America/New_York|2100-07-01 12:00 America/New_York|Tue 01 Jan 2019|2019-01-01 1:2:3
2019-01-01 010203|2019-01-01 01.5|2019-01-01 10:11:12.|1 2 3 4 5|2019-01-01 xyz/abc|2019-W01-1|y2001m02d04|y2001m02d04 h5 mm6 s7.5
2001-02-04 AD|0044-03-15 BC|02-29-2001|Feb 29 2001|now is the time|2020-01-01 00:00:00+24|2020-01-01 00:00:00+15:59:59
|2020-01-01 12:00 UTC+3|2020-01-01 EST5EDT|2020-01-01 12:00 ABC-2|dec 25 0
""".replace('\n', '|')
INTERVALS = """
1 year 2 mons 3 days 04:05:06|1-2|3 4:05:06|1-2 3 4:05:06|-1-2 +3 -4:05:06|P1Y2M3DT4H5M6S|P0001-02-03T04:05:06|PT0S|P1W|P1.5Y
1.5 years|1.5 months|1.5 weeks|1.5 days|1.5 hours|1.5 minutes|1.5 seconds|-1.5 days|1 day ago|1 year 2 months ago|@ 1 minute
1 decade|1 century|1 millennium|2 millennia 3 centuries|5|5.678|1:2|1:2:3|1:2:3.4|10:20.5|1 hour 1 hour|1 day 1 day|12:34:56.1234567
100 microseconds|15 milliseconds|1 us|1 ms|3 quarters|1 month -1 day|1 mon 1 day -1 hour|-1 mon 1 day|-1 year -2 mons +3 days -04:05:06
999999999 years|178956970 years|178956971 years|2147483647 days|2147483648 days|9223372036854775807 us|9223372036854775808 us
1 fortnight|abc|||P|PT|P1Y2|P20010203|PT010203|P1M1M|P-1Y-2M|PT-1H|PT36H|PT1.5H|1 day 25:00:00|1y 2mon 3d 4h 5m 6s|4 hrs 5 mins
30 days|1 yr|1 dec|1 c|1 mil|1 w|1 h|1 m|1 s|ago|1 ago|-1 day 2 hours|+1 day|1.1.1 days|1e3 days|0.5 months|0.1 years|0.123456789 secs
1 week 2.5 days|infinity|2 days 3|@ 1 day 2 hours ago|-0 days|-0.5 days|00:00:-1|1 day -00:00:01|interval|1 month 1.5 day ago|P1Y-2M
""".replace('\n', '|')
NUMERICS = """
0|1|-1|1.0|1.00|-0|-0.00|+5|.5|5.|.|1e5|1E-5|1.5e3|1.5e-3|1e+2|1e|e5|12345678901234567890|0.000000000000000000000000000000000001
123456789012345678901234567890123456.789|99999999999999999999999999999999999999999999999999|-99999999999999999999.99999999999999999999
NaN|nan|Infinity|-Infinity|inf|+inf|-inf|infinit|1 2| 7 |1_000|0x10|1e131071|1e131072|1e-16383|1e-16384|1e1000000000|000123.4500|--1|1-|
1329227995784915872903807060280344575|1329227995784915872903807060280344576|-1329227995784915872903807060280344577
1e36|1e37|0.1e-36|0.00000000000000000000000000000000000012345|5e-324|123.456e400
""".replace('\n', '|')
INTS = """
0|1|-1|+1|32767|32768|-32768|-32769|2147483647|2147483648|-2147483648|-2147483649|9223372036854775807|9223372036854775808
-9223372036854775808|-9223372036854775809|99999999999999999999999| 12 |12 3|1.5|abc||-|+|--1|0x1F|1e3|007|4294967295|4294967296|1_0
""".replace('\n', '|')
FLOATS = """
0|-0|1|1.5|-1.5|0.1|0.2|0.3|1e10|1e14|1e15|1e16|123456789012345678|1e-4|1e-5|0.0001|0.00012345|1e100|1e308|1e309|-1e309|1e-307|1e-308
4.9e-324|1e-325|NaN|nan|Infinity|-infinity|inf|+Inf|infin|1.7976931348623157e308|2.2250738585072014e-308|3.4028235e38|3.4028236e38
1e38|1e39|1e-45|1e-46|1.17549435e-38|abc||.|.5|5.|1e|+1| 1 |1 2|0x1p4|33.333333333333333|100000|1000000|123456|1234567|999999.5|16777217
0.1e-6|1e+5|-|3.1415926535897932384626
""".replace('\n', '|')
BOOLS = 't|true|TRUE|tr|y|yes|on|1|f|false|n|no|of|off|0|o|T| true |2|abc||yess|nope'
BYTEAS = r'\x|\xDEADBEEF|\xde ad|\xd|\xzz|\xé1|abc|a\\b|\001\377|\400|\8|\\|é'
UUIDS = """a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11|{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}
a0eebc999c0b4ef8bb6d6bb9bd380a11|a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11|a0e-ebc999c0b4ef8bb6d6bb9bd380a11|{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11
a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11x||11111111-1111-1111-1111-11111111111g""".replace('\n', '|')
JSONS = r"""{}~[]~null~true~1~"a"~{"a":1,"b":[1,2,{"c":null}]}~ [ 1 , 2 ] ~{"a":1,"a":2}~{"bb":1,"a":2,"ccc":3,"b":4}~1.0~1.10e2~-0~1e400~01~1.~.5~+1~-
"\u00e9"~"\ud83d\ude00"~"\ud83d"~"\ude00"~"\u0000"~"\x"~"a
b"~{"a"}~{"a":}~{a:1}~{1:2}~[1,]~[1 2]~[,1]~{"a":1,}~{"a" 1}~tru~nulll~abc~{~[~"abc~[1]]~1 2~"\u12"~"\u12g4"~"\n\t\"\\\/\b\f\r"~~   ~'~{"a":[1,{"b":2}]}~[[],{}]~1e5~1E+2~123456789012345678901234567890.123456789~"é\u0001"~["a","b"~{"a":"b"~{"a":b}~[1,2,3,abc]
1e131072~"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" x~{"k": nope, "long": "tail tail tail tail tail tail tail tail"}"""
ARRAYS = r"""{1,2,3}~{}~{{1,2},{3,4}}~{{1,2},{3}}~{1,NULL,3}~{null}~[2:4]={1,2,3}~[0:1][2:3]={{1,2},{3,4}}~[1:2]={1,2,3}~[2:1]={}~{1,2~1,2}~{1,,2}~{1,2,}~{1}}~{1} x~ { 1 , 2 } ~{{1},2}~{1,{2}}~{{{{{{1}}}}}}~{{{{{{{1}}}}}}}~abc~~{abc}~{99999999999}~{"1","2"}~{1 2}~[1:3={1,2,3}~[a]={1}~{{},{}}~{{}}~[3]={1,2,3}~[-1:1]={1,2,3}~{"1}~{1"2}~{"1"2}~[1:2]{1,2}~[1:2]=1,2"""
TEXT_ARRAYS = r"""{a,b,c}~{"a b",c\,d,"e\"f"}~{NULL,"NULL",null}~{""}~{a b, c }~{"a,b","{}"}~{\\}~{"\\"}~{é,ü}~{a"b"}~{'x'}~{a\ }~{{a,b},{c,d}}~{{a,b},{c,NULL}}"""
BITS = '101|B101|b1|x1F|XaF||102|x1G|0000000000|11111111111111111'
MONEYS = '1|1.5|$1,234.567|-1|(1)|-$5.005|92233720368547758.07|92233720368547758.08|-92233720368547758.08|abc||$|1$|1-| 7 |1,2,3.4'
TIDS = '(0,1)|(4294967295,65535)|(1,65536)|(1)|1,2|(a,b)|(-1,0)'
LSNS = '0/0|16/B374D848|FFFFFFFF/FFFFFFFF|/1|1/|1|G/1|123456789/1'
CHARS = r'a|ab||\101|\400|é'
TEXTS = 'abc|abcdef|abc   |abcd  |é|éèêë|éèê  '
NAMES = 'abc|' + 'x' * 70 + '|' + 'é' * 40

CASES = [
    ('', ['date'], DATES), ('datestyle=DMY', ['date'], DATES), ('datestyle=YMD', ['date'], DATES),
    ('datestyle=Postgres,MDY', ['date'], DATES), ('datestyle=SQL,DMY', ['date'], DATES), ('datestyle=German', ['date'], DATES),
    ('', ['time', 'timetz', 'time(2)', 'timetz(3)'], TIMES), ('timezone=America/New_York', ['timetz'], TIMES),
    ('', ['timestamp', 'timestamptz', 'timestamp(0)', 'timestamptz(3)'], STAMPS),
    ('timezone=America/New_York', ['timestamp', 'timestamptz'], STAMPS),
    ('timezone=America/New_York;datestyle=Postgres,DMY', ['timestamp', 'timestamptz'], STAMPS),
    ('timezone=Asia/Kolkata;datestyle=SQL,MDY', ['timestamp', 'timestamptz'], STAMPS),
    ('timezone=America/Sao_Paulo;datestyle=German', ['timestamp', 'timestamptz'], STAMPS),
    ('timezone=Europe/Berlin', ['timestamptz'], STAMPS), ('timezone=<+03:30>-03:30', ['timestamptz'], STAMPS),
    ('', ['interval', 'interval year', 'interval day', 'interval hour to second(2)', 'interval minute to second', 'interval(3)',
          'interval year to month', 'interval day to hour', 'interval month', 'interval second(1)'], INTERVALS),
    ('intervalstyle=postgres_verbose', ['interval'], INTERVALS), ('intervalstyle=sql_standard', ['interval'], INTERVALS),
    ('intervalstyle=iso_8601', ['interval'], INTERVALS),
    ('', ['numeric', 'numeric(5,2)', 'numeric(38,10)', 'numeric(3,-2)', 'numeric(2,4)'], NUMERICS),
    ('', ['int2', 'int4', 'int8', 'oid'], INTS),
    ('', ['float4', 'float8'], FLOATS), ('extra_float_digits=0', ['float4', 'float8'], FLOATS),
    ('extra_float_digits=-3', ['float4', 'float8'], FLOATS),
    ('', ['bool'], BOOLS), ('', ['bytea'], BYTEAS), ('bytea_output=escape', ['bytea'], BYTEAS), ('', ['uuid'], UUIDS),
    ('', ['json', 'jsonb'], (JSONS, '~')), ('', ['int4[]', 'int8[]'], (ARRAYS, '~')), ('', ['text[]'], (TEXT_ARRAYS, '~')),
    ('', ['bit(3)', 'varbit', 'varbit(5)'], BITS), ('', ['money'], MONEYS), ('', ['tid'], TIDS), ('', ['pg_lsn'], LSNS),
    ('', ['"char"'], CHARS), ('', ['text', 'varchar(3)', 'bpchar', 'char(3)', 'char(5)'], TEXTS), ('', ['name'], NAMES),
    ('', ['int2vector', 'oidvector'], '1 2 3||1,2|a| 4  5 '), ('', ['numeric[]', 'numeric(4,1)[]'], '{1.25,NULL,3}|{NaN,-Infinity}|{123456}'),
    ('', ['timestamptz[]', 'date[]', 'interval[]'], '{2020-01-01,infinity}|{"1 day"}|{NULL}'),
    ('', ['jsonb[]'], '{"{\\"a\\": 1}",null,"null"}|{abc}'), ('', ['bool[]', 'float8[]', 'uuid[]', 'bytea[]'], '{t,f,NULL}|{1.5,NaN}|{"\\\\xff"}'),
]

WITH_TYPMOD = {
    'varchar(3)': ('varcharin', 7), 'char(3)': ('bpcharin', 7), 'char(5)': ('bpcharin', 9), 'bit(3)': ('bit_in', 3),
    'varbit(5)': ('varbit_in', 5),
}

SETTINGS = {'datestyle': 'ISO, MDY', 'timezone': 'UTC', 'intervalstyle': 'postgres', 'extra_float_digits': '1',
            'bytea_output': 'hex'}


def escape(text):
    return text.replace('\\', '\\\\').replace('\t', '\\t').replace('\n', '\\n').replace('\r', '\\r')


# Evaluates a query that gives one text; errors become text too.
EVALUATE = """
create or replace function pg_temp.evaluate(query text) returns text language plpgsql as $$
declare
  result text; state text; message text; detail text; context text;
begin
  execute query into result;
  return coalesce(result, 'NULL');
exception when others then
  get stacked diagnostics state = returned_sqlstate, message = message_text, detail = pg_exception_detail,
    context = pg_exception_context;
  return '!' || state || ' ' || message || case when detail <> '' then ' DETAIL: ' || detail else '' end
    || coalesce(' CONTEXT: ' || substring(context from '^JSON data[^\n]*'), '');
end $$;
"""


class Server:
    """Runs queries in one psql session; results come back in order."""

    def __init__(self, dsn):
        self.dsn = dsn
        self.script = ['set client_min_messages = error;', EVALUATE]
        self.settings = None

    def set(self, settings):
        if settings == self.settings:
            return
        self.settings = settings
        values = dict(SETTINGS)
        for part in filter(None, settings.split(';')):
            name, value = part.split('=')
            values[name] = value
        for name, value in values.items():
            self.script.append(f"set {name} = {quote(value)};")

    def ask(self, query):
        self.script.append(f'select pg_temp.evaluate({quote(query)});')

    def answers(self):
        done = subprocess.run(['psql', '-X', '-q', '-A', '-t', '-0', '-v', 'ON_ERROR_STOP=1', self.dsn],
                              input=''.join(s + '\n' for s in self.script), capture_output=True, text=True, check=True)
        return done.stdout.split('\0')


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def input_sql(type_name, literal):
    """Calls the input function as COPY would, the typmod included (a cast of a literal is an explicit cast)."""
    for name, (function, modifier) in WITH_TYPMOD.items():
        if type_name == name:
            return f"select format('%s', {function}({quote(literal)}::cstring, 0, {modifier}))"
    return f"select format('%s', {quote(literal)}::{type_name})"


def text_cases(server):
    cases = []
    for settings, types, literals in CASES:
        separator = '|'
        if isinstance(literals, tuple):
            literals, separator = literals
        server.set(settings)
        seen = set()
        for type_name, literal in itertools.product(types, literals.split(separator)):
            if (type_name, literal) in seen or any(word in literal for word in ('today', 'now')):
                continue
            seen.add((type_name, literal))
            cases.append((settings, type_name, literal))
            server.ask(input_sql(type_name, literal))
    return cases


OPERANDS = """0|0.00|1|-1|1.0|2|3|-3|7|10|0.1|0.5|-0.5|1.005|2.5|-2.5|123.456|99999999999999999999|12345678901234567890.123456789
0.000000000000000000001|-123456789012345678901234567890123456789.123|1e30|1e-30|99.99|1.1|0.9|1.0000000001|100|1000000|NaN|Infinity
-Infinity|123456789012345678901234567890.12345678901234567890|4|16|0.25|1e40|33.333333333333333333""".replace('\n', '|').split('|')
UNARY = {'sqrt': 'sqrt(%s)', 'exp': 'exp(%s)', 'ln': 'ln(%s)', 'log10': 'log(%s)', 'ceil': 'ceil(%s)', 'floor': 'floor(%s)',
         'neg': '-(%s)', 'abs': 'abs(%s)', 'round0': 'round(%s)', 'round2': 'round(%s,2)', 'round-2': 'round(%s,-2)',
         'trunc1': 'trunc(%s,1)', 'trunc-1': 'trunc(%s,-1)', 'trim': 'trim_scale(%s)', 'int4': '(%s)::int4', 'int8': '(%s)::int8',
         'int2': '(%s)::int2', 'float8': '(%s)::float8', 'float4': '(%s)::float4', 'min_scale': 'min_scale(%s)'}
BINARY = {'add': '%s + %s', 'sub': '%s - %s', 'mul': '%s * %s', 'div': '%s / %s', 'mod': '%s %% %s', 'divtrunc': 'div(%s,%s)',
          'power': 'power(%s,%s)', 'log': 'log(%s,%s)', 'gcd': 'gcd(%s,%s)', 'lcm': 'lcm(%s,%s)'}
NUMBER_FORMATS = """999|9999.99|0000.00|9,999,999.99|FM999.99|FM999.990|FM0.99|0.9|S999|999S|MI999|999MI|PL999|999PL|SG999|999PR|FM999PR
RN|FMRN|rn|999th|999TH|9V99|99V9|9.99EEEE|9.9EEEE|$999|L999|999L|"abc"999|9G999|9D9|FM9999|B999|FMS999.99|S0000|FM09.9|999D99S|.99|FM.99|
99 99|9.9.9|9S9S9|PR9|FM99999999999|FM999,999.9|9999999999999.99|00|FM00.00|SG99.9|99.9MI|FM99.9MI|\\"9|9"x\\"y"9|C9|999,|,999""".replace('\n', '|').split('|')
NUMBER_VALUES = '0|1|-1|12.5|-12.5|123|1234|-1234.567|0.1|-0.05|99.995|485|3999|4000|1234567.891|NaN|Infinity|0.999|9.999'.split('|')
TO_NUMBERS = """12,454.8-~99G999D9S|-34,338,492~99G999G999|12454~99999|<12.5>~99D9PR|12.5-~99.9S|+12~S99|0.1~9.9|abc~999|1 2~99|$12.50~L99.99
123~9|1234~9V99|~999|-12~MI99|12-~99MI|1,234,567.89~9,999,999.99|1.2.3~9.9.9|42nd~99th|.5~.9|5.~9.9|IV~RN|1e5~9EEEE|12 abc~99|-1~9|- 1~99""".replace('\n', '|').split('|')
MOMENTS = ['2024-02-29 15:04:05.678901', '0044-03-15 00:00:00 BC', '1999-12-31 23:59:59.999999', '2021-01-03 12:00:00', '0001-01-01 01:02:03',
           '12345-06-07 08:09:10', '2026-08-31 11:11:11']
DATE_FORMATS = """YYYY-MM-DD HH24:MI:SS.US|Day, DD Month YYYY|DAY Dy dy Mon MON mon|FMDay FMMonth FMDD|HH:MI AM|HH12:MI p.m.|Y,YYY|YYY YY Y|IYYY-IW-ID
IYY IY I IDDD|DDD D WW W Q CC J|RM rm FMRM|SSSS SSSSS MS FF1 FF2 FF3 FF4 FF5 FF6|BC B.C. ad a.d.|DDth DDTH Ddth|TZ tz TZH:TZM OF|"text" YYYY
YYYY\\"MM|yyyy-mm-dd|HH24 FMHH24 FMMI|TMMonth TMDay|FMYYYY FMCC|abc xyz|MonthDD|month|YYYYMMDDHH24MISS|FX YYYY|SP DDSP|Day of YYYY""".replace('\n', '|').split('|')
SPANS = ['1 year 2 mons 3 days 04:05:06.789', '-1 day -02:03:04', '100:00:00', '0', '25 years 13 days 26:00:00', '-3 years -2 mons']
SPAN_FORMATS = ['HH24:MI:SS', 'YYYY MM DD', 'HH12:MI AM', 'DDD', 'CC', 'Q', 'MS US', 'FMHH24', 'SSSS', 'Month', 'TZ', 'RM', 'Y,YYY', 'YY Y', 'WW']
TO_TIMESTAMPS = """05 Dec 2000~DD Mon YYYY|2000-12-05 10:11:12~YYYY-MM-DD HH24:MI:SS|2000/12/05~YYYY-MM-DD|20001205~YYYYMMDD|200012~YYYYMM
97/2/16~YY/MM/DD|1~Y|123~YYY|2000 001~YYYY DDD|2005-01-1~IYYY-IW-ID|2451187~J|10:11 PM~HH:MI AM|13:00 PM~HH:MI PM|3 p.m.~HH p.m.
2000-13-01~YYYY-MM-DD|2000-02-30~YYYY-MM-DD|2000-02-29~YYYY-MM-DD|44-02-01 11:12:13 BC~YYYY-MM-DD HH24:MI:SS BC|1.5~SS.MS|12:34:56.789~HH24:MI:SS.MS
2011-12-18 23:38:15~FXYYYY-MM-DD HH24:MI:SS|2000JUN~YYYY MON|2000 JUN~YYYYMON|2000    JUN~YYYY MON|2000+JUN~YYYY/MON|Foo~Mon|25:00~HH24:MI
2000-12-05 10:11:12 +05:30~YYYY-MM-DD HH24:MI:SS TZH:TZM|2000-12-05~YYYY-MM-DD TZ|19 20~CC YY|2000 52~YYYY WW|2000 5 3~YYYY MM W|IV 2000~RM YYYY
2000-12~YYYY-MM|abc~YYYY|20 00~YYYY|15 "text" 2020~DD "text" YYYY|1,999~Y,YYY|2000-12-05 86399~YYYY-MM-DD SSSSS|~YYYY|2000-IW~YYYY-IW|99~YY|69~YY|70~YY
2018-11-02 12:34:56.123456~YYYY-MM-DD HH24:MI:SS.FF6|2018-11-02 12:34:56.123456~YYYY-MM-DD HH24:MI:SS.FF3|Monday 5 January 2015~FMDay DD Month YYYY|1 4 2011~Q MM YYYY
2000-1-1~FMYYYY-FMMM-FMDD|2nd Jan 2001~DDth Mon YYYY|2000-01-01 AD~YYYY-MM-DD AD|99999999999~YYYY|2000-06-06 2001~YYYY-MM-DD YYYY""".replace('\n', '|').split('|')


def function_cases(server):
    cases = []

    def add(name, a, b, sql):
        cases.append((name, a, b))
        server.ask(f"select format('%s', {sql})")

    def num(text):
        return f"{quote(text)}::numeric"

    server.set('')
    for name, form in UNARY.items():
        for a in OPERANDS:
            add(name, a, '', form % num(a))
    for name, form in BINARY.items():
        for a, b in itertools.product(OPERANDS, OPERANDS):
            if name == 'power' and abs(float(b)) > 1e3 and float(b) < 1e300:
                continue
            if name in ('power', 'log', 'gcd', 'lcm') and len(a) + len(b) > 24:
                continue
            add(name, a, b, form % (num(a), num(b)))
    for value, form in itertools.product(NUMBER_VALUES, NUMBER_FORMATS):
        add('to_char numeric', value, form, f"to_char({num(value)}, {quote(form)})")
        add('to_char float8', value, form, f"to_char({quote(value)}::float8, {quote(form)})")
        if value.lstrip('-').isdigit():
            add('to_char int4', value, form, f"to_char({quote(value)}::int4, {quote(form)})")
    for case in TO_NUMBERS:
        text, form = case.split('~')
        add('to_number', text, form, f"to_number({quote(text)}, {quote(form)})")
    server.set('timezone=America/New_York')
    for moment, form in itertools.product(MOMENTS, DATE_FORMATS):
        add('to_char timestamp', moment, form, f"to_char({quote(moment)}::timestamp, {quote(form)})")
        add('to_char timestamptz', moment, form, f"to_char({quote(moment)}::timestamptz, {quote(form)})")
    for span, form in itertools.product(SPANS, SPAN_FORMATS):
        add('to_char interval', span, form, f"to_char({quote(span)}::interval, {quote(form)})")
    for case in TO_TIMESTAMPS:
        text, form = case.split('~')
        add('to_timestamp', text, form, f"to_timestamp({quote(text)}, {quote(form)})")
        add('to_date', text, form, f"to_date({quote(text)}, {quote(form)})")
    return cases


SENDS = [('numeric', 'numeric_send', OPERANDS), ('interval', 'interval_send', ['1 year -2 days 03:04:05.6']), ('timetz', 'timetz_send', ['01:02:03+05']),
         ('int4[]', 'array_send', ['{1,2,NULL}', '{}', '[2:3][0:1]={{1,2},{3,4}}']), ('text[]', 'array_send', ['{a,NULL,"b c"}']),
         ('jsonb', 'jsonb_send', ['{"a": [1, null]}']), ('varbit', 'varbit_send', ['10110']), ('uuid', 'uuid_send', ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']),
         ('float8', 'float8send', ['1.5', '-0', 'NaN']), ('float4', 'float4send', ['1.5']), ('bool', 'boolsend', ['t', 'f']), ('date', 'date_send', ['2020-01-02']),
         ('timestamp', 'timestamp_send', ['2020-01-02 03:04:05', 'infinity']), ('int2', 'int2send', ['-2']), ('int8', 'int8send', ['-3']),
         ('text', 'textsend', ['héllo']), ('bytea', 'byteasend', ['\\x00ff']), ('"char"', 'charsend', ['a', '']), ('tid', 'tidsend', ['(1,2)']),
         ('int2vector', 'int2vectorsend', ['1 2']), ('money', 'cash_send', ['12.34']), ('pg_lsn', 'pg_lsn_send', ['1/2']), ('time', 'time_send', ['12:34:56'])]

ORDERED = [('numeric', OPERANDS[:30]), ('float8', ['NaN', '0', '-0', '1', '-1', 'Infinity', '-Infinity', '1e-300', '1e300']),
           ('text', ['', 'a', 'b', 'ab', 'a ', 'é', 'zzzzzzzzzzzzzzzzzz', 'zzzzzzzzzzzzzzzzzza']), ('bpchar', ['a', 'a  ', 'b', '', ' ']),
           ('interval', ['1 mon', '30 days', '720:00:00', '-1 day', '0', '1 year', '365 days', '1 mon -1 day']),
           ('timetz', ['01:00+00', '02:00+01', '01:00+01', '23:00-05']), ('bytea', ['\\x', '\\x00', '\\x0000', '\\x01', '\\x00ff', '\\xff']),
           ('jsonb', ['null', 'true', 'false', '1', '1.0', '2', '"a"', '"b"', '""', '[]', '{}', '[1]', '[[]]', '[1,2]', '[null]', '{"a":1}', '{"a":2}',
                      '{"b":1}', '{"aa":1}', '{"a":1,"b":2}', '[{}]', '["a"]', '[-1]', '[true]']),
           ('int4[]', ['{}', '{1}', '{1,2}', '{2}', '{NULL}', '{1,NULL}', '{{1,2}}', '{{1},{2}}', '[0:1]={1,2}', '{-1}']),
           ('text[]', ['{}', '{a}', '{a,b}', '{ab}', '{NULL}', '{""}']), ('date', ['2020-01-01', 'infinity', '-infinity', '0001-01-01 BC']),
           ('varbit', ['', '0', '1', '00', '01', '10101', '101010']), ('oidvector', ['', '1', '2', '1 2', '3']), ('bool', ['t', 'f']),
           ('int2', ['-1', '0', '1', '-32768', '32767']), ('int8', ['-1', '0', '1', '-9223372036854775808']), ('oid', ['0', '1', '4294967295']),
           ('uuid', ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '0fffffff-ffff-ffff-ffff-ffffffffffff']),
           ('numeric[]', ['{1.0}', '{1.00}', '{1}', '{NaN}', '{0.5,1}'])]


def binary_cases(server):
    server.set('')
    cases = []
    for type_name, send, literals in SENDS:
        for literal in literals:
            cases.append((type_name, literal))
            server.ask(f"select encode({send}({quote(literal)}::{type_name}), 'hex')")
    return cases


def order_cases(server):
    server.set('')
    cases = []
    for type_name, literals in ORDERED:
        for a, b in itertools.product(literals, literals):
            cases.append((type_name, a, b))
            x, y = f'{quote(a)}::{type_name}', f'{quote(b)}::{type_name}'
            server.ask(f'select (case when {x} < {y} then -1 when {x} = {y} then 0 else 1 end)::text')
    return cases


def write(name, cases, server):
    with open(os.path.join(HERE, name), 'w') as out:
        for fields, answer in zip(cases, server.answers()):
            out.write('\t'.join(escape(f) for f in (*fields, answer)) + '\n')


def main():
    for name, cases in (('text.tsv', text_cases), ('functions.tsv', function_cases), ('binary.tsv', binary_cases),
                        ('order.tsv', order_cases)):
        server = Server(sys.argv[1])
        write(name, cases(server), server)


if __name__ == '__main__':
    main()
