-- view information_schema.administrable_role_authorizations
SELECT grantee, role_name, is_grantable FROM information_schema.applicable_roles WHERE is_grantable = 'YES';

-- view information_schema.view_table_usage
SELECT DISTINCT current_database() AS view_catalog, vn.nspname AS view_schema, v.relname AS view_name,
       current_database() AS table_catalog, tn.nspname AS table_schema, t.relname AS table_name
FROM pg_class v JOIN pg_namespace vn ON vn.oid = v.relnamespace
JOIN pg_rewrite r ON r.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid <> v.oid
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE v.relkind = 'v' AND t.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.relowner, 'USAGE');

-- view information_schema.view_column_usage
SELECT DISTINCT current_database() AS view_catalog, vn.nspname AS view_schema, v.relname AS view_name,
       current_database() AS table_catalog, tn.nspname AS table_schema, t.relname AS table_name, a.attname AS column_name
FROM pg_class v JOIN pg_namespace vn ON vn.oid = v.relnamespace
JOIN pg_rewrite r ON r.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid <> v.oid
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE v.relkind = 'v' AND t.relkind IN ('r', 'v', 'f', 'p') AND pg_has_role(t.relowner, 'USAGE');

-- view information_schema.view_routine_usage
SELECT DISTINCT current_database() AS table_catalog, vn.nspname AS table_schema, v.relname AS table_name,
       current_database() AS specific_catalog, pn.nspname AS specific_schema, nameconcatoid(p.proname, p.oid) AS specific_name
FROM pg_class v JOIN pg_namespace vn ON vn.oid = v.relnamespace
JOIN pg_rewrite r ON r.ev_class = v.oid
JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE v.relkind = 'v' AND pg_has_role(p.proowner, 'USAGE');

-- view information_schema.check_constraint_routine_usage
SELECT DISTINCT current_database() AS constraint_catalog, cn.nspname AS constraint_schema, c.conname AS constraint_name,
       current_database() AS specific_catalog, pn.nspname AS specific_schema, nameconcatoid(p.proname, p.oid) AS specific_name
FROM pg_constraint c JOIN pg_namespace cn ON cn.oid = c.connamespace
JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = d.refobjid JOIN pg_namespace pn ON pn.oid = p.pronamespace
WHERE c.contype = 'c' AND pg_has_role(p.proowner, 'USAGE');

-- view information_schema.column_domain_usage
SELECT current_database() AS domain_catalog, tn.nspname AS domain_schema, t.typname AS domain_name,
       current_database() AS table_catalog, cn.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
WHERE t.typtype = 'd' AND c.relkind IN ('r', 'v', 'f', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  AND pg_has_role(t.typowner, 'USAGE');

-- view information_schema.column_udt_usage
SELECT current_database() AS udt_catalog, coalesce(bn.nspname, tn.nspname) AS udt_schema,
       coalesce(b.typname, t.typname) AS udt_name, current_database() AS table_catalog, cn.nspname AS table_schema,
       c.relname AS table_name, a.attname AS column_name
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_type b ON b.oid = t.typbasetype AND t.typtype = 'd' LEFT JOIN pg_namespace bn ON bn.oid = b.typnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'f', 'p')
  AND pg_has_role(coalesce(b.typowner, t.typowner), 'USAGE');

-- view information_schema.domain_udt_usage
SELECT current_database() AS udt_catalog, bn.nspname AS udt_schema, b.typname AS udt_name,
       current_database() AS domain_catalog, tn.nspname AS domain_schema, t.typname AS domain_name
FROM pg_type t JOIN pg_namespace tn ON tn.oid = t.typnamespace
JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_namespace bn ON bn.oid = b.typnamespace
WHERE t.typtype = 'd' AND pg_has_role(b.typowner, 'USAGE');

-- view information_schema.column_column_usage
SELECT DISTINCT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name,
       used.attname AS column_name, made.attname AS dependent_column
FROM pg_attrdef f JOIN pg_class c ON c.oid = f.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute made ON made.attrelid = f.adrelid AND made.attnum = f.adnum
JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = f.adrelid
JOIN pg_attribute used ON used.attrelid = f.adrelid AND used.attnum = d.refobjsubid
WHERE made.attgenerated <> '' AND used.attnum <> made.attnum AND pg_has_role(c.relowner, 'USAGE');

