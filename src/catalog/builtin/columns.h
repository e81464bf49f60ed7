// catalog/builtin/columns.h
//
// Attribute numbers of the system tables, by PostgreSQL's names. Written by tools/generate_builtin.
#pragma once

namespace phantom::catalog {

namespace pg_aggregate {
inline constexpr int aggfnoid = 1;
inline constexpr int aggkind = 2;
inline constexpr int aggnumdirectargs = 3;
inline constexpr int aggtransfn = 4;
inline constexpr int aggfinalfn = 5;
inline constexpr int aggcombinefn = 6;
inline constexpr int aggserialfn = 7;
inline constexpr int aggdeserialfn = 8;
inline constexpr int aggmtransfn = 9;
inline constexpr int aggminvtransfn = 10;
inline constexpr int aggmfinalfn = 11;
inline constexpr int aggfinalextra = 12;
inline constexpr int aggmfinalextra = 13;
inline constexpr int aggfinalmodify = 14;
inline constexpr int aggmfinalmodify = 15;
inline constexpr int aggsortop = 16;
inline constexpr int aggtranstype = 17;
inline constexpr int aggtransspace = 18;
inline constexpr int aggmtranstype = 19;
inline constexpr int aggmtransspace = 20;
inline constexpr int agginitval = 21;
inline constexpr int aggminitval = 22;
inline constexpr int kColumns = 22;
}  // namespace pg_aggregate

namespace pg_am {
inline constexpr int oid = 1;
inline constexpr int amname = 2;
inline constexpr int amhandler = 3;
inline constexpr int amtype = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_am

namespace pg_amop {
inline constexpr int oid = 1;
inline constexpr int amopfamily = 2;
inline constexpr int amoplefttype = 3;
inline constexpr int amoprighttype = 4;
inline constexpr int amopstrategy = 5;
inline constexpr int amoppurpose = 6;
inline constexpr int amopopr = 7;
inline constexpr int amopmethod = 8;
inline constexpr int amopsortfamily = 9;
inline constexpr int kColumns = 9;
}  // namespace pg_amop

namespace pg_amproc {
inline constexpr int oid = 1;
inline constexpr int amprocfamily = 2;
inline constexpr int amproclefttype = 3;
inline constexpr int amprocrighttype = 4;
inline constexpr int amprocnum = 5;
inline constexpr int amproc = 6;
inline constexpr int kColumns = 6;
}  // namespace pg_amproc

namespace pg_attrdef {
inline constexpr int oid = 1;
inline constexpr int adrelid = 2;
inline constexpr int adnum = 3;
inline constexpr int adbin = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_attrdef

namespace pg_attribute {
inline constexpr int attrelid = 1;
inline constexpr int attname = 2;
inline constexpr int atttypid = 3;
inline constexpr int attstattarget = 4;
inline constexpr int attlen = 5;
inline constexpr int attnum = 6;
inline constexpr int attndims = 7;
inline constexpr int attcacheoff = 8;
inline constexpr int atttypmod = 9;
inline constexpr int attbyval = 10;
inline constexpr int attalign = 11;
inline constexpr int attstorage = 12;
inline constexpr int attcompression = 13;
inline constexpr int attnotnull = 14;
inline constexpr int atthasdef = 15;
inline constexpr int atthasmissing = 16;
inline constexpr int attidentity = 17;
inline constexpr int attgenerated = 18;
inline constexpr int attisdropped = 19;
inline constexpr int attislocal = 20;
inline constexpr int attinhcount = 21;
inline constexpr int attcollation = 22;
inline constexpr int attacl = 23;
inline constexpr int attoptions = 24;
inline constexpr int attfdwoptions = 25;
inline constexpr int attmissingval = 26;
inline constexpr int kColumns = 26;
}  // namespace pg_attribute

namespace pg_auth_members {
inline constexpr int roleid = 1;
inline constexpr int member = 2;
inline constexpr int grantor = 3;
inline constexpr int admin_option = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_auth_members

namespace pg_authid {
inline constexpr int oid = 1;
inline constexpr int rolname = 2;
inline constexpr int rolsuper = 3;
inline constexpr int rolinherit = 4;
inline constexpr int rolcreaterole = 5;
inline constexpr int rolcreatedb = 6;
inline constexpr int rolcanlogin = 7;
inline constexpr int rolreplication = 8;
inline constexpr int rolbypassrls = 9;
inline constexpr int rolconnlimit = 10;
inline constexpr int rolpassword = 11;
inline constexpr int rolvaliduntil = 12;
inline constexpr int kColumns = 12;
}  // namespace pg_authid

namespace pg_cast {
inline constexpr int oid = 1;
inline constexpr int castsource = 2;
inline constexpr int casttarget = 3;
inline constexpr int castfunc = 4;
inline constexpr int castcontext = 5;
inline constexpr int castmethod = 6;
inline constexpr int kColumns = 6;
}  // namespace pg_cast

namespace pg_class {
inline constexpr int oid = 1;
inline constexpr int relname = 2;
inline constexpr int relnamespace = 3;
inline constexpr int reltype = 4;
inline constexpr int reloftype = 5;
inline constexpr int relowner = 6;
inline constexpr int relam = 7;
inline constexpr int relfilenode = 8;
inline constexpr int reltablespace = 9;
inline constexpr int relpages = 10;
inline constexpr int reltuples = 11;
inline constexpr int relallvisible = 12;
inline constexpr int reltoastrelid = 13;
inline constexpr int relhasindex = 14;
inline constexpr int relisshared = 15;
inline constexpr int relpersistence = 16;
inline constexpr int relkind = 17;
inline constexpr int relnatts = 18;
inline constexpr int relchecks = 19;
inline constexpr int relhasrules = 20;
inline constexpr int relhastriggers = 21;
inline constexpr int relhassubclass = 22;
inline constexpr int relrowsecurity = 23;
inline constexpr int relforcerowsecurity = 24;
inline constexpr int relispopulated = 25;
inline constexpr int relreplident = 26;
inline constexpr int relispartition = 27;
inline constexpr int relrewrite = 28;
inline constexpr int relfrozenxid = 29;
inline constexpr int relminmxid = 30;
inline constexpr int relacl = 31;
inline constexpr int reloptions = 32;
inline constexpr int relpartbound = 33;
inline constexpr int kColumns = 33;
}  // namespace pg_class

namespace pg_collation {
inline constexpr int oid = 1;
inline constexpr int collname = 2;
inline constexpr int collnamespace = 3;
inline constexpr int collowner = 4;
inline constexpr int collprovider = 5;
inline constexpr int collisdeterministic = 6;
inline constexpr int collencoding = 7;
inline constexpr int collcollate = 8;
inline constexpr int collctype = 9;
inline constexpr int colliculocale = 10;
inline constexpr int collversion = 11;
inline constexpr int kColumns = 11;
}  // namespace pg_collation

namespace pg_constraint {
inline constexpr int oid = 1;
inline constexpr int conname = 2;
inline constexpr int connamespace = 3;
inline constexpr int contype = 4;
inline constexpr int condeferrable = 5;
inline constexpr int condeferred = 6;
inline constexpr int convalidated = 7;
inline constexpr int conrelid = 8;
inline constexpr int contypid = 9;
inline constexpr int conindid = 10;
inline constexpr int conparentid = 11;
inline constexpr int confrelid = 12;
inline constexpr int confupdtype = 13;
inline constexpr int confdeltype = 14;
inline constexpr int confmatchtype = 15;
inline constexpr int conislocal = 16;
inline constexpr int coninhcount = 17;
inline constexpr int connoinherit = 18;
inline constexpr int conkey = 19;
inline constexpr int confkey = 20;
inline constexpr int conpfeqop = 21;
inline constexpr int conppeqop = 22;
inline constexpr int conffeqop = 23;
inline constexpr int confdelsetcols = 24;
inline constexpr int conexclop = 25;
inline constexpr int conbin = 26;
inline constexpr int kColumns = 26;
}  // namespace pg_constraint

namespace pg_conversion {
inline constexpr int oid = 1;
inline constexpr int conname = 2;
inline constexpr int connamespace = 3;
inline constexpr int conowner = 4;
inline constexpr int conforencoding = 5;
inline constexpr int contoencoding = 6;
inline constexpr int conproc = 7;
inline constexpr int condefault = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_conversion

namespace pg_database {
inline constexpr int oid = 1;
inline constexpr int datname = 2;
inline constexpr int datdba = 3;
inline constexpr int encoding = 4;
inline constexpr int datlocprovider = 5;
inline constexpr int datistemplate = 6;
inline constexpr int datallowconn = 7;
inline constexpr int datconnlimit = 8;
inline constexpr int datfrozenxid = 9;
inline constexpr int datminmxid = 10;
inline constexpr int dattablespace = 11;
inline constexpr int datcollate = 12;
inline constexpr int datctype = 13;
inline constexpr int daticulocale = 14;
inline constexpr int datcollversion = 15;
inline constexpr int datacl = 16;
inline constexpr int kColumns = 16;
}  // namespace pg_database

namespace pg_db_role_setting {
inline constexpr int setdatabase = 1;
inline constexpr int setrole = 2;
inline constexpr int setconfig = 3;
inline constexpr int kColumns = 3;
}  // namespace pg_db_role_setting

namespace pg_default_acl {
inline constexpr int oid = 1;
inline constexpr int defaclrole = 2;
inline constexpr int defaclnamespace = 3;
inline constexpr int defaclobjtype = 4;
inline constexpr int defaclacl = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_default_acl

namespace pg_depend {
inline constexpr int classid = 1;
inline constexpr int objid = 2;
inline constexpr int objsubid = 3;
inline constexpr int refclassid = 4;
inline constexpr int refobjid = 5;
inline constexpr int refobjsubid = 6;
inline constexpr int deptype = 7;
inline constexpr int kColumns = 7;
}  // namespace pg_depend

namespace pg_description {
inline constexpr int objoid = 1;
inline constexpr int classoid = 2;
inline constexpr int objsubid = 3;
inline constexpr int description = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_description

namespace pg_enum {
inline constexpr int oid = 1;
inline constexpr int enumtypid = 2;
inline constexpr int enumsortorder = 3;
inline constexpr int enumlabel = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_enum

namespace pg_event_trigger {
inline constexpr int oid = 1;
inline constexpr int evtname = 2;
inline constexpr int evtevent = 3;
inline constexpr int evtowner = 4;
inline constexpr int evtfoid = 5;
inline constexpr int evtenabled = 6;
inline constexpr int evttags = 7;
inline constexpr int kColumns = 7;
}  // namespace pg_event_trigger

namespace pg_extension {
inline constexpr int oid = 1;
inline constexpr int extname = 2;
inline constexpr int extowner = 3;
inline constexpr int extnamespace = 4;
inline constexpr int extrelocatable = 5;
inline constexpr int extversion = 6;
inline constexpr int extconfig = 7;
inline constexpr int extcondition = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_extension

namespace pg_foreign_data_wrapper {
inline constexpr int oid = 1;
inline constexpr int fdwname = 2;
inline constexpr int fdwowner = 3;
inline constexpr int fdwhandler = 4;
inline constexpr int fdwvalidator = 5;
inline constexpr int fdwacl = 6;
inline constexpr int fdwoptions = 7;
inline constexpr int kColumns = 7;
}  // namespace pg_foreign_data_wrapper

namespace pg_foreign_server {
inline constexpr int oid = 1;
inline constexpr int srvname = 2;
inline constexpr int srvowner = 3;
inline constexpr int srvfdw = 4;
inline constexpr int srvtype = 5;
inline constexpr int srvversion = 6;
inline constexpr int srvacl = 7;
inline constexpr int srvoptions = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_foreign_server

namespace pg_foreign_table {
inline constexpr int ftrelid = 1;
inline constexpr int ftserver = 2;
inline constexpr int ftoptions = 3;
inline constexpr int kColumns = 3;
}  // namespace pg_foreign_table

namespace pg_index {
inline constexpr int indexrelid = 1;
inline constexpr int indrelid = 2;
inline constexpr int indnatts = 3;
inline constexpr int indnkeyatts = 4;
inline constexpr int indisunique = 5;
inline constexpr int indnullsnotdistinct = 6;
inline constexpr int indisprimary = 7;
inline constexpr int indisexclusion = 8;
inline constexpr int indimmediate = 9;
inline constexpr int indisclustered = 10;
inline constexpr int indisvalid = 11;
inline constexpr int indcheckxmin = 12;
inline constexpr int indisready = 13;
inline constexpr int indislive = 14;
inline constexpr int indisreplident = 15;
inline constexpr int indkey = 16;
inline constexpr int indcollation = 17;
inline constexpr int indclass = 18;
inline constexpr int indoption = 19;
inline constexpr int indexprs = 20;
inline constexpr int indpred = 21;
inline constexpr int kColumns = 21;
}  // namespace pg_index

namespace pg_inherits {
inline constexpr int inhrelid = 1;
inline constexpr int inhparent = 2;
inline constexpr int inhseqno = 3;
inline constexpr int inhdetachpending = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_inherits

namespace pg_init_privs {
inline constexpr int objoid = 1;
inline constexpr int classoid = 2;
inline constexpr int objsubid = 3;
inline constexpr int privtype = 4;
inline constexpr int initprivs = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_init_privs

namespace pg_language {
inline constexpr int oid = 1;
inline constexpr int lanname = 2;
inline constexpr int lanowner = 3;
inline constexpr int lanispl = 4;
inline constexpr int lanpltrusted = 5;
inline constexpr int lanplcallfoid = 6;
inline constexpr int laninline = 7;
inline constexpr int lanvalidator = 8;
inline constexpr int lanacl = 9;
inline constexpr int kColumns = 9;
}  // namespace pg_language

namespace pg_largeobject {
inline constexpr int loid = 1;
inline constexpr int pageno = 2;
inline constexpr int data = 3;
inline constexpr int kColumns = 3;
}  // namespace pg_largeobject

namespace pg_largeobject_metadata {
inline constexpr int oid = 1;
inline constexpr int lomowner = 2;
inline constexpr int lomacl = 3;
inline constexpr int kColumns = 3;
}  // namespace pg_largeobject_metadata

namespace pg_namespace {
inline constexpr int oid = 1;
inline constexpr int nspname = 2;
inline constexpr int nspowner = 3;
inline constexpr int nspacl = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_namespace

namespace pg_opclass {
inline constexpr int oid = 1;
inline constexpr int opcmethod = 2;
inline constexpr int opcname = 3;
inline constexpr int opcnamespace = 4;
inline constexpr int opcowner = 5;
inline constexpr int opcfamily = 6;
inline constexpr int opcintype = 7;
inline constexpr int opcdefault = 8;
inline constexpr int opckeytype = 9;
inline constexpr int kColumns = 9;
}  // namespace pg_opclass

namespace pg_operator {
inline constexpr int oid = 1;
inline constexpr int oprname = 2;
inline constexpr int oprnamespace = 3;
inline constexpr int oprowner = 4;
inline constexpr int oprkind = 5;
inline constexpr int oprcanmerge = 6;
inline constexpr int oprcanhash = 7;
inline constexpr int oprleft = 8;
inline constexpr int oprright = 9;
inline constexpr int oprresult = 10;
inline constexpr int oprcom = 11;
inline constexpr int oprnegate = 12;
inline constexpr int oprcode = 13;
inline constexpr int oprrest = 14;
inline constexpr int oprjoin = 15;
inline constexpr int kColumns = 15;
}  // namespace pg_operator

namespace pg_opfamily {
inline constexpr int oid = 1;
inline constexpr int opfmethod = 2;
inline constexpr int opfname = 3;
inline constexpr int opfnamespace = 4;
inline constexpr int opfowner = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_opfamily

namespace pg_parameter_acl {
inline constexpr int oid = 1;
inline constexpr int parname = 2;
inline constexpr int paracl = 3;
inline constexpr int kColumns = 3;
}  // namespace pg_parameter_acl

namespace pg_partitioned_table {
inline constexpr int partrelid = 1;
inline constexpr int partstrat = 2;
inline constexpr int partnatts = 3;
inline constexpr int partdefid = 4;
inline constexpr int partattrs = 5;
inline constexpr int partclass = 6;
inline constexpr int partcollation = 7;
inline constexpr int partexprs = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_partitioned_table

namespace pg_policy {
inline constexpr int oid = 1;
inline constexpr int polname = 2;
inline constexpr int polrelid = 3;
inline constexpr int polcmd = 4;
inline constexpr int polpermissive = 5;
inline constexpr int polroles = 6;
inline constexpr int polqual = 7;
inline constexpr int polwithcheck = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_policy

namespace pg_proc {
inline constexpr int oid = 1;
inline constexpr int proname = 2;
inline constexpr int pronamespace = 3;
inline constexpr int proowner = 4;
inline constexpr int prolang = 5;
inline constexpr int procost = 6;
inline constexpr int prorows = 7;
inline constexpr int provariadic = 8;
inline constexpr int prosupport = 9;
inline constexpr int prokind = 10;
inline constexpr int prosecdef = 11;
inline constexpr int proleakproof = 12;
inline constexpr int proisstrict = 13;
inline constexpr int proretset = 14;
inline constexpr int provolatile = 15;
inline constexpr int proparallel = 16;
inline constexpr int pronargs = 17;
inline constexpr int pronargdefaults = 18;
inline constexpr int prorettype = 19;
inline constexpr int proargtypes = 20;
inline constexpr int proallargtypes = 21;
inline constexpr int proargmodes = 22;
inline constexpr int proargnames = 23;
inline constexpr int proargdefaults = 24;
inline constexpr int protrftypes = 25;
inline constexpr int prosrc = 26;
inline constexpr int probin = 27;
inline constexpr int prosqlbody = 28;
inline constexpr int proconfig = 29;
inline constexpr int proacl = 30;
inline constexpr int kColumns = 30;
}  // namespace pg_proc

namespace pg_publication {
inline constexpr int oid = 1;
inline constexpr int pubname = 2;
inline constexpr int pubowner = 3;
inline constexpr int puballtables = 4;
inline constexpr int pubinsert = 5;
inline constexpr int pubupdate = 6;
inline constexpr int pubdelete = 7;
inline constexpr int pubtruncate = 8;
inline constexpr int pubviaroot = 9;
inline constexpr int kColumns = 9;
}  // namespace pg_publication

namespace pg_publication_namespace {
inline constexpr int oid = 1;
inline constexpr int pnpubid = 2;
inline constexpr int pnnspid = 3;
inline constexpr int kColumns = 3;
}  // namespace pg_publication_namespace

namespace pg_publication_rel {
inline constexpr int oid = 1;
inline constexpr int prpubid = 2;
inline constexpr int prrelid = 3;
inline constexpr int prqual = 4;
inline constexpr int prattrs = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_publication_rel

namespace pg_range {
inline constexpr int rngtypid = 1;
inline constexpr int rngsubtype = 2;
inline constexpr int rngmultitypid = 3;
inline constexpr int rngcollation = 4;
inline constexpr int rngsubopc = 5;
inline constexpr int rngcanonical = 6;
inline constexpr int rngsubdiff = 7;
inline constexpr int kColumns = 7;
}  // namespace pg_range

namespace pg_replication_origin {
inline constexpr int roident = 1;
inline constexpr int roname = 2;
inline constexpr int kColumns = 2;
}  // namespace pg_replication_origin

namespace pg_rewrite {
inline constexpr int oid = 1;
inline constexpr int rulename = 2;
inline constexpr int ev_class = 3;
inline constexpr int ev_type = 4;
inline constexpr int ev_enabled = 5;
inline constexpr int is_instead = 6;
inline constexpr int ev_qual = 7;
inline constexpr int ev_action = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_rewrite

namespace pg_seclabel {
inline constexpr int objoid = 1;
inline constexpr int classoid = 2;
inline constexpr int objsubid = 3;
inline constexpr int provider = 4;
inline constexpr int label = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_seclabel

namespace pg_sequence {
inline constexpr int seqrelid = 1;
inline constexpr int seqtypid = 2;
inline constexpr int seqstart = 3;
inline constexpr int seqincrement = 4;
inline constexpr int seqmax = 5;
inline constexpr int seqmin = 6;
inline constexpr int seqcache = 7;
inline constexpr int seqcycle = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_sequence

namespace pg_shdepend {
inline constexpr int dbid = 1;
inline constexpr int classid = 2;
inline constexpr int objid = 3;
inline constexpr int objsubid = 4;
inline constexpr int refclassid = 5;
inline constexpr int refobjid = 6;
inline constexpr int deptype = 7;
inline constexpr int kColumns = 7;
}  // namespace pg_shdepend

namespace pg_shdescription {
inline constexpr int objoid = 1;
inline constexpr int classoid = 2;
inline constexpr int description = 3;
inline constexpr int kColumns = 3;
}  // namespace pg_shdescription

namespace pg_shseclabel {
inline constexpr int objoid = 1;
inline constexpr int classoid = 2;
inline constexpr int provider = 3;
inline constexpr int label = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_shseclabel

namespace pg_statistic {
inline constexpr int starelid = 1;
inline constexpr int staattnum = 2;
inline constexpr int stainherit = 3;
inline constexpr int stanullfrac = 4;
inline constexpr int stawidth = 5;
inline constexpr int stadistinct = 6;
inline constexpr int stakind1 = 7;
inline constexpr int stakind2 = 8;
inline constexpr int stakind3 = 9;
inline constexpr int stakind4 = 10;
inline constexpr int stakind5 = 11;
inline constexpr int staop1 = 12;
inline constexpr int staop2 = 13;
inline constexpr int staop3 = 14;
inline constexpr int staop4 = 15;
inline constexpr int staop5 = 16;
inline constexpr int stacoll1 = 17;
inline constexpr int stacoll2 = 18;
inline constexpr int stacoll3 = 19;
inline constexpr int stacoll4 = 20;
inline constexpr int stacoll5 = 21;
inline constexpr int stanumbers1 = 22;
inline constexpr int stanumbers2 = 23;
inline constexpr int stanumbers3 = 24;
inline constexpr int stanumbers4 = 25;
inline constexpr int stanumbers5 = 26;
inline constexpr int stavalues1 = 27;
inline constexpr int stavalues2 = 28;
inline constexpr int stavalues3 = 29;
inline constexpr int stavalues4 = 30;
inline constexpr int stavalues5 = 31;
inline constexpr int kColumns = 31;
}  // namespace pg_statistic

namespace pg_statistic_ext {
inline constexpr int oid = 1;
inline constexpr int stxrelid = 2;
inline constexpr int stxname = 3;
inline constexpr int stxnamespace = 4;
inline constexpr int stxowner = 5;
inline constexpr int stxstattarget = 6;
inline constexpr int stxkeys = 7;
inline constexpr int stxkind = 8;
inline constexpr int stxexprs = 9;
inline constexpr int kColumns = 9;
}  // namespace pg_statistic_ext

namespace pg_statistic_ext_data {
inline constexpr int stxoid = 1;
inline constexpr int stxdinherit = 2;
inline constexpr int stxdndistinct = 3;
inline constexpr int stxddependencies = 4;
inline constexpr int stxdmcv = 5;
inline constexpr int stxdexpr = 6;
inline constexpr int kColumns = 6;
}  // namespace pg_statistic_ext_data

namespace pg_subscription {
inline constexpr int oid = 1;
inline constexpr int subdbid = 2;
inline constexpr int subskiplsn = 3;
inline constexpr int subname = 4;
inline constexpr int subowner = 5;
inline constexpr int subenabled = 6;
inline constexpr int subbinary = 7;
inline constexpr int substream = 8;
inline constexpr int subtwophasestate = 9;
inline constexpr int subdisableonerr = 10;
inline constexpr int subconninfo = 11;
inline constexpr int subslotname = 12;
inline constexpr int subsynccommit = 13;
inline constexpr int subpublications = 14;
inline constexpr int kColumns = 14;
}  // namespace pg_subscription

namespace pg_subscription_rel {
inline constexpr int srsubid = 1;
inline constexpr int srrelid = 2;
inline constexpr int srsubstate = 3;
inline constexpr int srsublsn = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_subscription_rel

namespace pg_tablespace {
inline constexpr int oid = 1;
inline constexpr int spcname = 2;
inline constexpr int spcowner = 3;
inline constexpr int spcacl = 4;
inline constexpr int spcoptions = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_tablespace

namespace pg_transform {
inline constexpr int oid = 1;
inline constexpr int trftype = 2;
inline constexpr int trflang = 3;
inline constexpr int trffromsql = 4;
inline constexpr int trftosql = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_transform

namespace pg_trigger {
inline constexpr int oid = 1;
inline constexpr int tgrelid = 2;
inline constexpr int tgparentid = 3;
inline constexpr int tgname = 4;
inline constexpr int tgfoid = 5;
inline constexpr int tgtype = 6;
inline constexpr int tgenabled = 7;
inline constexpr int tgisinternal = 8;
inline constexpr int tgconstrrelid = 9;
inline constexpr int tgconstrindid = 10;
inline constexpr int tgconstraint = 11;
inline constexpr int tgdeferrable = 12;
inline constexpr int tginitdeferred = 13;
inline constexpr int tgnargs = 14;
inline constexpr int tgattr = 15;
inline constexpr int tgargs = 16;
inline constexpr int tgqual = 17;
inline constexpr int tgoldtable = 18;
inline constexpr int tgnewtable = 19;
inline constexpr int kColumns = 19;
}  // namespace pg_trigger

namespace pg_ts_config {
inline constexpr int oid = 1;
inline constexpr int cfgname = 2;
inline constexpr int cfgnamespace = 3;
inline constexpr int cfgowner = 4;
inline constexpr int cfgparser = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_ts_config

namespace pg_ts_config_map {
inline constexpr int mapcfg = 1;
inline constexpr int maptokentype = 2;
inline constexpr int mapseqno = 3;
inline constexpr int mapdict = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_ts_config_map

namespace pg_ts_dict {
inline constexpr int oid = 1;
inline constexpr int dictname = 2;
inline constexpr int dictnamespace = 3;
inline constexpr int dictowner = 4;
inline constexpr int dicttemplate = 5;
inline constexpr int dictinitoption = 6;
inline constexpr int kColumns = 6;
}  // namespace pg_ts_dict

namespace pg_ts_parser {
inline constexpr int oid = 1;
inline constexpr int prsname = 2;
inline constexpr int prsnamespace = 3;
inline constexpr int prsstart = 4;
inline constexpr int prstoken = 5;
inline constexpr int prsend = 6;
inline constexpr int prsheadline = 7;
inline constexpr int prslextype = 8;
inline constexpr int kColumns = 8;
}  // namespace pg_ts_parser

namespace pg_ts_template {
inline constexpr int oid = 1;
inline constexpr int tmplname = 2;
inline constexpr int tmplnamespace = 3;
inline constexpr int tmplinit = 4;
inline constexpr int tmpllexize = 5;
inline constexpr int kColumns = 5;
}  // namespace pg_ts_template

namespace pg_type {
inline constexpr int oid = 1;
inline constexpr int typname = 2;
inline constexpr int typnamespace = 3;
inline constexpr int typowner = 4;
inline constexpr int typlen = 5;
inline constexpr int typbyval = 6;
inline constexpr int typtype = 7;
inline constexpr int typcategory = 8;
inline constexpr int typispreferred = 9;
inline constexpr int typisdefined = 10;
inline constexpr int typdelim = 11;
inline constexpr int typrelid = 12;
inline constexpr int typsubscript = 13;
inline constexpr int typelem = 14;
inline constexpr int typarray = 15;
inline constexpr int typinput = 16;
inline constexpr int typoutput = 17;
inline constexpr int typreceive = 18;
inline constexpr int typsend = 19;
inline constexpr int typmodin = 20;
inline constexpr int typmodout = 21;
inline constexpr int typanalyze = 22;
inline constexpr int typalign = 23;
inline constexpr int typstorage = 24;
inline constexpr int typnotnull = 25;
inline constexpr int typbasetype = 26;
inline constexpr int typtypmod = 27;
inline constexpr int typndims = 28;
inline constexpr int typcollation = 29;
inline constexpr int typdefaultbin = 30;
inline constexpr int typdefault = 31;
inline constexpr int typacl = 32;
inline constexpr int kColumns = 32;
}  // namespace pg_type

namespace pg_user_mapping {
inline constexpr int oid = 1;
inline constexpr int umuser = 2;
inline constexpr int umserver = 3;
inline constexpr int umoptions = 4;
inline constexpr int kColumns = 4;
}  // namespace pg_user_mapping

}  // namespace phantom::catalog