-- view information_schema.collations
SELECT current_database() AS collation_catalog, n.nspname AS collation_schema, c.collname AS collation_name,
       'NO PAD' AS pad_attribute
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()));

-- view information_schema.collation_character_set_applicability
SELECT current_database() AS collation_catalog, n.nspname AS collation_schema, c.collname AS collation_name,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema, getdatabaseencoding() AS character_set_name
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()));

-- view information_schema.user_defined_types
SELECT current_database() AS user_defined_type_catalog, n.nspname AS user_defined_type_schema,
       c.relname AS user_defined_type_name, 'STRUCTURED' AS user_defined_type_category, 'YES' AS is_instantiable,
       NULL::text AS is_final, NULL::text AS ordering_form, NULL::text AS ordering_category,
       NULL::name AS ordering_routine_catalog, NULL::name AS ordering_routine_schema, NULL::name AS ordering_routine_name,
       NULL::text AS reference_type, NULL::text AS data_type, NULL::int AS character_maximum_length,
       NULL::int AS character_octet_length, NULL::name AS character_set_catalog, NULL::name AS character_set_schema,
       NULL::name AS character_set_name, NULL::name AS collation_catalog, NULL::name AS collation_schema,
       NULL::name AS collation_name, NULL::int AS numeric_precision, NULL::int AS numeric_precision_radix,
       NULL::int AS numeric_scale, NULL::int AS datetime_precision, NULL::text AS interval_type,
       NULL::int AS interval_precision, NULL::name AS source_dtd_identifier, NULL::name AS ref_dtd_identifier
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.typrelid = c.oid
WHERE c.relkind = 'c' AND (pg_has_role(t.typowner, 'USAGE') OR has_type_privilege(t.oid, 'USAGE'));

-- view information_schema.attributes
SELECT current_database() AS udt_catalog, cn.nspname AS udt_schema, c.relname AS udt_name, a.attname AS attribute_name,
       a.attnum AS ordinal_position, NULL::text AS attribute_default,
       CASE WHEN a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) THEN 'NO' ELSE 'YES' END AS is_nullable,
       CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN 'ARRAY' WHEN tn.nspname = 'pg_catalog' THEN format_type(t.oid, NULL)
            ELSE 'USER-DEFINED' END AS data_type,
       information_schema._pg_char_max_length(information_schema._pg_truetypid(a.*, t.*),
                                              information_schema._pg_truetypmod(a.*, t.*)) AS character_maximum_length,
       information_schema._pg_char_octet_length(information_schema._pg_truetypid(a.*, t.*),
                                                information_schema._pg_truetypmod(a.*, t.*)) AS character_octet_length,
       NULL::name AS character_set_catalog, NULL::name AS character_set_schema, NULL::name AS character_set_name,
       CASE WHEN on_.nspname IS NOT NULL THEN current_database() END AS collation_catalog, on_.nspname AS collation_schema,
       o.collname AS collation_name,
       information_schema._pg_numeric_precision(information_schema._pg_truetypid(a.*, t.*),
                                                information_schema._pg_truetypmod(a.*, t.*)) AS numeric_precision,
       information_schema._pg_numeric_precision_radix(information_schema._pg_truetypid(a.*, t.*),
                                                      information_schema._pg_truetypmod(a.*, t.*)) AS numeric_precision_radix,
       information_schema._pg_numeric_scale(information_schema._pg_truetypid(a.*, t.*),
                                            information_schema._pg_truetypmod(a.*, t.*)) AS numeric_scale,
       information_schema._pg_datetime_precision(information_schema._pg_truetypid(a.*, t.*),
                                                 information_schema._pg_truetypmod(a.*, t.*)) AS datetime_precision,
       information_schema._pg_interval_type(information_schema._pg_truetypid(a.*, t.*),
                                            information_schema._pg_truetypmod(a.*, t.*)) AS interval_type,
       NULL::int AS interval_precision, current_database() AS attribute_udt_catalog, tn.nspname AS attribute_udt_schema,
       t.typname AS attribute_udt_name, NULL::name AS scope_catalog, NULL::name AS scope_schema, NULL::name AS scope_name,
       NULL::int AS maximum_cardinality, a.attnum AS dtd_identifier, 'NO' AS is_derived_reference_attribute
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
LEFT JOIN pg_collation o ON o.oid = a.attcollation AND o.collname <> 'default'
LEFT JOIN pg_namespace on_ ON on_.oid = o.collnamespace
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'c'
  AND (pg_has_role(c.relowner, 'USAGE') OR has_type_privilege(c.reltype, 'USAGE'));

-- view information_schema.data_type_privileges
SELECT current_database() AS object_catalog, x.object_schema, x.object_name, x.object_type, x.dtd_identifier
FROM (SELECT udt_schema AS object_schema, udt_name::text AS object_name, 'USER-DEFINED TYPE' AS object_type,
             dtd_identifier::text FROM information_schema.attributes
      UNION ALL SELECT table_schema, table_name::text, 'TABLE', dtd_identifier::text FROM information_schema.columns
      UNION ALL SELECT domain_schema, domain_name::text, 'DOMAIN', dtd_identifier::text FROM information_schema.domains
      UNION ALL SELECT specific_schema, specific_name::text, 'ROUTINE', dtd_identifier::text
                FROM information_schema.parameters
      UNION ALL SELECT specific_schema, specific_name::text, 'ROUTINE', dtd_identifier::text
                FROM information_schema.routines) x;

-- view information_schema.element_types
SELECT current_database() AS object_catalog, n.nspname AS object_schema, x.name AS object_name, x.kind AS object_type,
       x.identifier AS collection_type_identifier,
       CASE WHEN en.nspname = 'pg_catalog' THEN format_type(e.oid, NULL) ELSE 'USER-DEFINED' END AS data_type,
       NULL::int AS character_maximum_length, NULL::int AS character_octet_length, NULL::name AS character_set_catalog,
       NULL::name AS character_set_schema, NULL::name AS character_set_name,
       CASE WHEN on_.nspname IS NOT NULL THEN current_database() END AS collation_catalog, on_.nspname AS collation_schema,
       o.collname AS collation_name, NULL::int AS numeric_precision, NULL::int AS numeric_precision_radix,
       NULL::int AS numeric_scale, NULL::int AS datetime_precision, NULL::text AS interval_type,
       NULL::int AS interval_precision, NULL::text AS domain_default, current_database() AS udt_catalog,
       en.nspname AS udt_schema, e.typname AS udt_name, NULL::name AS scope_catalog, NULL::name AS scope_schema,
       NULL::name AS scope_name, NULL::int AS maximum_cardinality, 'a' || x.identifier AS dtd_identifier
FROM (SELECT c.relnamespace AS space, c.relname::text AS name,
             CASE WHEN c.relkind = 'c' THEN 'USER-DEFINED TYPE' ELSE 'TABLE' END AS kind, a.attnum::text AS identifier,
             a.atttypid AS type, a.attcollation AS collation
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'v', 'f', 'c', 'p') AND a.attnum > 0 AND NOT a.attisdropped
      UNION ALL SELECT typnamespace, typname::text, 'DOMAIN', '1', typbasetype, typcollation FROM pg_type WHERE typtype = 'd'
      UNION ALL SELECT p.pronamespace, nameconcatoid(p.proname, p.oid)::text, 'ROUTINE', g.n::text,
                       (coalesce(p.proallargtypes, p.proargtypes::oid[]))[g.n + array_lower(coalesce(p.proallargtypes, p.proargtypes::oid[]), 1) - 1], 0
                FROM pg_proc p, generate_series(1, cardinality(coalesce(p.proallargtypes, p.proargtypes::oid[]))) AS g(n)
      UNION ALL SELECT pronamespace, nameconcatoid(proname, oid)::text, 'ROUTINE', '0', prorettype, 0 FROM pg_proc) x
JOIN pg_namespace n ON n.oid = x.space
JOIN pg_type t ON t.oid = x.type AND t.typelem <> 0 AND t.typlen = -1
JOIN pg_type e ON e.oid = t.typelem JOIN pg_namespace en ON en.oid = e.typnamespace
LEFT JOIN pg_collation o ON o.oid = x.collation AND o.collname <> 'default'
LEFT JOIN pg_namespace on_ ON on_.oid = o.collnamespace;

-- view information_schema.udt_privileges
SELECT g.rolname AS grantor, coalesce(r.rolname, 'PUBLIC') AS grantee, current_database() AS udt_catalog,
       n.nspname AS udt_schema, t.typname AS udt_name, 'TYPE USAGE' AS privilege_type,
       CASE WHEN t.is_grantable OR (r.oid IS NOT NULL AND pg_has_role(r.oid, t.typowner, 'USAGE')) THEN 'YES' ELSE 'NO' END
         AS is_grantable
FROM (SELECT typname, typnamespace, typowner, (aclexplode(coalesce(typacl, acldefault('T', typowner)))).*
      FROM pg_type WHERE typtype = 'c') t
JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_authid g ON g.oid = t.grantor
LEFT JOIN pg_authid r ON r.oid = t.grantee
WHERE t.privilege_type = 'USAGE'
  AND (r.oid IS NULL OR pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE'));

-- view information_schema.usage_privileges
SELECT g.rolname AS grantor, coalesce(r.rolname, 'PUBLIC') AS grantee, current_database() AS object_catalog,
       n.nspname AS object_schema, x.name AS object_name, x.kind AS object_type, 'USAGE' AS privilege_type,
       CASE WHEN x.is_grantable OR (r.oid IS NOT NULL AND pg_has_role(r.oid, x.owner, 'USAGE')) THEN 'YES' ELSE 'NO' END
         AS is_grantable
FROM (SELECT typname AS name, 'DOMAIN' AS kind, typnamespace AS space, typowner AS owner,
             (aclexplode(coalesce(typacl, acldefault('T', typowner)))).*
      FROM pg_type WHERE typtype = 'd'
      UNION ALL
      SELECT relname, 'SEQUENCE', relnamespace, relowner, (aclexplode(coalesce(relacl, acldefault('r', relowner)))).*
      FROM pg_class WHERE relkind = 'S') x
JOIN pg_namespace n ON n.oid = x.space JOIN pg_authid g ON g.oid = x.grantor
LEFT JOIN pg_authid r ON r.oid = x.grantee
WHERE x.privilege_type = 'USAGE'
  AND (r.oid IS NULL OR pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE'))
UNION ALL
SELECT u.rolname, 'PUBLIC', current_database(), n.nspname, c.collname, 'COLLATION', 'USAGE', 'NO'
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace JOIN pg_authid u ON u.oid = c.collowner
WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()));

-- view information_schema.routine_privileges
SELECT g.rolname AS grantor, coalesce(r.rolname, 'PUBLIC') AS grantee, current_database() AS specific_catalog,
       n.nspname AS specific_schema, nameconcatoid(p.proname, p.oid) AS specific_name, current_database() AS routine_catalog,
       n.nspname AS routine_schema, p.proname AS routine_name, 'EXECUTE' AS privilege_type,
       CASE WHEN p.is_grantable OR (r.oid IS NOT NULL AND pg_has_role(r.oid, p.proowner, 'USAGE')) THEN 'YES' ELSE 'NO' END
         AS is_grantable
FROM (SELECT oid, proname, proowner, pronamespace, (aclexplode(coalesce(proacl, acldefault('f', proowner)))).*
      FROM pg_proc) p
JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_authid g ON g.oid = p.grantor
LEFT JOIN pg_authid r ON r.oid = p.grantee
WHERE p.privilege_type = 'EXECUTE'
  AND (r.oid IS NULL OR pg_has_role(g.oid, 'USAGE') OR pg_has_role(r.oid, 'USAGE'));

-- view information_schema.role_usage_grants
SELECT * FROM information_schema.usage_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
   OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

-- view information_schema.role_udt_grants
SELECT * FROM information_schema.udt_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
   OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

-- view information_schema.role_routine_grants
SELECT * FROM information_schema.routine_privileges
WHERE grantor IN (SELECT role_name FROM information_schema.enabled_roles)
   OR grantee IN (SELECT role_name FROM information_schema.enabled_roles);

